"""Each different training is done once: among threads that ask at the same moment, and, with a cache, in later runs."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from concurrent.futures import Future

from grader.records import DataSet, Platform, Profile, Recipe, Training, TrainingOutcome
from grader.train.cache import Cache, key_of

Make = Callable[[], tuple[Training, bytes]]
"""Trains, and returns what came of it with the state it left in the model; empty where that is not wanted."""


def training_key(recipe: Recipe, dataset: DataSet, profile: Profile, platform: Platform, seed: int) -> str:
    """Return the name of a training: equal names, equal trainings."""
    restores = any(callback["config"].get("restore_best_weights") for callback in recipe.fit["callbacks"])
    return key_of(
        recipe=recipe.digest,
        data=dataset.fingerprint,
        profile=[profile.name, profile.steps],
        device=platform.device,
        backend=platform.backend,
        keras=".".join(platform.keras.split(".")[:2]),
        seed=seed,
        # What was kept of these before has the training accuracy of the last epoch, not of the restored one.
        **({"restored": True} if restores else {}),
    )


class SingleFlight:
    """Trainings by their names, each made at most once."""

    def __init__(self, cache: Cache, *, keeps_states: bool = False) -> None:
        """Look into ``cache`` before anything is trained; keep the states of models there if asked to."""
        self.run = 0
        """Trainings made."""
        self.shared = 0
        """Trainings that were there already, or on their way."""
        self._cache = cache
        self._keeps_states = keeps_states
        self._flights: dict[str, Future[Training]] = {}
        self._lock = threading.Lock()

    def training(self, key: str, make: Make) -> Training:
        """Return the training of this name: from the cache, from a thread that is at it, or made by ``make``."""
        return self._flight(key, lambda: self._find_or_make(key, make))

    def training_with_state(self, key: str, make: Make) -> tuple[Training, bytes]:
        """Return the same with what the training left in the model; empty if that cannot be had."""
        training = self.training(key, make)
        if training.outcome != TrainingOutcome.TRAINED or not self._keeps_states:
            return training, b""
        state = self._cache.find_state(key)
        if state is None:  # trained before states were kept, or the state was thrown away since
            training = self._flight(f"{key}+state", lambda: self._make(key, make))
            state = self._cache.find_state(key)
        return training, state or b""

    def kept_state(self, key: str) -> bytes:
        """Return what a training left in its model, if that is kept; nothing is trained for it."""
        return self._cache.find_state(key) or b""

    def _flight(self, name: str, train: Callable[[], Training]) -> Training:
        """Train once for everybody who asks for it in this run; others wait, and share what comes of it."""
        with self._lock:
            flight = self._flights.get(name)
            first = flight is None
            if flight is None:
                flight = self._flights[name] = Future()
        if not first:
            training = flight.result()
            with self._lock:
                self.shared += 1
            return dataclasses.replace(training, cached=True)
        try:
            training = train()
        except BaseException as error:
            with self._lock:
                del self._flights[name]
            flight.set_exception(error)
            raise
        flight.set_result(training)
        return training

    def _find_or_make(self, key: str, make: Make) -> Training:
        found = self._cache.find(key)
        if found is not None:
            with self._lock:
                self.shared += 1
            return dataclasses.replace(found, cached=True)
        return self._make(key, make)

    def _make(self, key: str, make: Make) -> Training:
        training, state = make()
        with self._lock:
            self.run += 1
        if training.is_finished:
            self._cache.keep(key, training, state if self._keeps_states else None)
        return training
