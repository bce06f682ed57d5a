"""Room for trainer processes: several side by side on each device, or one alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from grader.train.hardware import Gpu, Hardware, Place, per_gpu, share_of


class Slots:
    """Lends places to threads; a thread waits until there is one."""

    def __init__(self, hardware: Hardware, workers: int) -> None:
        """Share ``workers`` trainers out over the GPUs; without any, over the processor."""
        self._hardware = hardware
        gpus = hardware.gpus
        self._room: dict[Gpu | None, int] = (
            {gpu: per_gpu(gpu, len(gpus), workers) for gpu in gpus} if gpus else {None: max(1, workers)}
        )
        self._used: dict[Gpu | None, int] = dict.fromkeys(self._room, 0)
        self._wanted_alone: set[Gpu | None] = set()
        self._changed = threading.Condition()

    @contextmanager
    def shared(self) -> Iterator[Place]:
        """Lend a place beside others, on the device where the fewest are at work."""
        with self._changed:
            self._changed.wait_for(self._free)
            device = min(self._free(), key=lambda one: self._used[one])
            self._used[device] += 1
        try:
            yield self._place(device, self._room[device])
        finally:
            self._release(device)

    @contextmanager
    def alone(self, device: Gpu | None) -> Iterator[Place]:
        """Lend a whole device: nobody new gets a place on it, and those at work are waited for."""
        with self._changed:
            self._changed.wait_for(lambda: device not in self._wanted_alone)
            self._wanted_alone.add(device)
            self._changed.wait_for(lambda: self._used[device] == 0)
            self._used[device] += 1
        try:
            yield self._place(device, 1)
        finally:
            with self._changed:
                self._wanted_alone.discard(device)
            self._release(device)

    def _free(self) -> list[Gpu | None]:
        return [one for one, room in self._room.items() if self._used[one] < room and one not in self._wanted_alone]

    def _release(self, device: Gpu | None) -> None:
        with self._changed:
            self._used[device] -= 1
            self._changed.notify_all()

    def _place(self, device: Gpu | None, trainers: int) -> Place:
        return Place() if device is None else Place(gpu=device, share=share_of(self._hardware, trainers))
