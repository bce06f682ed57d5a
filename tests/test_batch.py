"""A cohort, graded by the real command on notebooks that cost little: no network is trained here."""

import csv
import json
import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Six submissions, each with its own trouble."""
    root = tmp_path_factory.mktemp("cohort")

    def student(name, *cells):
        (root / name).mkdir()
        nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), root / name / "work.ipynb")

    student("about-tables", "import numpy as np", "print(np.arange(3).sum())")
    student("fails-in-the-middle", "x = 1", "print(undefined)", "import tensorflow_nothing")
    student("kills-itself", "import os", "os._exit(3)", "print('never')")
    student("no-code")
    (root / "broken.ipynb").write_text('{"cells": [')
    (root / "sent-a-pdf").mkdir()
    (root / "sent-a-pdf" / "report.pdf").write_bytes(b"%PDF-1.4")
    return root


def grade(cohort, out, home, *more):
    """Run ``grader grade`` as a lecturer would."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "grader", "grade", cohort, "-o", out),
            *("--tasks", "task1", "--profile", "quick", "--data", "sample", "--jobs", "2", *more),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "GRADER_HOME": str(home)},
        check=False,
    )


@pytest.fixture(scope="module")
def graded(cohort, tmp_path_factory):
    """The cohort, graded once."""
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("runs") / "run"
    done = grade(cohort, out, home, "--lang", "en")
    assert done.returncode == 0, done.stderr
    return out, home, done


def test_every_submission_ends_in_one_status_and_the_exit_code_is_0(graded):
    """Students' trouble is in the results, not in the exit code; nobody is lost."""
    out, _, _ = graded
    found = {one["student"]: one["status"] for one in json.loads((out / "results.json").read_text())["submissions"]}
    assert found == {
        "about-tables": "other_workbook",
        "broken": "unreadable",
        "fails-in-the-middle": "review",
        "kills-itself": "kernel_died",
        "no-code": "empty",
        "sent-a-pdf": "unreadable",
    }


def test_grades_csv_leaves_empty_what_waits_for_a_person(graded):
    """A column a task, whole points where all is decided, nothing where something is in review."""
    out, _, _ = graded
    rows = {row["student"]: row for row in csv.DictReader((out / "grades.csv").open(encoding="utf-8"))}
    assert list(rows["no-code"]) == ["student", "status", "task1", "total", "max"]
    assert (rows["no-code"]["task1"], rows["no-code"]["total"], rows["no-code"]["max"]) == ("0", "0", "20")
    assert (rows["broken"]["task1"], rows["broken"]["total"]) == ("", "")


def test_each_page_explains_what_happened(graded):
    """The student page names the failing cell, the missing library, the file that is no notebook."""
    out, _, _ = graded
    pages = {path.name: path.read_text(encoding="utf-8") for path in (out / "students").iterdir()}
    assert "undefined" in pages["fails-in-the-middle.html"]
    assert "tensorflow_nothing" in pages["fails-in-the-middle.html"]
    assert "report.pdf" in pages["sent-a-pdf.html"]
    assert "os._exit" in pages["kills-itself.html"]


def test_called_again_it_grades_only_what_changed(graded, cohort):
    """What is recorded is taken as it is; a changed notebook is graded anew."""
    out, home, _ = graded
    before = {path: path.stat().st_mtime_ns for path in out.glob("record/students/*/result.json")}
    nbformat.write(new_notebook(cells=[new_code_cell("y = 2")]), cohort / "no-code" / "work.ipynb")
    done = grade(cohort, out, home)
    assert done.returncode == 0, done.stderr
    changed = {path.parent.name for path, then in before.items() if path.stat().st_mtime_ns != then}
    assert changed == {"no-code"}
