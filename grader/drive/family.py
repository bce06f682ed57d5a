"""The end of everything this process started, at whatever moment it comes.

Bubblewrap asks the kernel to be killed when its parent dies, but only once it runs: one whose parent is gone by then
stays. So the driving process takes orphans in, and does not go before the last of them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
import time

import psutil

_SET_CHILD_SUBREAPER = 36
"""prctl(2): processes below this one that lose their parent become our children, not those of init."""
_SECONDS = 10.0

birth = threading.Lock()
"""To be held while a process is started: after :func:`kill_family` there are no more."""


def adopt_orphans() -> None:
    """Become the parent of every process below this one whose own parent ends."""
    with contextlib.suppress(AttributeError):  # Linux alone has it; elsewhere there is no bubblewrap either
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_family() -> None:
    """Kill the processes below this one until none is left, and let none begin; gives up after ten seconds."""
    birth.acquire(timeout=_SECONDS)  # for good
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        family = psutil.Process().children(recursive=True)
        if not family:
            return
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()
        # What has ended is listed until somebody asks for its exit status.
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        time.sleep(0.01)
