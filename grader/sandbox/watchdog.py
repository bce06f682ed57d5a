"""Weighs a running notebook several times a second, and ends it when it is far over a limit.

A process over its own limit gets a MemoryError and may go on; this is for what no limit of a single process sees: many
processes of half the size, all their processor time, files that are too small to fill a folder, and processes of
someone who found a way round the limit on them.
"""

from __future__ import annotations

import enum
import threading
import time
from typing import Self

from grader.records import Limits
from grader.sandbox.seal import WRAPPERS, Running, most_threads

_PERIOD_SECONDS = 0.2


class Excess(enum.Enum):
    """Of what there was too much."""

    MEMORY = enum.auto()
    CPU = enum.auto()
    FILES = enum.auto()
    THREADS = enum.auto()


class Watchdog:
    """Watches one process and its children from a thread of its own; a context manager."""

    def __init__(self, running: Running, limits: Limits) -> None:
        """Watch ``running``; it may hold its memory limit and one writable folder more."""
        self._found: Excess | None = None
        self._running = running
        self._limits = limits
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def found(self) -> Excess | None:
        """Why the process was ended, by the watchdog or by Linux; set before it is."""
        return Excess.MEMORY if self._found is None and self._running.ran_out_of_memory() else self._found

    def __enter__(self) -> Self:
        """Start watching."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        pause = _PERIOD_SECONDS
        while not self._stop.wait(pause) and self._running.alive():
            started = time.monotonic()
            self._found = self._weigh()
            # Whoever makes weighing slow shall not keep a processor busy with it.
            pause = max(_PERIOD_SECONDS, time.monotonic() - started)
            if self._found is not None:
                self._running.kill()
                return

    def _weigh(self) -> Excess | None:
        usage = self._running.usage()
        held, most = usage.resident_bytes, (self._limits.memory_mb + self._limits.scratch_mb) << 20
        if held > most:  # perhaps only as pages that several processes see count for each
            held = self._running.held_bytes(most)
        if held > most:
            return Excess.MEMORY
        if usage.cpu_seconds > self._limits.cpu_seconds:
            return Excess.CPU
        if usage.num_threads > most_threads(self._limits) + WRAPPERS:
            return Excess.THREADS
        return Excess.FILES if self._running.num_files() > self._limits.scratch_files else None
