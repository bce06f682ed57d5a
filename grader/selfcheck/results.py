"""What a look at one's own models found; frozen values, not yet in any language."""

from __future__ import annotations

from dataclasses import dataclass

from grader.records import Finding, Message, Text, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCheck:
    """One task and the model that was taken for its answer."""

    task: str
    title: Text
    model: str = ""
    """Its name, as ``model.summary()`` shows it; empty when there is none."""
    cell: int = 0
    """Where it was trained or built; 0 when that was not seen."""
    findings: tuple[Finding, ...] = ()
    """What can be told now."""
    later: tuple[Words, ...] = ()
    """Titles of the criteria that are decided by training the model again, or by a training that is still to come."""
    hidden: int = 0
    """Criteria that show after grading only."""
    accuracy: tuple[Message, ...] = ()
    advice: Message | None = None
    """What to do next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCheck:
    """One model of the session."""

    name: str
    cell: int
    role: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """All of an answer."""

    language: str
    tasks: tuple[TaskCheck, ...] = ()
    models: tuple[ModelCheck, ...] = ()
    missing: tuple[Text, ...] = ()
    """Tasks without any model."""
    said: Message | None = None
    """Instead of all else: why nothing could be checked."""
