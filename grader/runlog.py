"""A run for machines: events as JSON lines while it goes on, one summary when it has ended."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from grader.records import Message, SubmissionResult

SCHEMA = 1
SUMMARY_BEGINS = '{"schema": '
"""How a summary begins, as JSON."""


class JsonLog:
    """Writes one JSON object a line, each at once: ``{"at": ..., "event": ..., ...}``.

    ``run`` (``text``), ``started`` (``student``), ``stage`` (``student``, ``text``) and ``done`` (``student``,
    ``status``, ``earned``, ``in_review``, ``max``, ``seconds``, ``reused``). Texts are English templates with their
    ``values``. An existing file is appended to.
    """

    def __init__(self, path: Path) -> None:
        """Name the file; the block opens it."""
        self._path, self._lock = path, threading.Lock()
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self._file = self._path.open("a", encoding="utf-8", errors="replace")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def say(self, what: Message) -> None:
        """Write what concerns the whole run."""
        self._write("run", text=what.text, values=dict(what.values))

    def started(self, student: str) -> None:
        """Write that a submission's turn has come."""
        self._write("started", student=student)

    def stage(self, student: str, what: Message) -> None:
        """Write the stage a submission has come to."""
        self._write("stage", student=student, text=what.text, values=dict(what.values))

    def done(self, result: SubmissionResult, *, reused: bool) -> None:
        """Write what a submission has come to."""
        self._write(
            "done",
            student=result.student,
            status=result.status.value,
            earned=sum(task.earned for task in result.tasks),
            in_review=sum(task.in_review for task in result.tasks),
            max=sum(task.max for task in result.tasks),
            seconds=result.seconds,
            reused=reused,
        )

    def _write(self, event: str, **facts: Any) -> None:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": now, "event": event, **facts}, ensure_ascii=False, default=str)
        with self._lock:
            if self._file is not None:  # a thread that outlives an interrupted run has nobody to tell
                self._file.write(line + "\n")
                self._file.flush()


class RunCounts:
    """Counts what a run has done, for its summary."""

    def __init__(self) -> None:
        """Start with nothing done."""
        self._lock = threading.Lock()
        self.graded = self.unchanged = self.waiting = self.by_us = 0
        self.statuses: Counter[str] = Counter()

    def say(self, what: Message) -> None:
        """Nothing to count."""

    def started(self, student: str) -> None:
        """Nothing to count."""

    def stage(self, student: str, what: Message) -> None:
        """Nothing to count."""

    def done(self, result: SubmissionResult, *, reused: bool) -> None:
        """Count a submission."""
        with self._lock:
            self.graded += not reused
            self.unchanged += reused
            self.waiting += any(task.in_review for task in result.tasks)
            self.by_us += result.status.is_ours
            self.statuses[result.status.value] += 1


def summary(
    out: Path, tally: RunCounts, *, total: int, code: int, error: str, changed: bool, doubtful: int
) -> Mapping[str, Any]:
    """Return the summary of one call: what was asked, what came of it, how it ended.

    Args:
        out: The run's folder.
        tally: What was counted.
        total: Submissions found.
        code: Exit code of the command.
        error: Why it did not end well; empty otherwise.
        changed: Whether anything in the run is not as it was before the call.
        doubtful: Decisions of the lecturer's that need another look.
    """
    page = out / "index.html"
    return {
        "schema": SCHEMA,
        "run": str(out.absolute()),
        "report": str(page.absolute()) if page.is_file() else None,
        "exit_code": code,
        "error": error or None,
        "changed": changed,
        "submissions": total,
        "graded": tally.graded,
        "unchanged": tally.unchanged,
        "unfinished": total - tally.graded - tally.unchanged,
        "failed_by_us": tally.by_us,
        "in_review": tally.waiting,
        "decisions_to_check": doubtful,
        "statuses": dict(sorted(tally.statuses.items())),
    }
