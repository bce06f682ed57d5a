"""What a workbook is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.criteria import Criterion
from grader.records import Limits, Profile, Text, TrainingLimits


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """How strict accuracies are."""

    students: int = 300
    not_passed: float = 0.2
    """Honest models among ``students`` that by chance end in review, or rarely fail, at one accuracy criterion."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A notebook whose trainings are on record."""

    id: str
    dataset: str
    title: Text
    figure: float | None = None
    """Test accuracy the workbook prints."""


@dataclass(frozen=True, kw_only=True)
class Solution:
    """An honest answer to a task whose architecture is free; its notebook is ``reference/solutions/ID.ipynb``.

    Nothing is graded by it: its trainings show whether the task's accuracy limit lets such answers pass.
    """

    id: str
    task: str


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What the workbook says of two references: the better one makes so many errors fewer than the worse one."""

    better: str
    worse: str
    fewer_errors: float
    """Share of the worse one's errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The worked example of a task."""

    reference: str
    signs: tuple[Criterion, ...]
    """A training that shows all of them is a run of the example, never an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing a student must do."""

    id: str
    """Name of its file, without ``.toml``."""
    title: Text
    dataset: str
    criteria: tuple[Criterion, ...]
    example: Example | None = None
    scope: tuple[Criterion, ...] = ()
    """What a model must show to be considered at all, such as "no Conv2D"."""

    @property
    def points(self) -> int:
        """What the task is worth."""
        return sum(criterion.points for criterion in self.criteria)

    @property
    def signs(self) -> tuple[Criterion, ...]:
        """The example's signs; none when there is no example."""
        return self.example.signs if self.example else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """Everything ``assignments/`` says."""

    id: str
    title: Text
    tasks: tuple[Task, ...]
    legacy: str
    """``run``, ``note`` or ``fail``: what becomes of spellings of older libraries."""
    install: str
    """What students give pip to get the self-check; empty when the lecturer tells them otherwise."""
    cohort: Cohort
    profiles: Mapping[str, Profile]
    limits: Limits
    training: TrainingLimits
    references: tuple[Reference, ...]
    solutions: tuple[Solution, ...]
    claims: tuple[Claim, ...]
    folder: Path
    """Where its files are; its own ``reference/`` folder, if it has one, lies there too."""

    @property
    def points(self) -> int:
        """What the whole workbook is worth."""
        return sum(task.points for task in self.tasks)
