"""How a run is followed: a live display in a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from grader.language import Language
from grader.records import Message, Status, SubmissionResult, msg


@contextlib.contextmanager
def follow(total: int, language: str) -> Iterator[Follower]:
    """Show the progress of a run of ``total`` submissions until the block ends."""
    console = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[now]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        yield Follower(progress, console, total, Language(language))


class Follower:
    """Turns what happens in a run into words on the terminal; called from several threads."""

    def __init__(self, progress: Progress, console: Console, total: int, language: Language) -> None:
        """Start with nothing done."""
        self._progress, self._console, self._total, self._language = progress, console, total, language
        self._lock = threading.Lock()
        self._finished = 0
        self._now: dict[str, str] = {}
        self._bar: TaskID = progress.add_task(escape(language.say(msg("Grading"))), total=total, now="")

    def say(self, what: Message) -> None:
        """Write a line about the whole run."""
        self._print(self._language.say(what))

    def started(self, student: str) -> None:
        """Show that a submission's turn has come."""
        self.stage(student, msg("waiting"))

    def stage(self, student: str, what: Message) -> None:
        """Show the stage a submission has come to."""
        with self._lock:
            self._now[student] = self._language.say(what)
            self._refresh()

    def done(self, result: SubmissionResult, *, reused: bool) -> None:
        """Write one line about a finished submission."""
        text = self._outcome(result)
        text += self._language.say(msg(" (unchanged)")) if reused else f" ({self._language.duration(result.seconds)})"
        with self._lock:
            self._finished += 1
            self._now.pop(result.student, None)
            self._print(f"[{self._finished}/{self._total}] {text}")
            self._progress.advance(self._bar)
            self._refresh()

    def _outcome(self, result: SubmissionResult) -> str:
        """Say what a submission has come to; how it ended only where that is more than "we looked at it"."""
        waiting = sum(task.in_review for task in result.tasks)
        line = msg(
            "{student}: {earned} of {total}",
            student=result.student,
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

    def _refresh(self) -> None:
        now = " · ".join(f"{student}: {what}" for student, what in self._now.items())
        self._progress.update(self._bar, now=escape(now))
