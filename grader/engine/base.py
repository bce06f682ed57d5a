"""What an engine is asked for, and what it offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.drivers import WarmPool
from grader.execute import Helper, Job
from grader.records import DataSet, Execution, Platform, TrainingLimits
from grader.train import Trainer

RunNotebook = Callable[[Job, Helper | None], Execution]


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineConfig:
    """What all notebooks and trainings of a run have in common."""

    bounds: TrainingLimits
    cache: Path | None
    """Folder of finished trainings, on the machine that grades."""
    datasets: tuple[DataSet, ...]
    shared_cache: str | None = None
    """URL where other machines keep their trainings."""
    backend: str = "tensorflow"
    device: str = "auto"
    keras: str = ""
    """Version of Keras on the machine that grades."""
    unsealed: bool = False
    keeps_states: bool = False
    """Keep what trainings left in their models, for notebooks that wait for it."""
    jobs: int | None = None
    """Submissions at work at the same time; None for as many as the engine has processors for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """What a run works with. All of it may be called from many threads at once."""

    run: RunNotebook
    """As :func:`grader.execute.run_notebook`: whatever happens to the notebook is part of the execution."""
    trainer: Trainer
    platform: Platform
    """What is trained on."""
    warm_pool: WarmPool | None = None
    """Kernels that wait for notebooks on this machine, to be told how many will come."""
    slots: int
    """How many submissions to have at work at the same time."""
