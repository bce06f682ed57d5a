"""A notebook's own time, which stands still while it waits for us."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

_MOST_WAITING = 12 * 3600.0
"""Seconds of waiting that do not count. A notebook asks for the trainings it waits for, so there must be an end."""

Waiting = Callable[[], AbstractContextManager[None]]
"""Makes a block in which waiting does not count, as :meth:`Clock.stopped` does."""


class Clock:
    """Monotonic seconds less those of waiting. Thread-safe.

    >>> clock = Clock()
    >>> with clock.stopped():
    ...     before = clock.now()
    ...     time.sleep(0.01)
    ...     clock.now() == before
    True
    """

    def __init__(self) -> None:
        """Go."""
        self._lock = threading.Lock()
        self._waited = 0.0
        self._since: float | None = None

    def now(self) -> float:
        """Return the seconds of this clock; only differences mean something."""
        with self._lock:
            now = time.monotonic()
            return now - min(_MOST_WAITING, self._waited + (0.0 if self._since is None else now - self._since))

    def stop(self) -> None:
        """Stand still from now on."""
        with self._lock:
            if self._since is None:
                self._since = time.monotonic()

    def go_on(self) -> None:
        """Go again."""
        with self._lock:
            if self._since is not None:
                self._waited += time.monotonic() - self._since
                self._since = None

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Stand still for as long as the block takes."""
        self.stop()
        try:
            yield
        finally:
            self.go_on()
