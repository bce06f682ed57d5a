"""Whoever follows a run: the terminal, a log, a count."""

from __future__ import annotations

from typing import Protocol

from grader.records import Message, SubmissionResult


class Observer(Protocol):
    """Is told what happens in a run, from several threads."""

    def say(self, what: Message) -> None:
        """Something concerns the whole run."""

    def started(self, student: str) -> None:
        """A submission's turn has come."""

    def stage(self, student: str, what: Message) -> None:
        """A submission has come to another stage."""

    def done(self, result: SubmissionResult, *, reused: bool) -> None:
        """A submission is graded and recorded; ``reused``: it was so before this call."""


class CompositeObserver:
    """Tells several observers the same."""

    def __init__(self, *observers: Observer) -> None:
        """Tell these, in this order."""
        self._observers = observers

    def say(self, what: Message) -> None:
        """Pass it on."""
        for one in self._observers:
            one.say(what)

    def started(self, student: str) -> None:
        """Pass it on."""
        for one in self._observers:
            one.started(student)

    def stage(self, student: str, what: Message) -> None:
        """Pass it on."""
        for one in self._observers:
            one.stage(student, what)

    def done(self, result: SubmissionResult, *, reused: bool) -> None:
        """Pass it on."""
        for one in self._observers:
            one.done(result, reused=reused)
