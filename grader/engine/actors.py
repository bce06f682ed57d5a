"""The two actors of a cluster: trainers, one for each share of a device, and the scheduler that hands trainings out.

The scheduler is on the machine that grades, with the only cache: a training is made once for the whole cluster. It
hands recipes to trainers and replaces those whose process or node is gone; where actors run is Ray's to say.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from grader.engine.base import EngineConfig
from grader.engine.payload import datasets_here
from grader.errors import GraderError, TrainerError
from grader.records import DataSet, Platform, Profile, Recipe, Training, joined, msg
from grader.train import SingleFlight, TrainerPool, cache_at, hardware_of, training_key

_TRIES = 5
_AGAIN_SECONDS = 2.0
_WHY = 1_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainerResources:
    """How many trainers a cluster has, and what Ray is to give each."""

    trainers: int
    gpus: float = 0.0
    """Share of a GPU; 0 for the processor."""


class TrainerActor:
    """An actor: the trainer pool of one process, on whatever node and GPU Ray has put it."""

    def __init__(self, config: EngineConfig, share: float) -> None:
        """Prepare; the training process starts with the first training."""
        self._datasets = {one.fingerprint: one for one in datasets_here(config.datasets)}
        # Ray shows an actor its own GPU only.
        hardware = replace(hardware_of("gpu" if share else "cpu", config.backend), share=share or 1.0)
        self._pool = TrainerPool(
            bounds=config.bounds,
            cache=None,
            datasets=self._datasets.values(),
            unsealed=config.unsealed,
            keeps_states=config.keeps_states,
            hardware=hardware,
        )

    def platform(self) -> Platform:
        """Return what is trained on here."""
        return self._pool.platform_for(next(iter(self._datasets.values())))

    def make(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> tuple[Training, bytes]:
        """Train, and return what came of it with the state of the model."""
        return self._pool.make(recipe, self._datasets[dataset.fingerprint], profile, seed)


class IdleTrainers:
    """Trainers that have nothing to do. Whoever takes one waits, unless none is up and none comes up."""

    def __init__(self, *, tries: int) -> None:
        """Begin without any; after so many in a row that did not start there is no hope for one."""
        self._tries = tries
        self._changed = threading.Condition()
        self._idle: deque[Any] = deque()
        self._up = 0
        self._failures = 0
        self._why = ""

    def take(self) -> Any:
        """Return one, which is the caller's until it is put back or lost.

        Raises:
            TrainerError: No trainer is up, and several in a row did not start.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._idle or (not self._up and self._failures >= self._tries))
            if self._idle:
                return self._idle.popleft()
            text = msg(
                "no trainer starts in the cluster, {tries} in a row did not ({why}); see `ray status` and Ray's logs",
                tries=self._tries,
                why=self._why[-_WHY:],
            )
            raise TrainerError(text)

    def put(self, trainer: Any, *, new: bool = False) -> None:
        """Let others have a trainer."""
        with self._changed:
            if new:
                self._up, self._failures = self._up + 1, 0
            self._idle.append(trainer)
            self._changed.notify()

    def lost(self) -> None:
        """Do not count on a trainer any more that was taken."""
        with self._changed:
            self._up -= 1

    def failed(self, why: str) -> None:
        """Count one that did not start."""
        with self._changed:
            self._failures, self._why = self._failures + 1, why
            self._changed.notify_all()


class TrainingScheduler:
    """An actor that many ask at once."""

    def __init__(self, config: EngineConfig, resources: TrainerResources) -> None:
        """Ask Ray for the trainers; each is at work as soon as it is up."""
        self._single_flight = SingleFlight(
            cache_at(config.cache, config.shared_cache), keeps_states=config.keeps_states
        )
        self._idle = IdleTrainers(tries=_TRIES * resources.trainers)
        self._config, self._resources = config, resources
        self._platform: Platform | None = None
        for _ in range(resources.trainers):
            self._start_trainer()

    def train(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> Training:
        """Return what comes of training a recipe; see :meth:`grader.train.TrainerPool.train`."""
        key = training_key(recipe, dataset, profile, self.platform(), seed)
        return self._single_flight.training(key, lambda: self._make(recipe, dataset, profile, seed))

    def train_with_state(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> tuple[Training, bytes]:
        """Return the same with the state of the model."""
        key = training_key(recipe, dataset, profile, self.platform(), seed)
        return self._single_flight.training_with_state(key, lambda: self._make(recipe, dataset, profile, seed))

    def platform(self) -> Platform:
        """Return what is trained on in this cluster: whatever the first trainer is on."""
        if self._platform is None:
            self._platform = self._ask(lambda trainer: trainer.platform.remote())
        return self._platform

    def _make(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> tuple[Training, bytes]:
        training, state = self._ask(lambda trainer: trainer.make.remote(recipe, dataset, profile, seed))
        return training, state

    def _ask(self, call: Callable[[Any], Any]) -> Any:
        """Ask a trainer that has nothing to do, and another one where that is lost.

        Raises:
            GraderError: What the trainer says, or that several in a row were lost or did not start.
        """
        import ray

        for _ in range(_TRIES):
            trainer = self._idle.take()
            try:
                answer = ray.get(call(trainer))
            except ray.exceptions.RayTaskError as fault:
                self._idle.put(trainer)
                raise _meant(fault) from None
            except ray.exceptions.RayError as loss:  # its process or its node has gone
                _log.info("a trainer was lost: %s", loss)
                self._idle.lost()
                self._replace_trainer(trainer)
                continue
            self._idle.put(trainer)
            return answer
        raise TrainerError(
            msg("{tries} trainers in a row were lost in the cluster; look at the memory of its nodes", tries=_TRIES)
        )

    def _start_trainer(self) -> None:
        import ray

        trainer = (
            ray.remote(TrainerActor)
            .options(num_cpus=0, num_gpus=self._resources.gpus, scheduling_strategy="SPREAD")
            .remote(self._config, self._resources.gpus)
        )
        threading.Thread(target=self._await_ready, args=(trainer,), daemon=True).start()

    def _await_ready(self, trainer: Any) -> None:
        """Wait until a trainer is up, which is as long as the cluster has no room for it."""
        import ray

        try:
            ray.get(trainer.__ray_ready__.remote())
        except ray.exceptions.RayError as fault:
            _log.warning("a trainer did not start: %s", fault)
            self._idle.failed(str(fault))
            time.sleep(_AGAIN_SECONDS)
            self._replace_trainer(trainer)
        else:
            self._idle.put(trainer, new=True)

    def _replace_trainer(self, trainer: Any) -> None:
        """Let go of a trainer, and ask for another."""
        import ray

        ray.kill(trainer)
        self._start_trainer()


@dataclass(frozen=True, slots=True)
class SchedulerClient:
    """Asks the scheduler, from any process of the cluster; can be sent to another."""

    scheduler: Any

    def train(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> Training:
        """Return what comes of training a recipe."""
        training: Training = self._ask(self.scheduler.train.remote(recipe, dataset, profile, seed))
        return training

    def train_with_state(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> tuple[Training, bytes]:
        """Return the same with the state of the model."""
        training, state = self._ask(self.scheduler.train_with_state.remote(recipe, dataset, profile, seed))
        return training, state

    def platform(self) -> Platform:
        """Return what is trained on in this cluster."""
        platform: Platform = self._ask(self.scheduler.platform.remote())
        return platform

    @staticmethod
    def _ask(answer: Any) -> Any:
        import ray

        try:
            return ray.get(answer)
        except ray.exceptions.RayTaskError as fault:
            raise _meant(fault) from None
        except ray.exceptions.RayError as loss:
            text = msg(
                "the cluster lost the process that hands out trainings ({why}); `grader resume` goes on", why=str(loss)
            )
            raise TrainerError(text) from None


def _meant(fault: Any) -> GraderError:
    """Return what was raised on the other side, as it was if a person can mend it."""
    return fault.cause if isinstance(fault.cause, GraderError) else TrainerError(joined([str(fault)]))
