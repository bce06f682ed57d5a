"""The last words of a process: what it printed to a pipe, read so that it never waits and nothing piles up."""

from __future__ import annotations

import threading
from typing import IO, Any

_KEPT_BYTES = 8_000


class OutputTail:
    """Reads a pipe to its end in a thread of its own, and remembers the last of it."""

    def __init__(self, pipe: IO[Any]) -> None:
        """Read from ``pipe``, which is closed at its end."""
        self._kept = b""
        self._pipe = pipe
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def text(self, *, wait: float = 0.0) -> str:
        """Return the last 8,000 bytes; for a process that has just ended, wait so many seconds for the rest."""
        if wait:
            self._thread.join(wait)
        return self._kept.decode(errors="replace").strip() or "(it printed nothing)"

    def _drain(self) -> None:
        with self._pipe:
            while chunk := self._pipe.read1(65536):  # type: ignore[attr-defined]
                self._kept = (self._kept + chunk)[-_KEPT_BYTES:]
