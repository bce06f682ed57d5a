"""What a large class costs when nothing is graded: ``python -m benchmarks.run_directory RUN [STUDENTS]``.

RUN is any finished run, such as ``make demo`` leaves; its submissions are multiplied, executed notebooks and all, into
a temporary run of 1,000 students, and every command that reads a run is timed on that. Seconds of the clock depend on
what else the machine does; seconds of processors much less.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from grader.ledger import Ledger, SubmissionInput

COMMANDS = {
    "show": ["show"],
    "review": ["review"],
    "report, first": ["report"],
    "report, nothing new": ["report"],
    "export to csv": ["export", "--to", "csv", "-o", "{out}/grades-export.csv", "--allow-partial"],
    "export to xlsx": ["export", "--to", "xlsx", "-o", "{out}/grades-export.xlsx", "--allow-partial"],
}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a command took."""

    seconds: float
    processor_seconds: float
    """Of the command and the processes it waited for."""
    megabytes: float
    """Most memory that its first process held."""


def main() -> None:
    """Multiply, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("students", type=int, nargs="?", default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        multiply(asked.run, out, asked.students)
        say(f"{'command':24}{'seconds':>10}{'processor s':>14}{'MB':>8}")
        for name, arguments in COMMANDS.items():
            cost = measured([arguments[0], str(out), *(one.format(out=folder) for one in arguments[1:])])
            say(f"{name:24}{cost.seconds:10.1f}{cost.processor_seconds:14.1f}{cost.megabytes:8.0f}")


def multiply(source: Path, out: Path, students: int) -> None:
    """Write a run of so many students whose submissions are those of ``source``, over and over."""
    known, ledger = Ledger(source), Ledger(out)
    results = [
        replace(result, student=f"{result.student}-{number:04d}", digest=f"{number}")
        for number, result in zip(range(students), itertools.cycle(known.results()), strict=False)
    ]
    with ledger.opened():
        ledger.write_request(known.request())
        ledger.collect([SubmissionInput(student=one.student, files=one.digest, digest=one.digest) for one in results])
        ledger.write_run(known.run())
        for result in results:
            ledger.write(result)
            place = known.folder_of(result.student.rpartition("-")[0])
            if place.is_dir():
                shutil.copytree(place, ledger.folder_of(result.student))


def measured(arguments: list[str]) -> Cost:
    """Run one command of the grader and measure it; its output goes nowhere.

    Raises:
        SystemExit: It failed.
    """
    begun = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "grader", *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"grader {' '.join(arguments)} ended with {process.returncode}")
    return Cost(
        seconds=time.monotonic() - begun,
        processor_seconds=used.ru_utime + used.ru_stime,
        megabytes=used.ru_maxrss / 1024,
    )


def say(line: str) -> None:
    """Print at once: some commands take their time."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
