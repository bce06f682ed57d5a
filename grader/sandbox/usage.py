"""What a process and all under it hold and use.

Resident memory is cheap to ask for and counts a page once for each process that sees it, so that children of a process
with TensorFlow seem to weigh as much as it does. The proportional share (PSS, proc_pid_smaps(5)) counts it once, and
Linux walks every page for that: 7 ms for 600 MB. It is asked for only where resident memory is too much.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import NamedTuple

import psutil

_WEIGHTS = "/proc/{}/smaps_rollup"
_SECONDS = 1.5
"""So long a family may take to be weighed; the rest of it then counts as resident."""


class Usage(NamedTuple):
    """What a process and all under it use."""

    resident_bytes: int
    cpu_seconds: float
    """Processor time so far; that of processes which have ended counts on."""
    num_threads: int
    """Threads of all processes, at least one each."""


def usage_of(pid: int) -> Usage:
    """Return what a process and all under it hold now; zeros when they are gone."""
    held, worked, tasks = 0, 0.0, 0
    for process in _family(pid):
        with contextlib.suppress(psutil.Error), process.oneshot():
            held += process.memory_info().rss
            worked += sum(process.cpu_times()[:4])  # user, system, and both of children that have ended
            tasks += process.num_threads()
    return Usage(held, worked, tasks)


def held_bytes(pid: int, most: int) -> int:
    """Return what a process and all under it hold, pages they share once, as far as it takes to compare with ``most``.

    As soon as it is known to be more, or to be no more whatever is left weighs, nothing else is asked. What cannot be
    read, or not in time, counts as resident: more than it holds, never less.
    """
    resident = {}
    for process in _family(pid):
        with contextlib.suppress(psutil.Error):
            resident[process.pid] = process.memory_info().rss
    deadline = time.monotonic() + _SECONDS
    counted, left = 0, sum(resident.values())
    for one in sorted(resident, key=resident.__getitem__, reverse=True):
        if counted > most or counted + left <= most or time.monotonic() > deadline:
            break
        left -= resident[one]
        counted += _share(one, resident[one])
    return counted + left


def _family(pid: int) -> list[psutil.Process]:
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.Error:
        return []


def _share(pid: int, resident: int) -> int:
    try:
        lines = Path(_WEIGHTS.format(pid)).read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration, ValueError):
        return resident if psutil.pid_exists(pid) else 0
