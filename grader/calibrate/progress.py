"""How far a recording is, and the trainings of one record that have begun."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from grader.records import Training
from grader.train import EpochDone


@dataclass(frozen=True, kw_only=True)
class RecordingProgress:
    """A training was recorded."""

    record: str
    """Name of its file, without ``.json``."""
    training: Training
    have: int
    """Trainings on record."""
    want: int
    left: float
    """Seconds the whole call still takes, by the trainings that are done and those under way."""


@dataclass(frozen=True, kw_only=True)
class TrainingProgress:
    """A training is under way."""

    record: str
    epoch: EpochDone
    left: float
    """Seconds the whole call still takes."""


class TrainingsUnderWay:
    """Trainings by their seeds: they begin, pass epochs and end in threads of their own."""

    def __init__(self) -> None:
        """Nothing has begun."""
        self._lock = threading.Lock()
        self._began: dict[int, float] = {}
        self._epochs: dict[int, EpochDone] = {}

    @contextmanager
    def counted(self, seed: int) -> Iterator[None]:
        """Count a training as under way."""
        with self._lock:
            self._began[seed] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._began.pop(seed)
                self._epochs.pop(seed, None)

    def note(self, epoch: EpochDone) -> None:
        """An epoch is done."""
        with self._lock:
            self._epochs[epoch.seed] = epoch

    @property
    def first(self) -> EpochDone | None:
        """The last epoch of the smallest seed under way; None as long as none has passed an epoch."""
        with self._lock:
            return min(self._epochs.values(), key=lambda epoch: epoch.seed, default=None)

    @property
    def shares(self) -> list[tuple[float, float]]:
        """Seconds since each began, and the share of its epochs that is done; without those before their first."""
        now = time.monotonic()
        with self._lock:
            return [(now - self._began[seed], epoch.epoch / epoch.epochs) for seed, epoch in self._epochs.items()]
