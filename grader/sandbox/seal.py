"""What a seal is: it turns a command into a process that sees nothing of this machine but what it is given.

A :class:`Seal` makes a :class:`Room` (what lies in it, how large it may grow), the room starts processes, and a
:class:`Running` process is signalled, weighed and reached from outside.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, Protocol

import psutil

from grader.records import Limits
from grader.sandbox.cgroup import ControlGroup
from grader.sandbox.usage import Usage, held_bytes, usage_of

HOME = "/home/student"
WORK = "/home/student/work"
"""The folder a process starts in, writable; files that are handed in lie here."""
RUN = "/run/kernel"
"""A small writable folder for sockets."""
PATH = "/usr/local/bin:/usr/bin:/bin"
WRAPPERS = 8
"""Processes of the sandbox itself, and a few that have just ended."""
_GONE_TRIES = 200

Stream = int | IO[Any]


class Room(Protocol):
    """A prepared place for processes."""

    def path(self, inside: str) -> str:
        """Return how a process in the room names what lies at ``inside``, an absolute path such as ``/data``."""
        ...

    def start(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        pass_fds: Sequence[int] = (),
        stdin: Stream = subprocess.DEVNULL,
        stdout: Stream = subprocess.DEVNULL,
        stderr: Stream = subprocess.DEVNULL,
    ) -> Running:
        """Start ``argv`` with exactly this environment.

        Start from a thread that outlives the process: the sandbox dies with the thread that started it. Give pipes
        and not files, unless the process may fill a file outside.

        Raises:
            OSError: the sandbox's own programs cannot be started.
        """
        ...


class Seal(Protocol):
    """A way of sealing processes off."""

    @property
    def name(self) -> str:
        """``bubblewrap`` or ``none``, as the reports say it."""
        ...

    @property
    def description(self) -> str:
        """What holds here beside the promises, for the record of a run."""
        ...

    def room(
        self,
        *,
        limits: Limits,
        binds: Mapping[str, Path] | None = None,
        files: Mapping[str, Path | bytes] | None = None,
        devices: Sequence[Path] = (),
    ) -> AbstractContextManager[Room]:
        """Prepare a room.

        Args:
            limits: memory, processes, and the size of each writable folder.
            binds: absolute path inside -> file or folder of this machine, readable only.
            files: absolute path inside -> file or content, given as a writable copy.
            devices: device nodes of this machine that may be used; for code of strangers only if a person says so.
        """
        ...


class Running:
    """A started process in a room, with the wrappers around it."""

    def __init__(
        self,
        popen: subprocess.Popen[bytes],
        *,
        locate: Callable[[int], int | None],
        root: Callable[[int], str],
        own_folders: Sequence[str] = (),
        group: ControlGroup | None = None,
    ) -> None:
        """Wrap ``popen``.

        Args:
            popen: the outermost wrapper.
            locate: finds the real process under it.
            root: where that one's ``/`` is for us.
            own_folders: the writable folders, where each is a file system of its own.
            group: the control group it runs in, where there is one.
        """
        self.popen = popen
        self._group = group
        self._own_folders = own_folders
        self._locate = locate
        self._root = root
        self._pid: int | None = None

    @property
    def pid(self) -> int | None:
        """Process id, as seen from here, of the command itself; None while the wrappers are still at work."""
        if self._pid is None:
            self._pid = self._locate(self.popen.pid)
        return self._pid

    def alive(self) -> bool:
        """Tell whether the process, or the wrapper that stands for it, still runs."""
        return self.popen.poll() is None

    def reach(self, inside: str) -> Path | None:
        """Return where ``inside`` can be opened from here; None as long as the process is not up."""
        return None if self.pid is None else Path(self._root(self.pid) + inside)

    def interrupt(self) -> None:
        """Send SIGINT to the command itself, never to the wrappers: those would end and take it along."""
        if self.pid is not None and self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGINT)

    def kill(self) -> None:
        """End the process and everything it started, and wait until it is gone."""
        sealed = self.pid if self.alive() else None
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        if sealed is not None:
            _wait_until_gone(sealed)
        if self._group is not None:
            self._group.remove()

    def ran_out_of_memory(self) -> bool:
        """Tell whether Linux ended it for the memory that all its processes held together."""
        return self._group is not None and self._group.ran_out()

    def usage(self) -> Usage:
        """Return what all processes under this one hold now; zeros when they are gone."""
        return usage_of(self.popen.pid)

    def held_bytes(self, most: int) -> int:
        """Return what all processes under this one hold together, exact enough to compare with ``most``."""
        return held_bytes(self.popen.pid, most)

    def num_files(self) -> int:
        """Return how many files, folders and links were made in the sealed folders; 0 without a seal."""
        made = 0
        for folder in self._own_folders:
            with contextlib.suppress(OSError):
                system = os.statvfs(self.reach(folder) or folder)
                made += system.f_files - system.f_ffree
        return made


def _wait_until_gone(pid: int) -> None:
    """Wait for a process that is not our child: the Linux kernel ends it a moment after its wrappers."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for _ in range(_GONE_TRIES):
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return
            time.sleep(0.01)


def most_threads(limits: Limits) -> int:
    """Return how many processes and threads together ``limits`` allow on this machine."""
    # Threads count too, and numpy and TensorFlow start several for each processor.
    return limits.processes + 6 * (os.cpu_count() or 1)


def rlimits(limits: Limits) -> list[str]:
    """Return the ``prlimit`` options that follow from ``limits``; the number of processes is not among them."""
    return [
        f"--data={limits.memory_mb << 20}",
        f"--fsize={limits.scratch_mb << 20}",
        "--nofile=1024:1024",
        "--core=0",
    ]
