"""The command line: what it prints, what it loads, how it ends."""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import click
import pytest

from grader import cli
from grader.cli.grading import _require_some
from grader.cli.room import room
from grader.cli.root import group
from grader.cli.spoken import language_of
from grader.cli.wrong import told
from grader.errors import GraderError, MachineError
from grader.language import Language
from grader.ledger import Ledger
from grader.records import Status
from grader.runlog import RunCounts
from tests import sample_results

ROOT = Path(__file__).parent.parent


def grader(*arguments, home, timeout=60, lang="en"):
    """Run the real command, in English where it does not say otherwise."""
    return subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "GRADER_HOME": str(home), "GRADER_LANG": lang, "COLUMNS": "200"},
        check=False,
    )


@pytest.fixture
def recorded(tmp_path):
    """A run on disk, as `grader grade` records it."""
    ledger = Ledger(tmp_path / "run")
    with ledger.opened():
        ledger.write_run(sample_results.run())
        for result in sample_results.cohort(3):
            ledger.write(result)
    return ledger


def test_help_loads_neither_tensorflow_nor_anything_heavy():
    """`grader --help` answers at once: none of the heavy libraries is imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "grader", "--help"], capture_output=True, text=True, check=True
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in loaded
    assert not loaded & {"tensorflow", "keras", "numpy", "pandas", "scipy", "nbclient", "jinja2", "pydantic"}


def test_grading_on_the_host_imports_no_keras():
    """Everything the host does to grade is imported without keras or tensorflow."""
    code = "import grader.batch, grader.report, grader.doctor, sys; print(sorted({'keras', 'tensorflow'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["grade", "missing.ipynb", "-o", "out"], 64, "no such file"),
        (["grade", "--tasks", "task9", ".", "-o", "out"], 64, "it has task1"),
        (["grade", ".", "--profile", "slow", "-o", "out"], 64, "quick"),
        (["grade", ".", "-o", "s3://bucket/run"], 64, "a folder of this machine"),
        (["grade", "--tasks", "", ".", "-o", "out"], 64, "a name is missing"),
        (["grade", ".", "-o", "out", "--summary", "missing/s.json"], 64, "there is no folder"),
        (["grade", ".", "-o", "out", "--json-log", "missing/log"], 64, "there is no folder"),
        (["grade", ".", "-o", "out", "--workbook", "."], 65, "there is no workbook.toml in this folder"),
        (["show", "out"], 64, "no run is recorded"),
        (["data", "add", "mnist", "missing.npz"], 66, "missing.npz"),
        (["grade", ".", "-o", "out", "--address", "auto"], 64, "say --engine ray too"),
        (["grade", ".", "-o", "/proc/run"], 69, "cannot read or write /proc/run (No such file"),
        (["grade", ".", "-o", "out", "--summary", "/proc/s.json"], 69, "cannot read or write /proc/s.json"),
        (["grade", "missing.ipynb", "-o", "out", "--summary", "/dev/full"], 64, "no such file"),
        (["reference", "run", "--only", "example9"], 64, "it has example1"),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else None,
)
def test_a_wrong_call_ends_with_one_line_and_its_documented_code(arguments, code, said, tmp_path):
    """No traceback: what was found, what was expected, and the exit code of its kind."""
    arguments = [str(tmp_path / one) if one.startswith(("out", "missing")) else one for one in arguments]
    done = grader(*arguments, home=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stderr


def test_a_fault_of_ours_is_told_from_everything_else(monkeypatch, capsys):
    """Exit code 70, with all that is known of it and what to do with that."""
    monkeypatch.setenv("GRADER_LANG", "en")
    monkeypatch.setattr(cli.group, "main", lambda **_: 1 / 0)
    monkeypatch.setattr(cli, "_end_in_order", lambda: None)
    monkeypatch.setattr(cli, "_leave", sys.exit)
    with pytest.raises(SystemExit, match="70"):
        cli.main()
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert said.splitlines()[-1].startswith("grader: this is a fault of the grader")


def test_the_summary_of_an_earlier_call_never_passes_for_that_of_this_one(tmp_path):
    """A misspelt call leaves none; another file of that name is left alone until there is something to write."""
    old, other = tmp_path / "summary.json", tmp_path / "other.json"
    old.write_text('{"schema": 1, "exit_code": 0}\n')
    other.write_text("{}")
    for place in (old, other):
        done = grader("grade", tmp_path, "-o", tmp_path / "run", "--profil", "quick", "--summary", place, home=tmp_path)
        assert done.returncode == 64
    assert (old.exists(), other.exists()) == (False, True)
    old.write_text('{"schema": 1, "exit_code": 0}\n')
    other.unlink()
    other.symlink_to(old)
    grader(
        "grade", tmp_path / "missing", "-o", tmp_path / "run", "--profil", "quick", "--summary", other, home=tmp_path
    )
    assert other.is_symlink()
    assert old.exists()


def test_a_call_that_came_to_nothing_has_changed_nothing(tmp_path):
    """Whoever publishes when `changed` is true does not publish after a wrong call."""
    place = tmp_path / "summary.json"
    grader("grade", tmp_path / "missing", "-o", tmp_path / "run", "--summary", place, home=tmp_path)
    told_of = json.loads(place.read_text())
    assert (told_of["exit_code"], told_of["changed"]) == (64, False)


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        (["sandbox_failed", "sandbox_failed"], MachineError),
        (["sandbox_failed", "internal_error"], GraderError),
        (["sandbox_failed"], None),
        (["sandbox_failed", "sandbox_failed", "timed_out"], None),
        (["timed_out", "timed_out"], None),
    ],
)
def test_a_machine_that_could_grade_nobody_does_not_end_well(statuses, kind):
    """Where several were run and all failed for our reasons; a student's mistake, or a single failure, changes nothing."""
    tally = RunCounts()
    for status in statuses:
        tally.done(replace(sample_results.cohort(1)[0], status=Status(status)), reused=False)
    with contextlib.nullcontext() if kind is None else pytest.raises(kind, match="through no fault") as raised:
        _require_some(tally)
    assert raised is None or raised.type is kind


WRONG = [
    ["grdae"],
    ["data", "ad"],
    ["grade"],
    ["grade", ".", "--outt", "x"],
    ["grade", ".", "--nothing-like-it"],
    ["grade", ".", "-o"],
    ["grade", ".", "-o", "x", "--single=3"],
    ["grade", ".", "-o", "x", "--jobs", "many"],
    ["grade", ".", "-o", "x", "--jobs", "0"],
    ["grade", ".", "-o", "x", "--profile", "slow"],
    ["grade", ".", "-o", "README.md"],
    ["grade", ".", "-o", "x", "--workbook", "missing"],
    ["check", "missing.ipynb"],
    ["check", "grader"],
    ["show", "a", "b", "c"],
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_what_click_finds_wrong_is_said_in_both_languages(arguments):
    """No sentence of click's is left in a Russian answer, and both end with the usage of the same command."""
    with pytest.raises(click.ClickException) as wrong:
        group(arguments, standalone_mode=False)
    russian, english = (Language(code).say(told(wrong.value)) for code in ("ru", "en"))
    assert re.search("[а-я]{3}", russian.splitlines()[-1]), russian
    assert not re.search(" (is|not|no|argument|option|missing|expected) ", russian), russian
    assert english.splitlines()[-1].startswith("grader: ")
    assert not re.search("[а-я]", english)


@pytest.mark.parametrize(
    ("arguments", "lang", "spoken"),
    [
        (["show", "RUN", "nobody"], "", "en"),
        (["show", "RUN", "--lang", "ru"], "en", "ru"),
        (["show", "elsewhere"], "", "ru"),
        (["show", "elsewhere"], "en", "en"),
        (["grade", "--lang=en", "--bogus"], "", "en"),
        (["grade", "--lang", "de"], "de", "ru"),
        (["grade", "RUN", "-o", "x"], "", "ru"),
        (["--lang"], "en", "en"),
        ([], "", "ru"),
    ],
)
def test_an_error_speaks_the_language_of_the_call(arguments, lang, spoken, recorded, monkeypatch):
    """That of --lang, else of the run, else of GRADER_LANG, else Russian, also where the call cannot be understood."""
    monkeypatch.setenv("GRADER_LANG", lang)
    recorded.write_run(replace(sample_results.run(), language="en"))
    arguments = [str(recorded.out) if one == "RUN" else one for one in arguments]
    assert language_of(arguments, group).code == spoken


@pytest.mark.parametrize(
    ("arguments", "variable", "said"),
    [
        (["grade", ".", "-o", "x"], ("GRADER_LANG", "de"), "GRADER_LANG: found de, expected one of ru, en"),
        (["grade", ".", "-o", "x"], ("KERAS_BACKEND", "theano"), "KERAS_BACKEND: found theano"),
        (["grade", ".", "-o", "x", "--backend", "theano"], ("KERAS_BACKEND", "jax"), "--backend: found theano"),
        (["grade", ".", "-o", "x", "--jobs", "0"], ("A", "b"), "found 0, expected a whole number from 1 to 1024"),
        (
            ["export", "x", "--to", "csv", "--maximum", "0"],
            ("A", "b"),
            "found 0, expected a whole number of at least 1",
        ),
    ],
)
def test_an_error_names_what_was_typed_or_set(arguments, variable, said, monkeypatch):
    """A variable of the environment is not an option that nobody gave, and a range is said in words."""
    monkeypatch.setenv(*variable)
    with pytest.raises(click.ClickException) as wrong:
        group(arguments, standalone_mode=False)
    assert said in Language("en").say(told(wrong.value)).splitlines()[-1]


def test_a_run_keeps_the_language_it_was_rendered_in(recorded, tmp_path):
    """A decision after `report --lang en` renders the pages in English again."""
    grader("report", recorded.out, "--lang", "en", home=tmp_path)
    student = recorded.results()[0].student
    done = grader(
        "override", recorded.out, student, "task1", "--verdict", "passed", "--because", "x", home=tmp_path, lang=""
    )
    assert done.returncode == 0, done.stderr
    assert "task1: passed, points:" in done.stdout
    assert 'lang="en"' in (recorded.out / "index.html").read_text()


def test_both_languages_reach_the_terminal(tmp_path):
    """A path that does not exist, in the real command."""
    missing = str(tmp_path / "missing.npz")
    said = {lang: grader("data", "add", "mnist", missing, home=tmp_path, lang=lang) for lang in ("ru", "en")}
    assert [one.returncode for one in said.values()] == [66, 66]
    assert said["ru"].stderr == f"grader: {missing}: нет такого файла или папки; укажите путь к файлу набора данных\n"
    assert "found no such file or folder" in said["en"].stderr
    nothing = grader(home=tmp_path)
    assert (nothing.returncode, "Commands:" in nothing.stderr) == (64, True)


def test_a_wrong_workbook_file_is_the_lecturers_to_mend(tmp_path):
    """`grader workbook check` names the file and ends with 65."""
    (tmp_path / "workbook.toml").write_text("id = 3\n")
    done = grader("workbook", "check", tmp_path, home=tmp_path)
    assert done.returncode == 65
    assert "workbook.toml" in done.stderr


def test_report_renders_again_without_running_anything(recorded, tmp_path):
    """Pages and grade files come back from the record alone, in the language asked for."""
    done = grader("report", recorded.out, "--lang", "en", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str((recorded.out / "index.html").resolve())
    assert len(json.loads((recorded.out / "results.json").read_text())["submissions"]) == 3
    assert 'lang="en"' in (recorded.out / "index.html").read_text()


def test_show_prints_the_cohort_and_one_student(recorded, tmp_path):
    """The same results in the terminal; an unknown student is named with those there are."""
    students = [result.student for result in recorded.results()]
    assert all(student in grader("show", recorded.out, home=tmp_path).stdout for student in students)
    assert "Conv2D" in grader("show", recorded.out, students[0], home=tmp_path).stdout
    wrong = grader("show", recorded.out, "nobody", home=tmp_path)
    assert wrong.returncode == 64
    assert students[0] in wrong.stderr


def test_schema_is_json_schema(tmp_path):
    """Editors get a schema for both kinds of file."""
    for kind in ("workbook", "task"):
        schema = json.loads(grader("workbook", "schema", kind, home=tmp_path).stdout)
        assert schema["type"] == "object"


def test_what_a_killed_process_unpacked_goes_with_the_next_call(tmp_path, monkeypatch):
    """Only a folder of ours that no living process holds, and never one that has just been made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    long_ago = time.time() - 7200
    foreign = tmp_path / "grader-handed-in-without-a-sign"
    foreign.mkdir()
    with room() as living:
        os.utime(living.parent / "in-use", (long_ago, long_ago))
        left = {}
        for age in ("old", "young"):
            left[age] = tmp_path / f"grader-handed-in-{age}"
            (left[age] / "files").mkdir(parents=True)
            (left[age] / "files" / "answer.docx").touch()
            (left[age] / "in-use").touch()
        os.utime(left["old"] / "in-use", (long_ago, long_ago))
        with room():
            assert (living.is_dir(), left["old"].exists(), left["young"].exists()) == (True, False, True)
    assert sorted(tmp_path.iterdir()) == sorted([foreign, left["young"]])


def test_the_demo_is_a_call_of_grade_like_any_other(tmp_path):
    """It comes as far as its folder, which holds something else: one line, and the code of a wrong call."""
    (tmp_path / "holiday.txt").write_text("not a run", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "grader", "demo", "--lang", "en", "-o", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ended.returncode, "not empty and not a run" in ended.stderr) == (64, True), ended.stderr
