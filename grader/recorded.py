"""What is on record is not done again: the execution of a notebook, the training of a recipe."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from grader.drivers import WarmPool
from grader.errors import UsageError
from grader.execute import Helper, Job, read_execution, run_notebook
from grader.ledger import Ledger, require_space
from grader.records import DataSet, Ending, Execution, Platform, Profile, Recipe, Training, TrainingLimits
from grader.train import Trainer


@dataclass(frozen=True, kw_only=True)
class RecordedExecutions:
    """Runs notebooks, each once for everything its execution depends on."""

    ledger: Ledger
    versions: Mapping[str, str]
    """Of the grader, Keras and TensorFlow."""
    helper: Helper | None = None
    """Whoever trains for notebooks while they run; None where they train in their kernels."""
    warm_pool: WarmPool | None = None
    """Kernels that wait for notebooks."""
    run_notebook: Callable[[Job, Helper | None], Execution] = run_notebook
    """Where they run."""

    def settle(self, student: str, jobs: Sequence[Job]) -> None:
        """Bring a student's recorded executions into the order of the notebooks as they are handed in now."""
        self.ledger.executions.settle(student, [self._digest(job) for job in jobs])

    def run(self, student: str, number: int, job: Job) -> Execution:
        """Return the execution of a student's notebook: as recorded, or run now and recorded.

        Args:
            student: Whose it is.
            number: Position among the student's notebooks.
            job: What to run; its ``out`` is not looked at.
        """
        if self.warm_pool is not None:
            self.warm_pool.passed()
        digest = self._digest(job)
        known = self._known(student, number, digest, job)
        if known is not None:
            return known
        folder = self.ledger.executions.begin(student)
        execution = self.run_notebook(replace(job, out=folder), self.helper)
        if execution.ending is Ending.SANDBOX_FAILED:  # never the student's fault, and often gone a moment later
            execution = self.run_notebook(replace(job, out=folder), self.helper)
        if execution.ending.is_ours:
            require_space(self.ledger.out)
        self.ledger.executions.keep(student, number, digest, folder)
        return execution

    def _digest(self, job: Job) -> str:
        return execution_digest(job, self.versions, delegating=self.helper is not None)

    def _known(self, student: str, number: int, digest: str, job: Job) -> Execution | None:
        folder = self.ledger.executions.find(student, number, digest)
        if folder is None:
            return None
        try:
            execution = read_execution(replace(job, out=folder))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return None if execution.ending.is_ours else execution


def execution_digest(job: Job, versions: Mapping[str, str], *, delegating: bool = False) -> str:
    """Return the digest of everything that decides what comes of running a notebook.

    The notebook's name is no part of it, and neither is the rubric: a renamed notebook is not run again, and a changed
    task is answered from the traces.
    """
    parts = {
        "notebook": _content(job.notebook),
        "files": sorted((place, _content(file)) for place, file in job.files),
        "datasets": {dataset.name: dataset.fingerprint for dataset in job.datasets},
        "steps": job.profile.steps,
        "limits": asdict(job.limits),
        "unsealed": job.unsealed,
        "probe": job.probe,
        "delegating": delegating,
        "shims": job.shims,
        "versions": dict(versions),
    } | ({"gpu": True} if job.gpu else {})
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:  # running it says why
        return ""


@dataclass(kw_only=True)
class RecordedTrainings:
    """A trainer that looks into the run's own record first, which needs no training process."""

    ledger: Ledger
    trainer: Trainer
    limits: TrainingLimits
    platform: Platform
    """What is trained on here."""
    run: int = 0
    """Trainings made for this call."""
    shared: int = 0
    """Trainings that were answered from the record, or from the cache of this machine."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def train(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> Training:
        """Return what comes of training a recipe; see :meth:`grader.train.TrainerPool.train`."""
        key = self._key(recipe, dataset, profile, seed)
        known = self._known(key)
        if known is not None:
            self._count(cached=True)
            return replace(known, cached=True)
        training = self.trainer.train(recipe, dataset, profile, seed)
        self._count(cached=training.cached)
        if training.is_finished:
            self.ledger.trainings.keep(key, training)
        return training

    def train_with_state(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> tuple[Training, bytes]:
        """Return a training with the state of its model; the record holds no states, so the trainer is asked for it.

        The training is recorded, so that judging finds the very one that the notebook was given.
        """
        training, state = self.trainer.train_with_state(recipe, dataset, profile, seed)
        if not training.cached:
            self._count(cached=False)
        if training.is_finished:
            self.ledger.trainings.keep(self._key(recipe, dataset, profile, seed), training)
        return training, state

    def _key(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> str:
        parts = {
            "recipe": recipe.digest,
            "fingerprint": dataset.fingerprint,
            "profile": asdict(profile),
            "seed": seed,
            "limits": asdict(self.limits),
            "platform": asdict(self.platform),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _count(self, *, cached: bool) -> None:
        with self._lock:
            self.shared += cached
            self.run += not cached

    def _known(self, key: str) -> Training | None:
        try:
            return self.ledger.trainings.find(key)
        except (UsageError, ValueError):  # a record that cannot be read is as good as none
            return None
