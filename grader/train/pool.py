"""The trainer pool: thread-safe, cached, single flight; workers that hang or die are replaced."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.errors import TrainerError
from grader.records import DataSet, Platform, Profile, Recipe, Training, TrainingLimits, msg
from grader.sandbox import Bubblewrap, Seal, Unsealed
from grader.train.cache import Cache, key_of, read_training
from grader.train.reasons import reason_of
from grader.train.worker import Worker, WorkerDied

_CLOSED = "the trainer pool is closed; training was asked of it after its end"
_LASTING = frozenset({"trained", "diverged"})
"""Outcomes worth keeping on disk; the others may come of bounds or of this machine."""


class TrainerPool:
    """Trains recipes in processes of its own; use it as a context manager.

    Each different training is done once: in this run, among threads that ask for it at the same moment, and, with a
    cache folder, in later runs on this machine.
    """

    def __init__(
        self,
        *,
        bounds: TrainingLimits,
        cache: Path | None,
        workers: int = 1,
        datasets: Iterable[DataSet] = (),
        unsealed: bool = False,
        backend: str = "tensorflow",
        keeps_states: bool = False,
    ) -> None:
        """Prepare a pool; processes start with the first training.

        Args:
            bounds: What one training may cost.
            cache: Folder of finished trainings; None keeps them for this run only.
            workers: How many trainings may run at the same moment.
            datasets: What will be trained on. A process sees these alone; another data set costs a new process.
            unsealed: Run without a sandbox, with all our rights.
            backend: What Keras computes with: ``tensorflow``, ``jax`` or ``torch``.
            keeps_states: Keep in the cache what each training left in its model, for :meth:`model`.
        """
        self.trainings_run = 0
        self.trainings_shared = 0
        self._bounds = bounds
        self._cache = Cache(cache)
        self._flights: dict[str, Future[Training]] = {}
        self._lock = threading.Lock()
        self._folders = list(dict.fromkeys(Path(dataset.folder) for dataset in datasets))
        self._seal: Seal = Unsealed() if unsealed else Bubblewrap()
        self._starter = ThreadPoolExecutor(1, "grader-trainer")
        self._slots = threading.BoundedSemaphore(max(1, workers))
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._backend = backend
        self._platform: Platform | None = None
        self._keeps_states = keeps_states
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; a training that runs at this moment ends with a :class:`TrainerError`."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for worker in idle:
            worker.close()
        for worker in busy:
            worker.kill()  # the thread that uses it sees it end, and clears up
        self._starter.shutdown(wait=False)

    def train(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> Training:
        """Return what comes of training a recipe from fresh weights.

        Args:
            recipe: From :func:`grader.recipe.recipe_of`.
            dataset: Where its data lies.
            profile: How much training is bought.
            seed: Seed of the weights, the order of the rows and all else.

        Raises:
            TrainerError: Training processes cannot run on this machine.
        """
        key = self._key(recipe, dataset, profile, seed)
        return self._once(key, lambda: self._find_or_run(key, recipe, dataset, profile, seed))

    def model(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> tuple[Training, bytes]:
        """Return a training as :meth:`train` does, and what it left in the model; empty if that cannot be had.

        Raises:
            TrainerError: Training processes cannot run on this machine.
        """
        training, key = self.train(recipe, dataset, profile, seed), self._key(recipe, dataset, profile, seed)
        if training.outcome != "trained" or not self._keeps_states:
            return training, b""
        state = self._cache.find_state(key)
        if state is None:  # trained before states were kept, or the state was thrown away since
            training = self._once(f"{key}+state", lambda: self._run(key, recipe, dataset, profile, seed))
            state = self._cache.find_state(key)
        return training, state or b""

    def _key(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> str:
        platform = self.platform_for(dataset)
        return key_of(
            recipe=recipe.digest,
            data=dataset.fingerprint,
            profile=[profile.name, profile.steps],
            device=platform.device,
            backend=platform.backend,
            keras=".".join(platform.keras.split(".")[:2]),
            seed=seed,
        )

    def _once(self, name: str, train: Callable[[], Training]) -> Training:
        """Train once for everybody who asks for it in this run; others wait, and share what comes of it."""
        with self._lock:
            flight = self._flights.get(name)
            first = flight is None
            if flight is None:
                flight = self._flights[name] = Future()
        if not first:
            training = flight.result()
            with self._lock:
                self.trainings_shared += 1
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

    def platform_for(self, dataset: DataSet) -> Platform:
        """Return what trainings on a data set are made on here, asked of the first worker once.

        Raises:
            TrainerError: Training processes cannot run on this machine.
        """
        if self._platform is not None:  # must not wait for a training that holds the slot
            return self._platform
        with self._slots:
            if self._platform is None:
                worker = self._borrow(Path(dataset.folder))
                self._platform = worker.platform
                self._give_back(worker)
            return self._platform

    def _find_or_run(self, key: str, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> Training:
        found = self._cache.find(key)
        if found is not None:
            with self._lock:
                self.trainings_shared += 1
            return dataclasses.replace(found, cached=True)
        return self._run(key, recipe, dataset, profile, seed)

    def _run(self, key: str, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> Training:
        training, state = self._train(recipe, dataset, profile, seed)
        with self._lock:
            self.trainings_run += 1
        if training.outcome in _LASTING:
            self._cache.keep(key, training, state if self._keeps_states else None)
        return training

    def _train(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> tuple[Training, bytes]:
        parts = {name: getattr(recipe, name) for name in ("layers", "optimizer", "loss", "data", "fit")}
        request = {
            "recipe": parts,
            "seed": seed,
            "steps": profile.steps,
            "folder": dataset.folder,
            "bounds": dataclasses.asdict(self._bounds),
            "state": self._keeps_states,
        }
        known: dict[str, Any] = {
            "recipe": recipe.digest,
            "seed": seed,
            "dataset": dataset.name,
            "fingerprint": dataset.fingerprint,
            "profile": profile.name,
        }
        try:
            reply, state = self._ask_twice(request)
            reason = reason_of(reply.pop("reason", None))
            return dataclasses.replace(read_training({**reply, **known}), reason=reason), state
        except WorkerDied:
            reason = msg("the training process ended twice on this model, or did not answer; look at its size")
        except ValueError:
            reason = msg("the training process gave an answer that we cannot read")
        platform = self.platform_for(dataset)
        versions = {"keras": platform.keras, "backend": platform.backend}
        return Training(**known, device=platform.device, versions=versions, outcome="failed", reason=reason), b""

    def _ask_twice(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Ask a worker, and another one when the first dies of it."""
        with self._slots:
            try:
                return self._ask(request)
            except WorkerDied:
                return self._ask(request)

    def _ask(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        worker = self._borrow(Path(request["folder"]))
        try:
            reply = worker.ask(request, self._bounds.seconds)
        except WorkerDied:
            with self._lock:
                self._busy.discard(worker)
            raise
        self._give_back(worker)
        return reply

    def _borrow(self, folder: Path) -> Worker:
        """Return a worker that sees the data set in ``folder``; a new one takes the place of an idle one that does not.

        Raises:
            TrainerError: None can be started, or the pool is closed.
        """
        with self._lock:
            if self._closed:
                raise TrainerError(_CLOSED)
            if folder not in self._folders:
                self._folders.append(folder)
            worker = next((idle for idle in self._idle if idle.shows(folder)), None)
            blind = self._idle.pop() if worker is None and self._idle else None
            if worker is not None:
                self._idle.remove(worker)
            folders = tuple(self._folders)
        if blind is not None:
            blind.close()
        worker = worker or Worker(self._seal, folders, self._bounds, self._starter, self._backend)
        with self._lock:
            if not self._closed:
                self._busy.add(worker)
                return worker
        worker.close()
        raise TrainerError(_CLOSED)

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
            if not self._closed:
                self._idle.append(worker)
                return
        worker.close()
