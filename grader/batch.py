"""A cohort: collect, run, train, record; what is done already is not done again."""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime as dt
import hashlib
import importlib.metadata
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from grader.collect import Submission
from grader.datasets import DataStore
from grader.errors import GraderError, UsageError
from grader.ledger import Ledger
from grader.measure import Laboratory
from grader.pipeline import Grading, failed_by_us, grade_submission
from grader.places import cache_home, shipped
from grader.records import DataSet, Message, RunFacts, SubmissionResult, Words, msg
from grader.reference import Bands
from grader.sandbox import find_seal
from grader.train import TrainerPool, TrainingBounds
from grader.workbook import Task, Workbook


class Observer(Protocol):
    """Whoever wants to follow a run: the terminal, a log."""

    def say(self, what: Message) -> None:
        """Something concerns the whole run."""

    def started(self, student: str) -> None:
        """A submission's turn has come."""

    def stage(self, student: str, what: Message) -> None:
        """A submission has come to another stage."""

    def done(self, result: SubmissionResult, *, reused: bool) -> None:
        """A submission is graded and recorded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What one call of ``grader grade`` was asked for."""

    workbook: Workbook
    tasks: tuple[Task, ...]
    profile: str
    data: Literal["auto", "sample", "full"]
    jobs: int
    language: str
    unsealed: bool = False


def tasks_of(workbook: Workbook, names: Sequence[str] | None) -> tuple[Task, ...]:
    """Return the tasks called by name, in the workbook's order; all when ``names`` is None.

    Raises:
        UsageError: The workbook has no task of that name.
    """
    known = {task.id: task for task in workbook.tasks}
    for name in names or ():
        if name not in known:
            text = f"--tasks {name}: the workbook has no such task; it has {', '.join(known)}"
            raise UsageError(text)
    return tuple(task for task in workbook.tasks if names is None or task.id in names)


@contextlib.contextmanager
def grading_for(settings: Settings, out: Path, say: Callable[[Message], None]) -> Iterator[Grading]:
    """Yield what all submissions of a run share; trainers run until the block ends.

    Raises:
        GraderError: Nothing can be graded like this.
    """
    seal = find_seal(allow_unsealed=settings.unsealed)
    datasets = _datasets(settings, say)
    with _trainers(settings, datasets, unsealed=seal.name == "none") as pool:
        yield Grading(
            workbook=settings.workbook,
            tasks=settings.tasks,
            laboratory=Laboratory(
                pool=pool,
                bands=bands_of(settings.workbook),
                datasets=datasets,
                profile=settings.workbook.profiles[settings.profile],
                keras=_version("keras"),
            ),
            ledger=Ledger(out),
            unsealed=seal.name == "none",
        )


def grade_cohort(submissions: Sequence[Submission], settings: Settings, out: Path, observer: Observer) -> Ledger:
    """Grade every submission and record the results under ``out``; returns the ledger.

    A submission's own trouble is part of its result. Only what a person must mend (the machine, a file of the
    lecturer's) stops the run, and what was recorded until then stays.

    Raises:
        GraderError: Nothing can be graded like this.
    """
    ledger = Ledger(out)
    begun, started = time.monotonic(), dt.datetime.now(dt.UTC)
    with ledger.opened(), grading_for(settings, out, observer.say) as grading:
        laboratory, seal = grading.laboratory, "none" if grading.unsealed else "bubblewrap"
        run = RunFacts(
            workbook=settings.workbook.title,
            tasks=tuple(task.id for task in settings.tasks),
            profile=settings.profile,
            datasets=tuple(laboratory.datasets.values()),
            seal=seal,
            language=settings.language,
            versions=versions(),
            started=started.isoformat(timespec="seconds"),
            warnings=tuple(_warnings(settings, laboratory.datasets, seal)),
        )
        ledger.write_run(run)
        _grade_all(
            submissions, grading, _key(settings, laboratory.datasets, laboratory.bands, seal), settings.jobs, observer
        )
        ledger.write_run(
            replace(
                run,
                seconds=round(time.monotonic() - begun, 1),
                trainings_run=laboratory.pool.trainings_run,
                trainings_shared=laboratory.pool.trainings_shared,
            )
        )
    return ledger


def _datasets(settings: Settings, say: Callable[[Message], None]) -> dict[str, DataSet]:
    """Return the data set of every task, by name; samples are drawn on first use."""
    store, datasets = DataStore(), {}
    for name in dict.fromkeys(task.dataset for task in settings.tasks):
        if settings.data != "full" and store.get(name, "sample") is None and store.get(name, "full") is None:
            say(msg("Drawing the offline sample of {name}: once, up to half a minute ...", name=name))
        datasets[name] = store.choose(name, settings.data)
    return datasets


def _trainers(settings: Settings, datasets: Mapping[str, DataSet], *, unsealed: bool) -> TrainerPool:
    limits = settings.workbook.training
    bounds = TrainingBounds(
        parameters=limits.parameters, steps=limits.steps, seconds=limits.seconds, memory_mb=limits.memory_mb
    )
    return TrainerPool(
        bounds=bounds,
        cache=cache_home() / "trainings",
        workers=max(1, settings.jobs // 2),
        datasets=datasets.values(),
        unsealed=unsealed,
    )


def bands_of(workbook: Workbook) -> Bands:
    """Return the workbook's recorded reference trainings, with the error rate its cohort asks for."""
    cohort = workbook.cohort
    return Bands(reference_folder(workbook), alpha=cohort.false_fails / cohort.students)


def reference_folder(workbook: Workbook) -> Path:
    """Return where a workbook's reference notebooks and records are: beside its files, or ours."""
    own = workbook.folder / "reference"
    return own if own.is_dir() else shipped("reference")


def _grade_all(submissions: Sequence[Submission], grading: Grading, key: str, jobs: int, observer: Observer) -> None:
    def one(submission: Submission) -> None:
        digest = hashlib.sha256(f"{key}\0{submission.digest}".encode()).hexdigest()
        known = grading.ledger.done(submission.student, digest)
        if known is not None:
            named = replace(known, who=submission.who, delivery=submission.delivery)
            if named != known:  # another roster, or another name in the LMS
                grading.ledger.write(named)
            observer.done(named, reused=True)
            return
        observer.started(submission.student)
        begun = time.monotonic()

        def record(result: SubmissionResult) -> SubmissionResult:
            result = replace(result, digest=digest, seconds=round(time.monotonic() - begun, 1))
            result = replace(result, who=submission.who, delivery=submission.delivery)
            grading.ledger.write(result)
            return result

        try:
            result = record(
                grade_submission(submission, grading, lambda what: observer.stage(submission.student, what))
            )
        except GraderError:
            raise
        except Exception:  # noqa: BLE001 - our fault must cost this student nothing, and the others no time
            result = record(failed_by_us(submission, grading.tasks, traceback.format_exc(limit=-3)))
        observer.done(result, reused=False)

    pool = concurrent.futures.ThreadPoolExecutor(max_workers=jobs)
    futures = [pool.submit(one, submission) for submission in submissions]
    try:
        for future in concurrent.futures.as_completed(futures):
            future.result()
    except BaseException:  # also Ctrl-C: running notebooks end with this process, nobody waits for them
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _warnings(settings: Settings, datasets: Mapping[str, DataSet], seal: str) -> Iterator[Words]:
    if settings.profile == "quick":
        yield msg("A preview: the quick profile trains on a budget of steps, with bands of its own.")
    samples = [data.name for data in datasets.values() if data.edition == "sample" and data.name != "binary20"]
    if samples:
        yield msg(
            "Offline samples stand in for {names}: accuracies here are not those of the real data set.",
            names=", ".join(samples),
        )
    if seal == "none":
        yield msg("The notebooks ran unsealed: grade only notebooks you trust like this.")


def _key(settings: Settings, datasets: Mapping[str, DataSet], bands: Bands, seal: str) -> str:
    """Return what a result depends on besides the student's files."""
    parts = [
        repr(replace(settings.workbook, folder=Path())),
        repr(bands.records),
        *(task.id for task in settings.tasks),
        settings.profile,
        *sorted(data.fingerprint for data in datasets.values()),
        seal,
        *(f"{name}={version}" for name, version in sorted(versions().items())),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of what grades here, without importing any of it."""
    names = {"grader": "workbook-grader", "keras": "keras", "nbclient": "nbclient", "ipykernel": "ipykernel"}
    found = {short: _version(name) for short, name in names.items()}
    found["tensorflow"] = _version("tensorflow") or _version("tensorflow-cpu")
    return {name: version for name, version in found.items() if version}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
