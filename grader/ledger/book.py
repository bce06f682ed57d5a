"""What is done, on disk: every submission with its stage and its result, so that a run can go on from any moment."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from grader.errors import DataError, UsageError
from grader.ledger.conditions import Conditions
from grader.ledger.decisions import Decisions, applied
from grader.ledger.executions import Executions
from grader.ledger.lock import held
from grader.ledger.store import Store
from grader.ledger.trainings import Trainings
from grader.places import safe_name
from grader.records import Person, RunFacts, Stage, Status, SubmissionResult, label_of, msg

_T = TypeVar("_T")
_RUN = TypeAdapter(RunFacts)
_RESULT = TypeAdapter(SubmissionResult)
_PERSON = TypeAdapter(Person)
_PEOPLE = "CREATE TABLE IF NOT EXISTS person (student TEXT PRIMARY KEY, who TEXT NOT NULL)"
"""Who is behind a submission, as JSON; runs of earlier graders have no such table."""
_OURS = tuple(status for status in Status if status.is_ours)
_CURRENT = """
wanted IS NOT NULL AND digest = wanted
AND (conditions IS NULL OR conditions IN (SELECT digest FROM conditions WHERE accepted))
"""
"""Handed in, and graded from what is handed in, as last asked for."""

_OF_ONE_CALL = ("started", "seconds", "trainings_run", "trainings_shared")
"""Facts of a run that tell when it was graded and at what cost; what it was graded by are the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionInput:
    """A submission as a call of the grader finds it."""

    student: str
    files: str
    """Digest of what was handed in."""
    digest: str
    """Digest of that, and of what it is to be graded with."""
    who: Person = field(default_factory=Person)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionState:
    """Where a submission stands in a run."""

    student: str
    stage: Stage
    files: str | None
    status: Status | None
    """None until it is done."""
    who: Person = field(default_factory=Person)

    @property
    def label(self) -> str:
        """The student as people know them."""
        return label_of(self.student, self.who)


class Ledger:
    """The record of one run: ``RUN/record/ledger.sqlite``, and the executed notebooks beside it."""

    def __init__(self, out: Path) -> None:
        """Look at a run's folder; nothing is written yet."""
        self.out = out
        self.folder = out / "record"
        self._store = Store(self.folder / "ledger.sqlite")
        self.executions = Executions(self._store, self.folder_of)
        self.trainings = Trainings(self._store)
        self.conditions = Conditions(self._store)
        self.decisions = Decisions(self._store)

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Hold the run for grading.

        Raises:
            UsageError: The folder holds something else.
            BusyError: Another process is grading into it.
        """
        if self.out.exists() and not self.folder.exists() and any(self.out.iterdir()):
            text = msg(
                "{run}: this folder is not empty and not a run of the grader; give -o a new or empty folder",
                run=str(self.out),
            )
            raise UsageError(text)
        self.folder.mkdir(parents=True, exist_ok=True)
        with held(self.folder / "lock") as orderly, self._store.swift():
            self.executions.sweep(self.folder / "students")
            if not orderly:
                self.executions.forget_harmed()
            yield
            self.executions.to_disk()

    def folder_of(self, student: str) -> Path:
        """Return the folder of one submission, one for every student."""
        return self.folder / "students" / safe_name(student)

    # -- the run ----------------------------------------------------------------------------------------------------

    def write_run(self, run: RunFacts) -> None:
        """Record the facts of the run."""
        self._write_run("facts", _RUN.dump_json(run).decode())

    def write_request(self, request: Mapping[str, Any]) -> None:
        """Record what was asked for, in plain JSON, so that it can be asked again."""
        self._write_run("request", json.dumps(dict(request), ensure_ascii=True, sort_keys=True))

    def _write_run(self, column: str, text: str) -> None:
        with self._store.writing() as database:
            database.execute(
                f"INSERT INTO run (one, {column}) VALUES (1, ?)"  # noqa: S608 - a name of ours
                f" ON CONFLICT (one) DO UPDATE SET {column} = excluded.{column}",
                (text,),
            )

    def run(self) -> RunFacts:
        """Return the facts of a recorded run.

        Raises:
            UsageError: There is no run here.
            DataError: Its record cannot be read.
        """
        with self._store.reading() as database:
            row = database.execute("SELECT facts FROM run WHERE facts IS NOT NULL").fetchone()
        if row is None:
            text = msg(
                "{run}: the run was interrupted before it began; `grader resume {run}` begins it", run=str(self.out)
            )
            raise UsageError(text)
        try:
            return _RUN.validate_json(row[0])
        except ValidationError as error:
            text = msg(
                "{run}: this record cannot be read (faults: {count}); grade into a new folder",
                run=str(self.out),
                count=error.error_count(),
            )
            raise DataError(text) from error

    def request(self) -> dict[str, Any]:
        """Return what the run was asked for last.

        Raises:
            UsageError: There is no run here.
        """
        with self._store.reading() as database:
            row = database.execute("SELECT request FROM run WHERE request IS NOT NULL").fetchone()
        if row is None:
            raise UsageError(
                msg("{run}: this run does not say what it was asked for; call `grader grade` again", run=str(self.out))
            )
        return dict(json.loads(row[0]))

    # -- submissions ------------------------------------------------------------------------------------------------

    def collect(self, submissions: Sequence[SubmissionInput]) -> None:
        """Record, all at once, who is in the run now and what each is to be graded from."""
        now = _now()
        with self._store.writing() as database:
            fresh = dict(
                database.execute(f"SELECT student, digest FROM submission WHERE {_CURRENT}").fetchall()  # noqa: S608
            )
            database.execute("UPDATE submission SET wanted = NULL")
            database.execute(_PEOPLE)
            people = [(one.student, _PERSON.dump_json(one.who).decode()) for one in submissions if one.who != Person()]
            database.execute("DELETE FROM person")
            database.executemany("INSERT INTO person VALUES (?, ?)", people)
            for one in submissions:
                database.execute(
                    "INSERT INTO submission (student, files, wanted, stage) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT (student) DO UPDATE SET files = excluded.files, wanted = excluded.wanted",
                    (one.student, one.files, one.digest, Stage.COLLECTED),
                )
                if fresh.get(one.student) != one.digest:
                    self._reach(database, one.student, Stage.COLLECTED, now)

    def reached(self, student: str, *stages: Stage) -> None:
        """Record that a submission has come to a stage, or through several at once."""
        with self._store.writing() as database:
            for stage in stages:
                self._reach(database, student, stage, _now())

    @staticmethod
    def _reach(database: Any, student: str, stage: Stage, now: str) -> None:
        database.execute("UPDATE submission SET stage = ? WHERE student = ?", (stage, student))
        if stage is Stage.COLLECTED:
            database.execute("DELETE FROM stage WHERE student = ?", (student,))
        database.execute("INSERT OR REPLACE INTO stage VALUES (?, ?, ?)", (student, stage, now))

    def write(self, result: SubmissionResult, conditions: str | None = None) -> None:
        """Record a submission's result: from now on it is done, and what was matched is trained."""
        text = _RESULT.dump_json(result).decode()
        with self._store.writing() as database:
            database.execute(
                "INSERT OR REPLACE INTO stage SELECT student, ?, ? FROM submission WHERE student = ? AND stage = ?",
                (Stage.TRAINED, _now(), result.student, Stage.MATCHED),
            )
            database.execute(
                "INSERT INTO submission (student, wanted, stage, digest, conditions, status, result)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (student) DO UPDATE SET"
                " digest = excluded.digest, conditions = excluded.conditions, status = excluded.status,"
                " result = excluded.result",
                (result.student, result.digest, Stage.JUDGED, result.digest, conditions, result.status, text),
            )
            self._reach(database, result.student, Stage.JUDGED, _now())

    def rename(self, result: SubmissionResult) -> None:
        """Record that another name or delivery is known of a submission whose grade stands."""
        text = _RESULT.dump_json(result).decode()
        with self._store.writing() as database:
            database.execute("UPDATE submission SET result = ? WHERE student = ?", (text, result.student))

    def done(self, student: str, digest: str) -> SubmissionResult | None:
        """Return what is recorded for a submission, if it was graded from the same files in the same way."""
        marks = ", ".join("?" * len(_OURS))
        query = (
            f"SELECT result FROM submission WHERE student = ? AND wanted = ? AND status NOT IN ({marks}) AND {_CURRENT}"  # noqa: S608
        )
        with self._store.reading() as database:
            row = database.execute(query, (student, digest, *_OURS)).fetchone()
        try:
            return None if row is None else _RESULT.validate_json(row[0])
        except ValidationError:  # an unreadable result is as good as none
            return None

    def standings(self) -> tuple[SubmissionState, ...]:
        """Return where every submission of the run stands, sorted by student.

        Raises:
            UsageError: There is no run here.
            DataError: A record cannot be read.
        """
        with self._store.reading() as database:
            rows = database.execute(
                f"SELECT student, stage, files, CASE WHEN {_CURRENT} THEN status END FROM submission"  # noqa: S608
                " WHERE wanted IS NOT NULL"
            ).fetchall()
            people = self._people(database)
        return tuple(
            SubmissionState(
                student=student,
                stage=Stage(stage),
                files=files,
                status=status and Status(status),
                who=people.get(student, Person()),
            )
            for student, stage, files, status in sorted(rows)
        )

    def unfinished(self) -> tuple[SubmissionState, ...]:
        """Return the submissions that are not graded yet as last asked for, sorted by student."""
        return tuple(one for one in self.standings() if one.status is None)

    def results(self, students: Collection[str] | None = None) -> tuple[SubmissionResult, ...]:
        """Return all results that stand, or those of some students, the lecturer's decisions applied; sorted.

        Raises:
            UsageError: There is no run here.
            DataError: A record cannot be read.
        """
        with self._store.reading() as database:
            rows = database.execute(f"SELECT student, result FROM submission WHERE {_CURRENT}").fetchall()  # noqa: S608
        chosen = sorted(row for row in rows if students is None or row[0] in students)
        words = self.decisions.of(student for student, _ in chosen)
        return tuple(applied(self._read(_RESULT, student, text), words[student]) for student, text in chosen)

    def state(self) -> str:
        """Return a digest of everything that reports show: equal digests, equal reports. Empty without a run."""
        if not self._store.exists:
            return ""
        digest = hashlib.sha256()
        with self._store.reading() as database:
            for (facts,) in database.execute("SELECT facts FROM run WHERE facts IS NOT NULL").fetchall():
                shown = {name: value for name, value in json.loads(facts).items() if name not in _OF_ONE_CALL}
                digest.update(json.dumps(shown, sort_keys=True).encode())
            rows = database.execute(f"SELECT result FROM submission WHERE {_CURRENT} ORDER BY student")  # noqa: S608
            for row in (*rows, *database.execute("SELECT * FROM decision ORDER BY id")):
                digest.update(repr(row).encode())
        return digest.hexdigest()

    def with_decisions(self, result: SubmissionResult) -> SubmissionResult:
        """Return a result with the lecturer's decisions applied."""
        return applied(result, self.decisions.of([result.student])[result.student])

    def _people(self, database: sqlite3.Connection) -> dict[str, Person]:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'person'").fetchone():
            return {}
        return {student: self._read(_PERSON, student, who) for student, who in database.execute("SELECT * FROM person")}

    def _read(self, kind: TypeAdapter[_T], student: str, text: str) -> _T:
        try:
            return kind.validate_json(text)
        except ValidationError as error:
            wrong = msg(
                "{run}: the record of {student} cannot be read; grade into a new folder",
                run=str(self.out),
                student=student,
            )
            raise DataError(wrong) from error


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
