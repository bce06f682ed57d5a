"""What is done, on disk: one folder a submission, results written atomically, so that a killed run can go on.

``RUN/record/run.json`` says what the run is; ``RUN/record/students/<student>/result.json`` appears when one is done.
Everything else in ``RUN`` is rendered from these files and can be made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from grader.errors import UsageError
from grader.records import RunFacts, Status, SubmissionResult

_RUN = TypeAdapter(RunFacts)
_RESULT = TypeAdapter(SubmissionResult)
_OURS = (Status.INTERNAL_ERROR, Status.SANDBOX_FAILED)


class Ledger:
    """The record of one run."""

    def __init__(self, out: Path) -> None:
        """Look at a run's folder; nothing is written yet."""
        self.out = out
        self.folder = out / "record"

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Hold the run for writing.

        Raises:
            UsageError: The folder holds something else, or another process is writing this run.
        """
        if self.out.exists() and not self.folder.exists() and any(self.out.iterdir()):
            msg = f"{self.out}: this folder is not empty and not a run of the grader; give -o a new or empty folder"
            raise UsageError(msg)
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                msg = f"{self.out}: another grader is writing this run; wait for it, or give -o another folder"
                raise UsageError(msg) from error
            yield

    def folder_of(self, student: str) -> Path:
        """Return the folder of one submission; unique for every student, safe on every file system."""
        plain = re.sub(r"[^\w.-]", "_", student).strip(".")[:60]
        if plain != student:
            plain = f"{plain}-{hashlib.sha256(student.encode()).hexdigest()[:8]}"
        return self.folder / "students" / plain

    def write_run(self, run: RunFacts) -> None:
        """Record the facts of the run."""
        _write(self.folder / "run.json", _RUN.dump_json(run, indent=1))

    def write(self, result: SubmissionResult) -> None:
        """Record a submission's result: from now on it is done."""
        _write(self.folder_of(result.student) / "result.json", _RESULT.dump_json(result, indent=1))

    def done(self, student: str, digest: str) -> SubmissionResult | None:
        """Return what is recorded for a submission, if it was graded from the same files in the same way."""
        try:
            result = self._result(self.folder_of(student) / "result.json")
        except (OSError, ValidationError):
            return None
        if result.status in _OURS:  # whatever was wrong may be mended by now
            return None
        return result if result.digest == digest else None

    def run(self) -> RunFacts:
        """Return the facts of a recorded run.

        Raises:
            UsageError: There is no run here, or its record cannot be read.
        """
        path = self.folder / "run.json"
        if not path.is_file():
            msg = f"{self.out}: no run is recorded here; expected a folder that `grader grade -o` wrote"
            raise UsageError(msg)
        try:
            return _RUN.validate_json(path.read_bytes())
        except ValidationError as error:
            msg = f"{path}: this record cannot be read ({error.error_count()} faults); grade again into a new folder"
            raise UsageError(msg) from error

    def results(self, students: tuple[str, ...] | None = None) -> tuple[SubmissionResult, ...]:
        """Return all recorded results, sorted by student.

        Raises:
            UsageError: A record cannot be read.
        """
        results = []
        for path in sorted(self.folder.glob("students/*/result.json")):
            try:
                results.append(self._result(path))
            except ValidationError as error:
                msg = f"{path}: this record cannot be read; delete the file and call `grader grade` again"
                raise UsageError(msg) from error
        return tuple(sorted((r for r in results if students is None or r.student in students), key=lambda r: r.student))

    @staticmethod
    def _result(path: Path) -> SubmissionResult:
        return _RESULT.validate_json(path.read_bytes())


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, also when the power fails."""
    json.loads(content)  # NaN would be refused by every reader but Python's
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
