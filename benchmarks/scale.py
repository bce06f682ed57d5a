"""How far one grading process goes: ``python -m benchmarks.scale RUN [STUDENTS]``.

RUN is any finished run, such as ``make demo`` leaves. Its submissions are multiplied (to 10,000) and graded anew with
the real ledger, the real scheduler and the real cache of trainings; only what other processes do is replayed: a
notebook takes its recorded seconds, divided by ``--speed``, and leaves what it left; a training is looked up. So what
is measured is what grading costs beside notebooks and trainings, which any number of machines may run.

Printed are, for one submission at a time, where the time of the grading process goes; then throughput by the number of
submissions at work, where it stops to grow (the knee), and what that means for notebooks of their real length; then all
submissions: throughput, whether the last take longer than the first, memory, and a second call that finds all done.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import resource
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.run_directory import say
from grader.batch import Settings, cohort, grade_cohort
from grader.batch.settings import tasks_of
from grader.batch.setup import bands_of
from grader.collect import Submission, SubmittedNotebook
from grader.errors import TrainerError
from grader.execute import Helper, Job, read_execution
from grader.ledger import Ledger
from grader.ledger.executions import Executions
from grader.ledger.store import Store
from grader.ledger.trainings import Trainings
from grader.measure import Measurer
from grader.pipeline import Grading
from grader.places import shipped
from grader.recorded import RecordedTrainings
from grader.records import DataSet, Execution, Platform, Profile, Recipe, SubmissionResult, Training, msg
from grader.train import Cache, SingleFlight, training_key
from grader.train.cache import read_training
from grader.workbook import load_workbook

_FILES = ("outcome.json", "trace.jsonl", "executed.ipynb", "delegated.json")
_SAMPLE = 200
"""Submissions for each row of the first two tables."""
_AT_ONCE = (1, 2, 4, 8, 16, 32)
_GOAL_MS = 20.0
_SYNC_TRIES = 50
_GAIN = 1.1
"""Twice as many at work have to give so much more; else the knee is passed."""
_TIMED: dict[str, list[tuple[Any, tuple[str, ...]]]] = {
    "ledger": [
        (Ledger, ("reached", "write", "with_decisions")),
        (Trainings, ("find", "keep")),
        (Executions, ("find", "settle", "begin", "keep", "to_disk")),
    ],
    "cache": [(Cache, ("find", "keep"))],
}


def main() -> None:
    """Multiply, replay, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("students", type=int, nargs="?", default=10_000)
    parser.add_argument(
        "--speed", type=float, default=100.0, help="notebooks take their recorded seconds, divided by this"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        replay = Replay.of(asked.run, Path(name), asked.speed)
        say(f"notebooks of {replay.mean_seconds:.1f} s on average, from {len(replay.folders)} on record")
        _shares(replay)
        _knee(replay)
        _all(replay, asked.students)


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A finished run, to be played again."""

    source: Ledger
    room: Path
    """A folder of our own."""
    speed: float
    folders: tuple[Path, ...]
    """Of executed notebooks."""
    seconds: tuple[float, ...]
    trainings: dict[str, Training]
    """By recipe."""

    @classmethod
    def of(cls, run: Path, room: Path, speed: float) -> Replay:
        """Read a run."""
        source = Ledger(run)
        folders = tuple(sorted(path.parent for path in source.folder.glob("students/*/notebook-*/outcome.json")))
        seconds = tuple(json.loads((one / "outcome.json").read_text("utf-8"))["seconds"] for one in folders)
        with contextlib.closing(sqlite3.connect(source.folder / "ledger.sqlite")) as database:
            rows = [read_training(row) for (row,) in database.execute("SELECT training FROM training")]
        trainings = {one.recipe: one for one in rows}
        return cls(source=source, room=room, speed=speed, folders=folders, seconds=seconds, trainings=trainings)

    @property
    def mean_seconds(self) -> float:
        """What a notebook takes."""
        return statistics.mean(self.seconds)

    def submissions(self, count: int) -> list[Submission]:
        """Return so many submissions of one notebook each."""
        found = []
        for number in range(count):
            folder = self.folders[number % len(self.folders)]
            notebook = SubmittedNotebook(path=folder / "executed.ipynb", name="work.ipynb")
            found.append(Submission(student=f"student-{number:06d}", notebooks=(notebook,), digest=f"{number}"))
        return found

    def run_notebook(self, job: Job, helper: Helper | None) -> Execution:  # noqa: ARG002
        """Leave what the notebook left, after its time."""
        folder = job.notebook.parent
        time.sleep(self.seconds[self.folders.index(folder)] / self.speed)
        for name in _FILES:
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(folder / name, job.out / name)
        return read_execution(job)


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A trainer that trains nothing: the cache is real, and filled from what is on record."""

    replay: Replay
    once: SingleFlight
    platform: Platform

    def train(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> Training:
        """Return the training on record."""
        key = training_key(recipe, dataset, profile, self.platform, seed)
        return self.once.training(key, lambda: (self._known(recipe, seed), b""))

    def train_with_state(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> tuple[Training, bytes]:
        """Return the same; no kernel asks here."""
        return self.train(recipe, dataset, profile, seed), b""

    def _known(self, recipe: Recipe, seed: int) -> Training:
        if recipe.digest not in self.replay.trainings:
            raise TrainerError(msg("the run holds no training of a recipe in it; it was graded by another version"))
        return replace(self.replay.trainings[recipe.digest], seed=seed)


@contextlib.contextmanager
def _grading(replay: Replay, settings: Settings, ledger: Ledger, *_: Any) -> Iterator[Grading]:
    """Yield what :func:`grader.batch.setup.grading_for` does, with notebooks and trainings replayed."""
    workbook, facts = settings.workbook, replay.source.run()
    datasets = {one.name: one for one in facts.datasets}
    platform = Platform(device="cpu", backend="tensorflow", keras=facts.versions.get("keras", ""))
    trainer = Replayed(replay=replay, once=SingleFlight(Cache(replay.room / "cache")), platform=platform)
    trainings = RecordedTrainings(ledger=ledger, trainer=trainer, limits=workbook.training, platform=platform)
    profile = workbook.profiles[settings.profile]
    measurer = Measurer(
        trainer=trainings, bands=bands_of(workbook), datasets=datasets, profile=profile, platform=platform
    )
    yield Grading(
        workbook=workbook,
        tasks=settings.tasks,
        measurer=measurer,
        ledger=ledger,
        trainings=trainings,
        run_notebook=replay.run_notebook,
        slots=settings.jobs or 1,
    )


@dataclass
class Clock:
    """Follows a run: when each submission was done."""

    begun: float = field(default_factory=time.monotonic)
    done_at: list[float] = field(default_factory=list)

    def say(self, what: Any) -> None:
        """Say nothing."""

    def started(self, student: str) -> None:
        """Say nothing."""

    def stage(self, student: str, what: Any) -> None:
        """Say nothing."""

    def done(self, result: SubmissionResult, *, reused: bool) -> None:  # noqa: ARG002
        """Note the time."""
        self.done_at.append(time.monotonic() - self.begun)

    @property
    def rate(self) -> float:
        """Submissions per second."""
        return len(self.done_at) / self.done_at[-1]


def _grade(replay: Replay, submissions: Sequence[Submission], out: Path, jobs: int) -> Clock:
    facts, workbook, clock = replay.source.run(), load_workbook(shipped("assignments")), Clock()
    settings = Settings(
        workbook=workbook,
        tasks=tasks_of(workbook, facts.tasks),
        profile=facts.profile,
        data="auto",
        jobs=jobs,
        language="en",
    )
    with mock.patch.object(cohort, "grading_for", functools.partial(_grading, replay)):
        grade_cohort(submissions, settings, out, clock, request={})
    return clock


def _shares(replay: Replay) -> None:
    """Print where the time of the grading process goes, one submission after the other."""
    still, spent, calls = replace(replay, speed=float("inf")), defaultdict[str, float](float), [0]
    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch.object(Store, "writing", _counted(Store.writing, calls)))
        for name, places in _TIMED.items():
            for owner, methods in places:
                for method in methods:
                    timed = _timed(getattr(owner, method), name, spent)
                    patches.enter_context(mock.patch.object(owner, method, timed))
        patches.enter_context(
            mock.patch.object(Replay, "run_notebook", _timed(Replay.run_notebook, "reading a trace", spent))
        )
        clock = _grade(still, replay.submissions(_SAMPLE), replay.room / "shares", 1)
    each = {name: 1000 * seconds / _SAMPLE for name, seconds in spent.items()}
    each["matching and judging"] = 1000 / clock.rate - sum(each.values())
    say(f"{'one at a time':28}{'ms a submission':>16}")
    for name, milliseconds in each.items():
        say(f"  {name:26}{milliseconds:16.1f}")
    ours = each["ledger"] + each["cache"]
    say(f"  {'ledger and cache together':26}{ours:16.1f}   goal <= {_GOAL_MS:g}")
    say(f"transactions: {calls[0] / _SAMPLE:.1f} a submission; a bare fsync takes {_sync_ms(replay.room):.1f} ms here")


def _counted(function: Any, calls: list[int]) -> Any:
    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        return function(*arguments, **named)

    return call


def _sync_ms(folder: Path) -> float:
    """Return how long this disk takes to promise that some bytes are on it."""
    with (folder / "sync").open("wb") as file:
        begun = time.monotonic()
        for _ in range(_SYNC_TRIES):
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
        return 1000 * (time.monotonic() - begun) / _SYNC_TRIES


_inside = threading.local()


def _timed(function: Any, name: str, spent: defaultdict[str, float]) -> Any:
    """Return the function with its time counted; what it calls of its own kind is not counted again."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        if getattr(_inside, "is_so", False):
            return function(*arguments, **named)
        begun, _inside.is_so = time.monotonic(), True
        try:
            return function(*arguments, **named)
        finally:
            _inside.is_so = False
            spent[name] += time.monotonic() - begun

    return call


def _knee(replay: Replay) -> None:
    """Print throughput by how many are at work at the same time."""
    say("")
    say(f"notebooks {replay.speed:g} times as fast as they were")
    say(f"{'at work at once':18}{'submissions/s':>15}{'of ideal':>10}")
    rates: dict[int, float] = {}
    for jobs in _AT_ONCE:
        clock = _grade(replay, replay.submissions(_SAMPLE), replay.room / f"knee-{jobs}", jobs)
        rates[jobs] = clock.rate
        ideal = jobs * replay.speed / replay.mean_seconds
        say(f"{jobs:18}{clock.rate:15.1f}{clock.rate / ideal:10.0%}")
    knee = next((one for one in _AT_ONCE[:-1] if rates[2 * one] < _GAIN * rates[one]), _AT_ONCE[-1])
    most = max(rates.values())
    say(f"the knee: {knee} at once, {most:.1f} submissions/s; {most * replay.mean_seconds:.0f} at their real length")


def _all(replay: Replay, students: int) -> None:
    """Print what a whole large cohort costs."""
    still, out = replace(replay, speed=float("inf")), replay.room / "all"
    submissions = replay.submissions(students)
    clock = _grade(still, submissions, out, 4)
    tenth = max(1, students // 10)
    first = clock.done_at[tenth - 1] - clock.done_at[0]
    last = clock.done_at[-1] - clock.done_at[-tenth]
    say("")
    say(f"{students} submissions, notebooks that take no time: {clock.rate:.1f} submissions/s")
    say(f"  the last tenth took {last / first:.2f} of the time of the first")
    ledger = out / "record" / "ledger.sqlite"
    say(f"  ledger: {ledger.stat().st_size / students / 1000:.1f} KB a submission")
    say(f"  most memory of the process: {_most_megabytes():.0f} MB")
    again = _grade(still, submissions, out, 4)
    say(f"  a second call finds all done in {again.done_at[-1]:.1f} s, {1000 / again.rate:.1f} ms each")


def _most_megabytes() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / 1024 if sys.platform == "linux" else used / (1 << 20)


if __name__ == "__main__":
    main()
