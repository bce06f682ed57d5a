"""The trainer pool: thread-safe, every training once, on this machine's devices; what hangs or dies is replaced."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.errors import TrainerError
from grader.records import DataSet, Platform, Profile, Recipe, Training, TrainingLimits, TrainingOutcome, msg
from grader.sandbox import Bubblewrap, Seal, Unsealed
from grader.train.cache import cache_at, read_training
from grader.train.hardware import Gpu, Hardware, Place
from grader.train.protocol import EpochDone
from grader.train.reasons import EXHAUSTED, reason_of
from grader.train.singleflight import SingleFlight, training_key
from grader.train.slots import Slots
from grader.train.worker import OnEpoch, Worker, WorkerDied

_CLOSED = msg("the trainer pool is closed; training was asked of it after its end")


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
        shared_cache: str | None = None,
        workers: int = 1,
        datasets: Iterable[DataSet] = (),
        unsealed: bool = False,
        hardware: Hardware | None = None,
        keeps_states: bool = False,
        platform: Platform | None = None,
        on_epoch: Callable[[EpochDone], None] | None = None,
    ) -> None:
        """Prepare a pool; processes start with the first training.

        Args:
            bounds: What one training may cost.
            cache: Folder of finished trainings; None keeps them for this run only.
            shared_cache: URL where other machines keep their trainings.
            workers: How many trainings may run at the same moment.
            datasets: What will be trained on. A process sees these alone; another data set costs a new process.
            unsealed: Run without a sandbox, with all our rights.
            hardware: What to compute on; TensorFlow on the processor by default.
            keeps_states: Keep in the cache what each training left in its model, for :meth:`train_with_state`.
            platform: What its trainings are made on, where that is known without asking a process; so what the cache
                holds is answered without starting any.
            on_epoch: Is told of every epoch of every training, in the thread that waits for it.
        """
        self._bounds = bounds
        self._single_flight = SingleFlight(cache_at(cache, shared_cache), keeps_states=keeps_states)
        self._keeps_states = keeps_states
        self._lock = threading.Lock()
        self._folders = list(dict.fromkeys(Path(dataset.folder) for dataset in datasets))
        self._seal: Seal = Unsealed() if unsealed else Bubblewrap()
        self._starter = ThreadPoolExecutor(1, "grader-trainer")
        self._hardware = hardware or Hardware()
        self._slots = Slots(self._hardware, workers)
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._platform = platform
        self._on_epoch = on_epoch
        self._closed = False

    @property
    def trainings_run(self) -> int:
        """Trainings made by this pool."""
        return self._single_flight.run

    @property
    def trainings_shared(self) -> int:
        """Trainings that were in the cache, or made for somebody else already."""
        return self._single_flight.shared

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
        return self._single_flight.training(key, lambda: self.make(recipe, dataset, profile, seed))

    def train_with_state(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> tuple[Training, bytes]:
        """Return a training as :meth:`train` does, and what it left in the model; empty if that cannot be had.

        Raises:
            TrainerError: Training processes cannot run on this machine.
        """
        key = self._key(recipe, dataset, profile, seed)
        return self._single_flight.training_with_state(key, lambda: self.make(recipe, dataset, profile, seed))

    def platform_for(self, dataset: DataSet) -> Platform:
        """Return what trainings on a data set are made on here, asked of the first worker once.

        Raises:
            TrainerError: Training processes cannot run on this machine.
        """
        if self._platform is not None:  # must not wait for a training that holds the slot
            return self._platform
        with self._slots.shared() as place:
            if self._platform is None:
                worker = self._borrow(Path(dataset.folder), place)
                self._platform = worker.platform
                self._give_back(worker)
            return self._platform

    def make(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> tuple[Training, bytes]:
        """Train, whatever is in the cache; return what came of it, and the state of the model where states are kept.

        Raises:
            TrainerError: Training processes cannot run on this machine.
        """
        before = recipe.before
        left = b"" if before is None else self._single_flight.kept_state(self._key(before, dataset, profile, seed))
        request = {
            "recipes": [_parts(one) for one in recipe.chain],
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

        def on_epoch(epoch: int, of: int) -> None:
            if self._on_epoch is not None:
                self._on_epoch(EpochDone(seed=seed, epoch=epoch, epochs=of))

        try:
            reply, state = self._ask_twice(request, left, on_epoch)
            reason = reason_of(reply.pop("reason", None))
            return dataclasses.replace(read_training(json.dumps({**reply, **known})), reason=reason), state
        except WorkerDied:
            reason = msg("the training process ended twice on this model, or did not answer; look at its size")
        except ValueError:
            reason = msg("the training process gave an answer that we cannot read")
        platform = self.platform_for(dataset)
        versions = {"keras": platform.keras, "backend": platform.backend}
        failed = TrainingOutcome.FAILED
        return Training(**known, device=platform.device, versions=versions, outcome=failed, reason=reason), b""

    def _key(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> str:
        return training_key(recipe, dataset, profile, self.platform_for(dataset), seed)

    def _ask_twice(self, request: Mapping[str, Any], left: bytes, on_epoch: OnEpoch) -> tuple[dict[str, Any], bytes]:
        """Ask a worker, and another one when the first dies of it; where memory was short, alone on the device."""
        with self._slots.shared() as place:
            device = place.gpu
            try:
                reply = self._ask(request, left, place, on_epoch)
                if not _is_exhausted(reply[0]):
                    return reply
            except WorkerDied as death:
                if not death.for_memory:
                    return self._ask(request, left, place, on_epoch)
        with self._slots.alone(device) as place:
            self._clear(device)
            try:
                return self._ask(request, left, place, on_epoch)
            finally:
                self._clear(device)  # it may hold all of the device

    def _ask(
        self, request: Mapping[str, Any], left: bytes, place: Place, on_epoch: OnEpoch
    ) -> tuple[dict[str, Any], bytes]:
        worker = self._borrow(Path(request["folder"]), place)
        try:
            reply = worker.ask(request, self._bounds.seconds, left, on_epoch)
        except WorkerDied:
            with self._lock:
                self._busy.discard(worker)
            raise
        self._give_back(worker, spent=_is_exhausted(reply[0]))
        return reply

    def _borrow(self, folder: Path, place: Place) -> Worker:
        """Return a worker that sees the data set in ``folder``; a new one takes the place of an idle one that does not.

        Raises:
            TrainerError: None can be started, or the pool is closed.
        """
        with self._lock:
            if self._closed:
                raise TrainerError(_CLOSED)
            if folder not in self._folders:
                self._folders.append(folder)
            here = [idle for idle in self._idle if idle.place.gpu == place.gpu]
            worker = next((idle for idle in here if idle.place == place and idle.shows(folder)), None)
            blind = here[-1] if worker is None and here else None
            for taken in (worker, blind):
                if taken is not None:
                    self._idle.remove(taken)
            folders = tuple(self._folders)
        if blind is not None:
            blind.close()
        worker = worker or self._start(folders, place)
        with self._lock:
            if not self._closed:
                self._busy.add(worker)
                return worker
        worker.close()
        raise TrainerError(_CLOSED)

    def _start(self, folders: tuple[Path, ...], place: Place) -> Worker:
        worker = Worker(self._seal, folders, self._bounds, self._starter, backend=self._hardware.backend, place=place)
        if self._hardware.required and worker.platform.device != "gpu":
            worker.close()
            text = msg(
                "--device gpu: {backend} sees no GPU here; `grader doctor` says what is missing",
                backend=self._hardware.backend,
            )
            raise TrainerError(text)
        return worker

    def _give_back(self, worker: Worker, *, spent: bool = False) -> None:
        """Keep a worker for the next training, unless its memory is ``spent``."""
        with self._lock:
            self._busy.discard(worker)
            if not self._closed and not spent:
                self._idle.append(worker)
                return
        worker.close()

    def _clear(self, device: Gpu | None) -> None:
        """End the idle processes of a device, which hold memory of it."""
        with self._lock:
            here = [idle for idle in self._idle if idle.place.gpu == device]
            self._idle = [idle for idle in self._idle if idle not in here]
        for worker in here:
            worker.close()


def _parts(recipe: Recipe) -> dict[str, Any]:
    return {name: getattr(recipe, name) for name in ("layers", "optimizer", "loss", "data", "fit")}


def _is_exhausted(reply: Mapping[str, Any]) -> bool:
    reason = reply.get("reason")
    return isinstance(reason, Mapping) and reason.get("code") == EXHAUSTED
