"""Stores what the probe writes, as it comes, up to a bound."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Self

_CHUNK = 1 << 16


class TracePipe:
    """A pipe whose far end goes to the kernel; a thread copies it to a file. A context manager."""

    def __init__(self, limit_mb: int) -> None:
        """Store at most ``limit_mb``; the rest is read and thrown away, so that nobody waits."""
        self._left = limit_mb << 20
        self._read_fd, self.write_fd = os.pipe()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Hold what is written, as much as a pipe does, until it is known where to store it."""
        return self

    def store(self, path: Path) -> None:
        """Copy to ``path`` from now on, what was written until now first."""
        self._thread = threading.Thread(target=self._copy, args=(path,), daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Wait until all that was written is stored; call when the kernel has ended."""
        self.close_far_end()
        if self._thread is None:
            os.close(self._read_fd)
        else:
            # Unsealed, a process that escaped the kernel's group may hold the pipe open for ever.
            self._thread.join(5)

    def close_far_end(self) -> None:
        """Close our copy of the kernel's end."""
        if self.write_fd >= 0:
            os.close(self.write_fd)
            self.write_fd = -1

    def _copy(self, path: Path) -> None:
        with path.open("wb", buffering=0) as file:
            while chunk := os.read(self._read_fd, _CHUNK):
                file.write(chunk[: self._left])
                self._left -= min(len(chunk), self._left)
        os.close(self._read_fd)
