"""What one call of ``grader grade`` was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from grader.errors import UsageError
from grader.ledger import Changed
from grader.records import Words, msg
from grader.reference import Bands
from grader.workbook import Task, Workbook


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How to grade."""

    workbook: Workbook
    tasks: tuple[Task, ...]
    profile: str
    data: Literal["auto", "sample", "full"]
    jobs: int | None
    """Submissions at the same time; None leaves it to the engine."""
    language: str
    unsealed: bool = False
    backend: str = "tensorflow"
    """What the trainer's Keras computes with."""
    train_in_kernel: bool = False
    """Let every ``fit`` train where it is called, instead of once for all who train the same."""
    engine: Literal["local", "ray"] = "local"
    address: str | None = None
    """Of the Ray cluster; None starts one on this machine."""
    shared_cache: str | None = None
    """URL where other machines keep their trainings."""
    device: str = "auto"
    """What the trainer computes on: ``auto``, ``cpu``, ``gpu`` or ``gpu:0,1``."""
    kernel_device: Literal["cpu", "gpu"] = "cpu"
    """What notebooks may compute on."""
    changed: Changed = "ask"
    """What to do with grades that were made with another Keras, other data or another seal."""
    remarks: tuple[Words, ...] = ()
    """What was handed in and refused, and belongs to nobody's submission."""


def tasks_of(workbook: Workbook, names: Sequence[str] | None) -> tuple[Task, ...]:
    """Return the tasks called by name, in the workbook's order; all when ``names`` is None.

    Raises:
        UsageError: The workbook has no task of that name.
    """
    known = {task.id: task for task in workbook.tasks}
    for name in names or ():
        if not name:
            text = msg(
                "--tasks: a name is missing; write some of {known}, or leave --tasks out for all of them",
                known=",".join(known),
            )
            raise UsageError(text)
        if name not in known:
            text = msg(
                "{task}: the workbook has no such task; it has {known}", task=f"--tasks {name}", known=", ".join(known)
            )
            raise UsageError(text)
    return tuple(task for task in workbook.tasks if names is None or task.id in names)


def rubric_digest(settings: Settings, bands: Bands) -> str:
    """Return the digest of what a submission is judged by: everything but its files and the conditions."""
    parts = [
        repr(replace(settings.workbook, folder=Path())),
        repr(bands.records),
        *(task.id for task in settings.tasks),
        settings.profile,
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
