"""The files' own shapes, as TOML gives them: what the JSON Schemas are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from grader.records import Limits, Text, TrainingLimits
from grader.workbook.model import Claim, Cohort, Reference, Solution

STRICT: dict[str, Any] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


@dataclass(frozen=True, kw_only=True)
class ProfileTable:
    """One of ``[profiles.*]``."""

    steps: int | None = None
    """Most training steps per fit; as many as the notebook says when left out."""


@dataclass(frozen=True, kw_only=True)
class WorkbookFile:
    """``workbook.toml``."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: str
    title: Text
    tasks: tuple[str, ...]
    """Names of the tasks' files, without ``.toml``, in order."""
    points: int = 100
    """What all tasks must come to."""
    legacy: Literal["run", "note", "fail"] = "run"
    """Spellings of older libraries: ``run`` understands and lists them, ``note`` flags who used them as well, with
    ``fail`` a notebook stops where it would stop in Colab today."""
    install: str = ""
    """What students give pip to get the self-check: the URL or path of a wheel, ``git+https://...``. Never the bare
    name of a package, which anybody could register."""
    cohort: Cohort = field(default_factory=Cohort)
    profiles: dict[str, ProfileTable] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    training: TrainingLimits = field(default_factory=TrainingLimits)
    references: tuple[Reference, ...] = ()
    solutions: tuple[Solution, ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ExampleTable:
    """``[example]``; its signs are read one by one."""

    reference: str
    signs: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class TaskFile:
    """A task's file; its criteria are read one by one."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    title: Text
    dataset: str
    criteria: tuple[dict[str, Any], ...]
    example: ExampleTable | None = None
    scope: tuple[dict[str, Any], ...] = ()
