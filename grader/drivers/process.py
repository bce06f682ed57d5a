"""One driving process: started, given its job, waited for, ended."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from grader.clock import Clock

_END_SECONDS = 15
"""From the end of its standard input to the end of the driving process, with time to kill what it started."""
_STDERR_TAIL = 2_000
_LOOK_SECONDS = 5.0
"""How often somebody who waits for the process looks at the notebook's clock."""
STOP, GO_ON = b"stop the clock\n", b"the clock goes on\n"
"""Said to the process besides its orders, which are JSON and paths."""


class Driver:
    """``python -m grader.drive`` for one notebook, with its kernel ready before the notebook is known or not."""

    def __init__(self, *, linked: bool) -> None:
        """Prepare a process; it starts with :meth:`start_ahead` or :meth:`drive`.

        Args:
            linked: Make a link between its kernel and us.
        """
        self.near: socket.socket | None = None
        self._far: socket.socket | None = None
        if linked:
            self.near, self._far = socket.socketpair()
        self._clock = Clock()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def link_fd(self) -> int | None:
        """The number that the kernel's end of the link has in the driving process."""
        return None if self._far is None else self._far.fileno()

    def start_ahead(self, standing: Mapping[str, Any]) -> None:
        """Start it with a job whose notebook is not known yet; nothing of that lies in a file."""
        self._start("--ahead")
        self._order(json.dumps({**standing, "link_fd": self.link_fd}).encode() + b"\n")

    def alive(self) -> bool:
        """Tell whether it has started and not ended."""
        return self._process is not None and self._process.poll() is None

    def drive(self, job_file: Path, seconds: float) -> bool:
        """Run a job to its end, or kill it after ``seconds``; tells whether it ended by itself."""
        if self._process is None:
            self._start(str(job_file))
        else:
            self._order(os.fsencode(job_file) + b"\n")
        try:
            return self._ends_within(seconds)
        finally:
            self._end()

    def _ends_within(self, seconds: float) -> bool:
        assert self._process is not None
        deadline = self._clock.now() + seconds
        while (left := deadline - self._clock.now()) > 0:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(min(left, _LOOK_SECONDS))
                return True
        return False

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Stop the notebook's clock while its kernel waits for us; from any thread, one at a time."""
        with self._clock.stopped():
            self._order(STOP)
            try:
                yield
            finally:
                self._order(GO_ON)

    def told(self) -> str:
        """Return the end of what it printed."""
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - _STDERR_TAIL))
        return self._errors.read().decode(errors="replace").strip()

    def hang_up(self) -> None:
        """End the link: nothing more is asked on it."""
        if self.near is not None:
            with contextlib.suppress(OSError):
                self.near.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the process with its kernel, and the link."""
        self._end()
        for end in (self.near, self._far):
            if end is not None:
                end.close()
        self._errors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            # -P: a folder called `grader` where we happen to be called must not be taken for us.
            [sys.executable, "-P", "-m", "grader.drive", *arguments],
            # That it closes is how the process learns of our end.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            pass_fds=[] if self._far is None else [self._far.fileno()],
            # Ctrl-C is for us; the process follows when we end.
            start_new_session=True,
        )

    def _order(self, line: bytes) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        # It may just have ended, or have been ended: no outcome is there, which says so.
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def _end(self) -> None:
        """Let the process take its kernel along; kill it when it does not go."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
