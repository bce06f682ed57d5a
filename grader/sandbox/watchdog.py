"""Weighs a running notebook several times a second, and ends it when it is far too heavy.

A process over its own limit gets a MemoryError and may go on; this is for what that limit cannot see, such as many
processes of half the size.
"""

from __future__ import annotations

import threading
from typing import Self

from grader.records import Limits
from grader.sandbox.seal import Running

_PERIOD_SECONDS = 0.2


class Watchdog:
    """Watches one process and its children from a thread of its own; a context manager."""

    def __init__(self, running: Running, limits: Limits) -> None:
        """Watch ``running``; it may hold its memory limit and one writable folder more."""
        self.peak_bytes = 0
        self.killed = False
        """It ended the process; set before it does."""
        self._running = running
        self._most = (limits.memory_mb + limits.scratch_mb) << 20
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Start watching; takes the first sample, so that a short run has a weight too."""
        self.peak_bytes = self._running.resident_bytes()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_PERIOD_SECONDS) and self._running.alive():
            held = self._running.resident_bytes()
            self.peak_bytes = max(self.peak_bytes, held)
            if held > self._most:
                self.killed = True
                self._running.kill()
                return
