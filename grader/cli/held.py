"""Lines about a whole run, held back where nobody shall hear of a call that has nothing to do."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from grader.batch import Observer
    from grader.records import Message, SubmissionResult


class Held:
    """Keeps lines back until it is known that there is something to do or to report, or that something went wrong."""

    def __init__(self, *lines: Callable[[], None]) -> None:
        """Take what prints the first lines."""
        self._lines: list[Callable[[], None]] | None = list(lines)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self.release()

    def release(self) -> None:
        """Print what was kept back; from now on nothing is."""
        with self._lock:
            lines, self._lines = self._lines or [], None
            for line in lines:
                line()

    def keep(self, line: Callable[[], None]) -> None:
        """Keep what prints a line, or call it at once after the release."""
        with self._lock:
            if self._lines is not None:
                self._lines.append(line)
                return
        line()

    def before(self, observer: Observer) -> Observer:
        """Return an observer that tells this one the same; its lines are kept back until a submission's turn comes."""
        return _HeldObserver(self, observer)


class _HeldObserver:
    def __init__(self, held: Held, to: Observer) -> None:
        self._held, self._to = held, to

    def say(self, what: Message) -> None:
        self._held.keep(functools.partial(self._to.say, what))

    def started(self, student: str) -> None:
        self._held.release()
        self._to.started(student)

    def stage(self, student: str, what: Message) -> None:
        self._to.stage(student, what)

    def done(self, result: SubmissionResult, *, reused: bool) -> None:
        self._to.done(result, reused=reused)
