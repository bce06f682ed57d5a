"""Stores what the probe writes, as it comes, up to a bound."""

from __future__ import annotations

import os
import threading
from io import FileIO
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
        self._fault: OSError | None = None
        self._finished = False

    def __enter__(self) -> Self:
        """Hold what is written, as much as a pipe does, until it is known where to store it."""
        return self

    def store(self, path: Path) -> None:
        """Copy to ``path`` from now on, what was written until now first."""
        self._thread = threading.Thread(target=self._copy, args=(path,), daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Wait as :meth:`finish` does."""
        self.finish()

    def finish(self) -> OSError | None:
        """Wait until all that was written is stored, and return why it could not be; call when the kernel has ended."""
        self.close_far_end()
        if not self._finished:
            self._finished = True
            if self._thread is None:
                os.close(self._read_fd)
            else:
                # Unsealed, a process that escaped the kernel's group may hold the pipe open for ever.
                self._thread.join(5)
        return self._fault

    def close_far_end(self) -> None:
        """Close our copy of the kernel's end."""
        if self.write_fd >= 0:
            os.close(self.write_fd)
            self.write_fd = -1

    def _copy(self, path: Path) -> None:
        try:
            with path.open("wb", buffering=0) as file:
                while chunk := os.read(self._read_fd, _CHUNK):
                    _write(file, chunk[: self._left])
                    self._left -= min(len(chunk), self._left)
        except OSError as fault:
            self._fault = fault
            while os.read(self._read_fd, _CHUNK):  # else the kernel would wait for us, and be out of time
                pass
        os.close(self._read_fd)


def _write(file: FileIO, content: bytes) -> None:
    """Write all of it: a disk that is nearly full takes part of it, and says so only the next time."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]
