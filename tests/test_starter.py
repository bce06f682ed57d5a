"""Starter notebooks: valid, with the question and the self-check, and ready to be filled in."""

import json
from dataclasses import replace

import nbformat
import pytest
from click.testing import CliRunner

from grader.cli import group
from grader.language import Language
from grader.starter import starter
from grader.workbook import load_workbook
from grader.workbook.checks import wrong_source

WORKBOOK = load_workbook()


@pytest.mark.parametrize("lang", ["ru", "en"])
@pytest.mark.parametrize("task", WORKBOOK.tasks, ids=lambda one: one.id)
def test_a_starter_is_a_notebook_with_question_place_and_check(task, lang):
    """Jupyter's own validator takes it; it names the task and what is looked at, and ends with the self-check."""
    language = Language(lang)
    notebook = nbformat.reads(starter(WORKBOOK, task, language), as_version=4)
    nbformat.validate(notebook)
    texts = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert language.say(task.title) in texts
    for criterion in task.criteria:
        title = language.say(criterion.title or criterion.default_title)
        assert f"- {title[:1].upper()}{title[1:]}" in texts
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert "from grader import selfcheck" in code[0]
    assert code[-1] == f'selfcheck("{task.id}", model, history, lang="{lang}")'
    assert code.count("") == 2
    for source in code:
        compile(source, "cell", "exec")


def test_a_starter_keeps_what_shows_after_grading_only():
    """A hidden criterion is not in the notebook that everybody gets."""
    task = WORKBOOK.tasks[2]
    hidden = replace(task, criteria=(replace(task.criteria[1], show="after-grading"), *task.criteria[2:]))
    assert "Conv2D layers: 5" in starter(WORKBOOK, task, Language("en"))
    assert "Conv2D layers: 5" not in starter(WORKBOOK, hidden, Language("en"))


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_a_starter_installs_from_the_course_s_own_place_alone(lang):
    """No name that a stranger could register: the workbook's or the option's place, else whom to ask."""
    task, place = WORKBOOK.tasks[0], "https://example.org/workbook_grader-0.1.0-py3-none-any.whl"
    plain, given = starter(WORKBOOK, task, Language(lang)), starter(WORKBOOK, task, Language(lang), place)
    assert "pip" not in plain
    assert ("ask your lecturer" in plain) == (lang == "en")
    assert f"# %pip install --no-deps {place}" in given
    assert given == starter(replace(WORKBOOK, install=place), task, Language(lang))
    assert "workbook-grader" not in plain + given


@pytest.mark.parametrize("name", ["workbook-grader", "https://example.org/a.whl\nimport os", "a b/c"])
def test_a_bare_name_is_no_place_to_install_from(name):
    """PyPI would be asked for it."""
    assert "write one URL or path" in str(CliRunner().invoke(group, ["starter", "task1", "--install", name]).exception)
    assert "write one URL or path" in str(wrong_source("install", name))


def test_the_same_task_gives_the_same_bytes():
    """A starter can be kept under version control."""
    assert starter(WORKBOOK, WORKBOOK.tasks[0], Language("ru")) == starter(WORKBOOK, WORKBOOK.tasks[0], Language("ru"))


def test_the_command_writes_utf_8_and_never_over_a_file(tmp_path):
    """To standard output or to a file; what lies there already stays."""
    done = CliRunner().invoke(group, ["starter", "task3", "--lang", "ru"])
    assert "Свёрточная" in json.loads(done.stdout_bytes.decode("utf-8"))["cells"][0]["source"][0]
    path = tmp_path / "task3.ipynb"
    assert CliRunner().invoke(group, ["starter", "task3", "-o", str(path)]).exit_code == 0
    again = CliRunner().invoke(group, ["starter", "task3", "-o", str(path)])
    assert "cannot be written" in str(again.exception)
    assert json.loads(path.read_text("utf-8"))["nbformat"] == 4


def test_an_unknown_task_is_told():
    """The tasks there are stand in the message."""
    assert "it has task1" in str(CliRunner().invoke(group, ["starter", "task9"]).exception)
