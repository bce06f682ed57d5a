"""The files for programs: grades.csv and results.json, and the terminal's tables."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from grader.language import Language
from grader.records import Status, Verdict
from grader.report import cohort_table, files, student_tables
from grader.sheets import shown_safely
from tests.sample_results import cohort, run, submission, task1, task3
from tests.test_report import HOSTILE, hostile_submission, unanswered

SCHEMA = json.loads((Path(__file__).parents[1] / "reports" / "results.schema.json").read_text("utf-8"))
FACTS = run()


def rows(results, facts=FACTS):
    """Write grades.csv and read it back as any program would."""
    return list(csv.DictReader(io.StringIO(files.grades_csv(facts, results), newline="")))


def test_points_in_review_leave_the_task_and_the_total_empty():
    """An LMS never takes a number that may still change."""
    first, second = rows(
        [submission("a"), submission("b", status=Status.GRADED, tasks=(task1(), replace(task3(), in_review=0)))]
    )
    assert first == {
        "student": "a",
        "status": "review",
        "task1": "20",
        "task2": "0",
        "task3": "",
        "total": "",
        "max": "70",
    }
    assert second["task2"] == second["total"] == "", "a task without result is not decided"


def test_a_decided_submission_has_its_total():
    """Points of all tasks are added up, beside the most there can be."""
    tasks = (task1(), replace(task1(), task="task2", earned=3), replace(task3(), earned=24, in_review=0))
    assert rows([submission("a", tasks=tasks)])[0]["total"] == "47"


def test_our_own_faults_never_become_a_zero():
    """A submission the grader failed on has an empty total."""
    (row,) = rows([submission("a", status=Status.INTERNAL_ERROR, tasks=())])
    assert row["total"] == row["task1"] == ""


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=6))
def test_every_student_survives_the_csv(students):
    """Commas, quotes and line ends come back as they were, but for the sign that keeps a spreadsheet from calculating."""
    back = [row["student"] for row in rows([submission(student) for student in students])]
    assert back == [shown_safely(student) for student in students]
    assert not [cell for cell in back if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert [cell[1:] if cell != student else cell for cell, student in zip(back, students, strict=True)] == students


def test_the_csv_is_plain_utf_8_after_rfc_4180(tmp_path):
    """Lines end in CR LF, there is no byte order mark, and the header is the documented one."""
    files.write(tmp_path / "grades.csv", files.grades_csv(FACTS, [submission("Петрова, Анна")]))
    content = (tmp_path / "grades.csv").read_bytes()
    assert content.startswith(b"student,status,task1,task2,task3,total,max\r\n")
    assert content.endswith(b"\r\n")
    assert '"Петрова, Анна",review'.encode() in content


def document(results, facts=FACTS, language="en"):
    """Write results.json and read it back strictly."""

    def refuse(name):
        raise AssertionError(f"{name} in the JSON")

    return json.loads(files.results_json(facts, results, Language(language)), parse_constant=refuse)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_json_obeys_its_schema(language):
    """Every status, bare submissions and hostile ones are all written as the schema says."""
    results = (*cohort(24), submission("bare", tasks=(replace(task1(), answer=None),)), hostile_submission())
    content = document(results, run(language=language), language)
    jsonschema.validate(content, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert content["submissions"][0]["tasks"]["task3"]["criteria"][1]["verdict"] in {"passed", "failed"}
    assert content["run"]["language"] == language


def test_the_schema_knows_every_closed_list():
    """A new status or verdict cannot be forgotten in the schema."""
    defs = SCHEMA["$defs"]
    assert set(defs["submission"]["properties"]["status"]["enum"]) == set(Status)
    assert set(defs["criterion"]["properties"]["verdict"]["enum"]) == set(Verdict)


@settings(max_examples=50)
@given(st.lists(st.floats(), max_size=4), st.floats())
@example([math.nan, math.inf, 0.5], -math.inf)
def test_no_number_breaks_a_json_reader(trainings, decisive):
    """What is not finite becomes null, everything else stays exactly what it was."""
    task = replace(task3(), accuracy=replace(task3().accuracy, trainings=tuple(trainings), decisive=decisive))
    facts = document([submission("a", tasks=(task,))])["submissions"][0]["tasks"]["task3"]["accuracy"]
    assert facts["trainings"] == [value if math.isfinite(value) else None for value in trainings]
    assert facts["decisive"] == (decisive if math.isfinite(decisive) else None)


def test_a_file_is_replaced_whole(tmp_path):
    """Halves of characters do not stop the writing, and no part file stays."""
    target = tmp_path / "deep" / "a.txt"
    files.write(target, "old")
    files.write(target, "new \ud800")
    assert target.read_text("utf-8") == "new ?"
    assert [path.name for path in target.parent.iterdir()] == ["a.txt"]


def shown(renderable, width=100):
    """Return what a terminal would be sent, without colours."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(renderable)
    return console.file.getvalue()


def test_the_terminal_shows_the_cohort():
    """Students, their status and points, and what must be known about the run."""
    text = shown(cohort_table(run(profile="quick", seal="none"), [submission("Анна"), *cohort(3)], Language("en")))
    for words in ("Анна", "in review", "18+6?", "38", "Preview", "unsealed"):
        assert words in text, words


def test_the_terminal_shows_a_student():
    """Criteria with verdict, points and advice, in either language."""
    text = shown(student_tables(FACTS, submission("Анна"), Language("ru")), width=140)
    for words in ("Анна", "✓", "✕", "…", "?/6", "Что исправить в первую очередь", "Добавьте ещё один слой"):
        assert words in text, words


@pytest.mark.parametrize("language", ["ru", "en"])
def test_ten_students_fit_eighty_columns(language):
    """In a usual terminal each student of the cohort takes one line, whatever the status."""
    names = [f"kuznetsov-{number}" for number in range(len(Status))]
    results = [submission(name, status=status) for name, status in zip(names, Status, strict=True)]
    lines = shown(cohort_table(FACTS, results, Language(language)), width=80).splitlines()
    for name, status in zip(names, Status, strict=True):
        (line,) = [line for line in lines if name in line.split()]
        assert Language(language).status(status) in line


def test_the_terminal_says_shared_advice_once_a_task():
    """A task without any answer does not repeat on each criterion what is true of all."""
    task = unanswered()
    text = " ".join(shown(student_tables(FACTS, submission("a", tasks=(task,)), Language("en"))).split())
    assert text.count("Build the model.") == 2, "among the first steps, and once for the task"
    assert text.count("No model was found") == 1
    assert text.count("see above") == len(task.findings) - 1


def test_the_terminal_obeys_nobody():
    """Neither escape codes nor rich's own markup of a student reach the terminal."""
    result = hostile_submission()
    marked = replace(result, student="[bold red]x[/] " + HOSTILE)
    for text in (
        shown(student_tables(FACTS, marked, Language("en"))),
        shown(cohort_table(FACTS, [marked], Language("en"))),
    ):
        assert not set(text) & set("\x1b\u202e")
        assert "[bold" in text
