"""A bound on the memory of all processes in a room together, held by Linux itself, where a control group was delegated.

Limits of a process and the watchdog need no rights and always hold. A control group (cgroups(7), version 2) sees more:
what many processes take between two looks of the watchdog, files in memory, and memory that belongs to no process. A
group is delegated when its folder is ours to write and nobody but us runs in it, as after
``systemd-run --user --scope -p Delegate=yes grader grade ...``. Linux lets only leaves hold processes, so we move into
one ourselves, and each sealed process gets one beside it.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from grader.records import Limits

_OURS = "workbook-grader"
"""The leaf in which the grader itself runs."""
_SEALED = "sealed-{pid}-{number}"
_NEEDED = frozenset({"memory", "pids"})
_ENTER = 'echo 0 > "$0" && exec "$@"'
_TRIES = 200
_counter = itertools.count()


class ControlGroup:
    """A leaf for one sealed process and all it starts."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, a group without processes."""
        self._folder = folder
        self._ran_out = False

    def entering(self, command: Sequence[str]) -> list[str]:
        """Return a command that steps into the group and then becomes ``command``."""
        return [_shell(), "-c", _ENTER, str(self._folder / "cgroup.procs"), *command]

    def ran_out(self) -> bool:
        """Tell whether Linux ended processes in it for the memory they held; also after :meth:`remove`."""
        with contextlib.suppress(OSError):
            events = dict(line.split() for line in (self._folder / "memory.events").read_text("ascii").splitlines())
            self._ran_out = self._ran_out or int(events.get("oom_kill", "0")) > 0
        return self._ran_out

    def remove(self) -> None:
        """End whatever still runs in it, and remove it."""
        self.ran_out()
        for _ in range(_TRIES):
            with contextlib.suppress(OSError):
                (self._folder / "cgroup.kill").write_text("1", "ascii")  # Linux 5.14; before, wrappers do it alone
            try:
                self._folder.rmdir()
            except FileNotFoundError:
                return
            except OSError:  # its last process is still ending
                time.sleep(0.01)
            else:
                return


def new_group(limits: Limits, *, bytes_of_files: int, threads: int) -> ControlGroup | None:
    """Make a group for a room; None where none was delegated to us.

    Args:
        limits: of the notebook; a process may hold so much memory.
        bytes_of_files: how much its writable folders take when they are full. They lie in memory too, so that what the
            other limits allow is never ended by this one.
        threads: processes and threads together.
    """
    base = delegated()
    if base is None:
        return None
    folder = base / _SEALED.format(pid=os.getpid(), number=next(_counter))
    try:
        folder.mkdir()
        _set(folder, "memory.max", (limits.memory_mb << 20) + bytes_of_files)
        _set(folder, "memory.oom.group", 1)
        _set(folder, "pids.max", threads)
        with contextlib.suppress(OSError):  # there where the machine can swap
            _set(folder, "memory.swap.max", 0)
    except OSError:
        with contextlib.suppress(OSError):
            folder.rmdir()
        return None
    return ControlGroup(folder)


@functools.cache
def delegated() -> Path | None:
    """Return the group below which we may make others, once we have moved out of the way; None where there is none."""
    try:
        own = own_group(Path("/proc/self/cgroup").read_text("utf-8"), Path("/proc/self/mountinfo").read_text("utf-8"))
        return None if own is None else _make_way(own)
    except (OSError, ValueError, psutil.Error):
        return None


def own_group(groups: str, mounts: str) -> Path | None:
    """Return the folder of this process's group, from what ``/proc/self/cgroup`` and ``mountinfo`` say.

    >>> own_group("0::/user/a", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw")
    PosixPath('/sys/fs/cgroup/user/a')
    """
    inside = next((line[3:] for line in groups.splitlines() if line.startswith("0::")), None)
    if inside is None:
        return None
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[:1] == ["cgroup2"]:
            root, point = before.split()[3:5]
            if Path(inside).is_relative_to(root):
                return Path(point) / Path(inside).relative_to(root)
    return None


def _make_way(own: Path) -> Path | None:
    if own.name == _OURS:  # a process of ours has been here before, and started this one
        return own.parent if _words(own.parent / "cgroup.subtree_control") >= _NEEDED else None
    if not (_words(own / "cgroup.controllers") >= _NEEDED and os.access(own / "cgroup.procs", os.W_OK)):
        return None
    inhabitants = _words(own / "cgroup.procs")
    family = {os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True))}
    if not {int(pid) for pid in inhabitants} <= family:
        return None
    leaf = own / _OURS
    leaf.mkdir(exist_ok=True)
    for pid in inhabitants:
        _set(leaf, "cgroup.procs", int(pid))
    _set(own, "cgroup.subtree_control", " ".join(f"+{name}" for name in sorted(_NEEDED)))
    for left in _left_behind(own):
        with contextlib.suppress(OSError):
            left.rmdir()
    return own


def _left_behind(base: Path) -> Iterator[Path]:
    """Yield groups whose maker was killed."""
    for folder in base.glob(_SEALED.format(pid="*", number="*")):
        if not psutil.pid_exists(int(folder.name.split("-")[1])):
            yield folder


def _words(file: Path) -> set[str]:
    return set(file.read_text("ascii").split())


def _set(folder: Path, name: str, value: int | str) -> None:
    (folder / name).write_text(str(value), "ascii")


@functools.cache
def _shell() -> str:
    return shutil.which("sh") or "/bin/sh"
