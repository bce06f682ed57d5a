"""A class graded with kill -9 at random moments, against one graded in peace: ``python -m tests.survival 200 10``."""

from __future__ import annotations

import collections
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from grader.ledger import Ledger

KINDS = (
    ["x = 1", "print(x)"],
    ["import numpy as np", "print(np.arange(3).sum())"],
    ["print(undefined)", "import tensorflow_nothing"],
    ["import os", "os._exit(3)"],
    ["print('x' * 100)", "1 / 0"],
    [],
)


def make_class(root: Path, count: int) -> None:
    """Write small submissions, each kind in turn, no two alike."""
    for number in range(count):
        cells = KINDS[number % len(KINDS)]
        folder = root / f"student-{number:03}"
        folder.mkdir(parents=True)
        told = [new_code_cell(f"{cell}  # {number}") for cell in cells]
        nbformat.write(new_notebook(cells=told), folder / "work.ipynb")


def call(home: Path, *arguments: object) -> subprocess.Popen[bytes]:
    """Start ``grader``."""
    return subprocess.Popen(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        env={**os.environ, "GRADER_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def graded(out: Path) -> dict[str, object]:
    """What a run says of everybody, by student, without how long it took."""
    return {one["student"]: one for one in json.loads((out / "results.json").read_text())["submissions"]}


def trial(root: Path, home: Path, *, students: int, kills: int, jobs: int = 2, seed: int = 1) -> str:
    """Grade a class twice, once killed again and again; returns the figures of both.

    Raises:
        AssertionError: The two differ, or somebody is missing.
    """
    handed_in, peace, war = root / "class", root / "peace", root / "war"
    make_class(handed_in, students)
    how = ("--tasks", "task1", "--profile", "quick", "--data", "sample", "--jobs", jobs, "--lang", "en")
    begun = time.monotonic()
    assert call(home, "grade", handed_in, "-o", peace, *how).wait() == 0
    whole = time.monotonic() - begun
    dice, log, at = random.Random(seed), root / "log", []
    arguments: tuple[object, ...] = ("grade", handed_in, "-o", war, *how)
    for _ in range(kills):
        with call(home, *arguments, "--json-log", log) as running:
            try:
                running.wait(dice.uniform(0.02, 1.6 * whole / kills))
            except subprocess.TimeoutExpired:
                running.kill()
        done = [] if not (war / "record" / "ledger.sqlite").exists() else Ledger(war).standings()
        at.append(sum(one.status is not None for one in done))
        # Killed before it could say what it was asked for, there is nothing to resume yet.
        arguments = ("resume", war) if _begun(war) else arguments
    assert call(home, *arguments, "--json-log", log).wait() == 0
    events = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
    times = collections.Counter(one["student"] for one in events if one["event"] == "done" and not one["reused"])
    statuses = collections.Counter(str(one.status) for one in Ledger(war).standings())
    assert len(Ledger(war).results()) == students
    assert graded(war) == graded(peace)
    assert max(times.values()) == 1, "a submission on record was graded twice"
    return (
        f"{students} submissions, undisturbed in {whole:.0f} s; killed {kills} times with {at} of them done; "
        f"statuses {dict(statuses)}; equal to the undisturbed run"
    )


def _begun(out: Path) -> bool:
    try:
        Ledger(out).request()
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it cannot be resumed
        return False
    return True


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        here = Path(os.environ.get("GRADER_HOME", f"{folder}/home"))
        sys.stdout.write(trial(Path(folder), here, students=int(sys.argv[1]), kills=int(sys.argv[2])))
