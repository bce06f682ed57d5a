"""Kernels that wait for a notebook: sealed, started, TensorFlow imported, each for one notebook and never again."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from grader.drivers.process import Driver


class WarmPool:
    """Keeps as many waiting as there are notebooks to come, at most one for each that runs; a context manager.

    Nobody waits for it: as long as none waits that fits, a notebook gets a kernel of its own at once.
    """

    def __init__(self, most: int) -> None:
        """Keep at most so many waiting."""
        self._most = most
        self._coming = 0
        self._waiting: list[tuple[str, Driver]] = []
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def expect(self, notebooks: int) -> None:
        """Say how many notebooks are still to come."""
        with self._lock:
            self._coming = notebooks

    def passed(self) -> None:
        """Say that it is the turn of a notebook, whether it has to run or not."""
        with self._lock:
            self._coming = max(0, self._coming - 1)

    def take(self, standing: Mapping[str, Any], *, suited: bool, linked: bool) -> Driver | None:
        """Return a process whose kernel was made for jobs like ``standing``, if one waits; and start the next ones.

        Args:
            standing: A job without its notebook, its files and its folder.
            suited: Whether the notebook at hand may get one; else they are only started for others.
            linked: Whether its kernel has a link to us.
        """
        wanted = json.dumps([standing, linked], sort_keys=True)
        with self._lock:
            if self._closed:
                return None
            ended = [one for one in self._waiting if not one[1].alive()]
            self._waiting = [one for one in self._waiting if one[1].alive()]
            found = next((one for one in self._waiting if suited and one[0] == wanted), None)
            if found is not None:
                self._waiting.remove(found)
            while len(self._waiting) < min(self._most, self._coming):
                driver = Driver(linked=linked)
                self._waiting.append((wanted, driver))
                driver.start_ahead(standing)
        for _, driver in ended:
            driver.close()
        return found[1] if found is not None else None

    def close(self) -> None:
        """End those that wait."""
        with self._lock:
            self._closed = True
            left, self._waiting = self._waiting, []
        for _, driver in left:
            driver.close()
