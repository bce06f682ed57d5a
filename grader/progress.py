"""How a run is followed: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from grader.language import Language, printable
from grader.records import Message, Status, SubmissionResult, msg

_REFRESHES_A_SECOND = 2
_MOST_ROWS = 12


@contextlib.contextmanager
def follow(total: int, language: str) -> Iterator[ProgressDisplay]:
    """Show the progress of a run of ``total`` submissions until the block ends."""
    console = Console(stderr=True)
    follower = ProgressDisplay(console, total, Language(language))
    if not console.is_terminal:
        yield follower
        return
    with Live(get_renderable=follower.table, console=console, transient=True, refresh_per_second=_REFRESHES_A_SECOND):
        yield follower


class ProgressDisplay:
    """Turns what happens in a run into words on the terminal; called from several threads."""

    def __init__(
        self, console: Console, total: int, language: Language, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with nothing done."""
        self._console, self._total, self._language, self._clock = console, total, language, clock
        self._lock = threading.Lock()
        self._finished = self._reused = self._in_review = 0
        self._begun: float | None = None
        self._now: dict[str, tuple[float, Message]] = {}

    def say(self, what: Message) -> None:
        """Write a line about the whole run."""
        self._print(self._language.say(what))

    def started(self, student: str) -> None:
        """Show that a submission's turn has come."""
        with self._lock:
            self._begun = self._clock() if self._begun is None else self._begun
            self._now[student] = (self._clock(), msg("begins"))

    def stage(self, student: str, what: Message) -> None:
        """Show the stage a submission has come to."""
        with self._lock:
            since, _ = self._now.get(student, (self._clock(), what))
            self._now[student] = (since, what)

    def done(self, result: SubmissionResult, *, reused: bool) -> None:
        """Write one line about a finished submission; those that were done before are only counted."""
        with self._lock:
            self._finished += 1
            self._reused += reused
            self._in_review += any(task.in_review for task in result.tasks)
            self._now.pop(result.student, None)
            if not reused:
                text = f"{self._outcome(result)} ({self._language.duration(result.seconds)})"
                self._print(f"[{self._finished}/{self._total}] {text}")

    def table(self) -> RenderableType:
        """Return what a terminal shows while the run goes on: counts, time left, who is at work."""
        with self._lock:
            running = sorted(self._now.items(), key=lambda one: one[1][0])
            counts = msg(
                "running {running} · done {done} · waiting {waiting} · in review {review}",
                running=len(running),
                done=self._finished,
                waiting=self._total - self._finished - len(running),
                review=self._in_review,
            )
            left = self._seconds_left()
            line = self._language.say(counts)
            if left is not None:
                line += " · " + self._language.say(msg("about {time} left", time=self._language.duration(left)))
        rows = Table.grid(padding=(0, 2))
        for student, (since, what) in running[:_MOST_ROWS]:
            spent = self._language.duration(self._clock() - since)
            rows.add_row(Text(printable(student)), Text(self._language.say(what), style="dim"), Text(spent))
        bar = ProgressBar(total=max(1, self._total), completed=self._finished, width=24)
        return Group(bar, Text(), Text(line), rows)

    def _seconds_left(self) -> float | None:
        """Estimate from the submissions of this call; the ones that were done before took no time."""
        graded = self._finished - self._reused
        if self._begun is None or graded == 0:
            return None
        return (self._clock() - self._begun) / graded * (self._total - self._finished)

    def _outcome(self, result: SubmissionResult) -> str:
        """Say what a submission has come to; how it ended only where that is more than "we looked at it"."""
        waiting = sum(task.in_review for task in result.tasks)
        if not result.tasks:
            return self._language.say(
                msg("{student}: {status}", student=result.label, status=self._language.status(result.status))
            )
        line = msg(
            "{student}: {earned} of {total}",
            student=result.label,
            earned=sum(task.earned for task in result.tasks),
            total=sum(task.max for task in result.tasks),
        )
        text = self._language.say(line)
        if waiting:
            text += self._language.say(msg(", {points} more in review", points=waiting))
        if result.status not in (Status.GRADED, Status.REVIEW):
            text += f", {self._language.status(result.status)}"
        return text

    def _print(self, text: str) -> None:
        """Write one line as one line: a log is searched and cut by lines."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
