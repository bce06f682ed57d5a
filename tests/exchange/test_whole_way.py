"""The whole way: a download goes in, grades come back, with the real command."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.ledger import Ledger
from grader.records import Status
from tests.exchange import archives
from tests.exchange.importers import moodle_worksheet
from tests.exchange.test_export import DATE, HEAD

ROOT = Path(__file__).parents[2]


def grader(*arguments, cwd):
    done = subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done


@pytest.mark.slow
def test_a_moodle_download_goes_in_and_its_worksheet_comes_back(tmp_path):
    """Identity survives the whole way: a number in the archive is the row of the worksheet, whatever is recorded."""
    files = {**archives.MOODLE_FOLDERS, "../outside.ipynb": archives.NOTEBOOK}
    empty = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    files["Ким Олег_319_assignsubmission_file/lab1.ipynb"] = empty
    (tmp_path / "download.zip").write_bytes(archives.packed(files))
    people = {318: "Иванова Анна", 319: "Ким Олег", 320: "Ким Олег", 321: "Юн Ли"}
    rows = "".join(
        f'Участник{n},"{name}",x,,"100,00",Да,{DATE if n < 321 else "-"},-,\r\n' for n, name in people.items()
    )
    (tmp_path / "w.csv").write_bytes((HEAD + rows).encode())
    call = [
        "grade",
        "download.zip",
        "--roster",
        "w.csv",
        "--profile",
        "quick",
        "--data",
        "sample",
        "--lang",
        "en",
        "-o",
        "run",
    ]
    done = grader(*call, cwd=tmp_path)
    assert "Layout: Moodle. Submissions: 3." in done.stdout
    assert "Handed in nothing: 1 (Юн Ли)." in done.stdout
    ledger = Ledger(tmp_path / "run")
    results = {one.student: one for one in ledger.results()}
    assert [(one.who.name, one.status) for one in results.values()][1:] == [
        ("Ким Олег", Status.EMPTY),
        ("Ким Олег", Status.UNREADABLE),
        ("Юн Ли", Status.NOT_HANDED_IN),
    ]
    assert any("outside.ipynb" in str(getattr(one, "values", "")) for one in ledger.run().warnings)
    done = grader(
        "export", "run", "--to", "moodle", "--worksheet", "w.csv", "--feedback-zip", "--lang", "en", cwd=tmp_path
    )
    written = moodle_worksheet((tmp_path / "run" / "export" / "moodle" / "w.csv").read_bytes(), language="ru")
    table = {
        row["student"]: row["total"] for row in csv.DictReader((tmp_path / "run" / "grades.csv").open(encoding="utf-8"))
    }
    for number, (grade, _) in written.items():
        assert (grade is None) == (table[number] == ""), number
        assert grade is None or grade == int(table[number])
