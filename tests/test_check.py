"""`grader check` on one's own notebook: at once what is known, then the grader's own judgement."""

import dataclasses
import json
import shutil

import pytest
from click.testing import CliRunner

from grader.cli import checkrun, group
from grader.cli.monitor import TraceMonitor
from grader.errors import UsageError
from grader.language import Language
from grader.workbook import load_workbook
from tests.facts import TASK3, Notebook, example_of
from tests.lessons import FOLDER


def check(name, *more):
    """Call the command on a lesson's notebook, in English."""
    (path,) = (FOLDER / name).glob("*.ipynb")
    return CliRunner().invoke(group, ["check", str(path), "--lang", "en", *more])


def write_trace(path, execution):
    """Write what the probe would have written by now."""
    kinds = {"models": "model", "compiles": "compile", "fits": "fit", "evaluations": "evaluate"}
    events = [
        {"event": kind, **dataclasses.asdict(one)}
        for field, kind in kinds.items()
        for one in getattr(execution.trace, field)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")


def test_a_model_is_told_while_the_notebook_still_runs(tmp_path, capsys):
    """As soon as the probe has seen the model its structure is judged; told again only when it changes."""
    task3 = [task for task in load_workbook().tasks if task.id == "task3"]
    monitor = TraceMonitor(tmp_path, task3, Language("en"))
    monitor._look()
    book = Notebook()
    example_of(book, "task3")
    write_trace(tmp_path / "running-1" / "trace.jsonl", book.run())
    monitor._look()
    assert capsys.readouterr().out == ""  # the example is no answer
    book.model(TASK3[:-4] + TASK3[-2:], shape=(28, 28, 1))
    write_trace(tmp_path / "running-1" / "trace.jsonl", book.run())
    monitor._look()
    told = capsys.readouterr().out
    assert "task3, model in cell 4, so far:" in told
    assert "✕ Conv2D layers: 5 – found: 4" in told
    assert "Batch size" not in told
    monitor._look()
    assert capsys.readouterr().out == ""


def test_a_notebook_without_code_is_checked_to_the_end():
    """The command says what the source tells and then what the grader makes of it; the exit code stays 0."""
    done = check("only-text")
    assert done.exit_code == 0, done.output
    assert "The notebook has no code cell with code in it." in done.output
    assert "no code" in done.output


@pytest.mark.parametrize(
    ("name", "kind"), [("a.txt", "of the kind .txt"), ("a.zip", "of the kind .zip"), ("a", "without")]
)
def test_what_is_no_notebook_by_its_name_is_said_to_be_none(name, kind, tmp_path):
    """It is not called a damaged notebook."""
    (tmp_path / name).write_text("text")
    done = CliRunner().invoke(group, ["check", str(tmp_path / name), "--static", "--lang", "en"])
    assert isinstance(done.exception, UsageError)
    assert kind in str(done.exception)


@pytest.mark.parametrize("mode", [[], ["--static"], ["--fix"]])
def test_a_file_that_cannot_be_read_stops_everything(mode):
    """The reason, and the exit code of a wrong call: nothing is run and nobody is said to look at it."""
    done = check("broken-json", *mode)
    assert isinstance(done.exception, UsageError)
    assert "damaged" in str(done.exception)
    assert "running" not in done.output


@pytest.mark.parametrize(
    ("options", "spare"),
    [
        (["--static", "--html"], "--static runs nothing and makes no use of --html"),
        (["--static", "--fix"], "--fix runs nothing and makes no use of --static"),
        (["--fix", "--task", "task1"], "no use of --task"),
        (["--static", "--profile", "quick"], "no use of --profile"),
    ],
)
def test_options_that_would_be_passed_over_are_refused(options, spare):
    """Nobody waits for a page that will not open."""
    assert spare in str(check("only-text", *options).exception)


def test_a_check_runs_the_notebook_with_the_files_beside_it(tmp_path, monkeypatch):
    """A helper that is handed in with the notebook is there for the check too."""
    (lesson,) = (FOLDER / "task1-one-unit-softmax").glob("*.ipynb")
    shutil.copy(lesson, tmp_path / "mine.ipynb")
    (tmp_path / "helper.py").write_text("x = 1")
    ran = []
    monkeypatch.setattr(checkrun, "_grade", lambda submission, *rest: ran.append(submission))
    monkeypatch.setattr(checkrun, "_print", lambda *rest: None)
    done = CliRunner().invoke(group, ["check", str(tmp_path / "mine.ipynb"), "--no-sandbox"])
    assert done.exit_code == 0, done.output
    assert [place for place, _ in ran[0].notebooks[0].beside] == ["helper.py"]


@pytest.mark.parametrize(
    "options", [["--html"], ["--workbook", "."], ["--data", "sample"], ["--backend", "jax"], ["--device", "cpu"]]
)
def test_options_that_this_system_would_pass_over_are_refused(options, monkeypatch):
    """Where a notebook cannot be driven it is judged by the bundled workbook, and nothing is trained again."""
    monkeypatch.setattr(checkrun, "can_drive", lambda: False)
    monkeypatch.setattr(checkrun, "_run_alone", lambda *_: pytest.fail("it was run"))
    refused = check("only-text", *options)
    assert isinstance(refused.exception, UsageError), refused.output
    assert f"no use of {options[0]}; leave that out" in str(refused.exception)
    ran = []
    monkeypatch.setattr(checkrun, "_run_alone", lambda *asked: ran.append(asked[1:]))
    check("only-text", "--task", "task1", "--profile", "quick", "--no-sandbox", "--lang", "en")
    assert ran == [("task1", "en", "quick")]


def test_an_unknown_task_stops_before_anything_runs():
    """A wrong name is told at once, with those there are."""
    assert "it has task1, task2" in str(check("only-text", "--task", "task9").exception)


@pytest.mark.slow
def test_a_whole_check_ends_in_the_grader_s_own_result():
    """Structure first, then the training, then every criterion with its points."""
    done = check("task1-one-unit-softmax", "--task", "task1")
    assert done.exit_code == 0, done.output
    order = ["code cells", "running", "so far:", "training task1 again", "graded", "20/20"]
    places = [done.output.index(words) for words in order]
    assert places == sorted(places)
