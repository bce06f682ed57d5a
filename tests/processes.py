"""Looking at processes that may end at any moment: what has ended has no name, no words, and runs no more."""

from __future__ import annotations

from collections.abc import Iterable

import psutil


def below(pid: int) -> list[psutil.Process]:
    """Return the processes below one, all generations; none where it has ended."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def words_of(process: psutil.Process) -> list[str]:
    """Return a process's command line, empty for one that has ended, a zombie too."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def name_of(process: psutil.Process) -> str:
    """Return a process's name, empty for one that has ended."""
    try:
        return process.name()
    except psutil.Error:
        return ""


def runs(process: psutil.Process) -> bool:
    """Return whether a process is there and not a zombie."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def running_after(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Return those that still run when all have ended or the seconds are over."""
    _, left = psutil.wait_procs(list(processes), timeout=seconds)
    return [process for process in left if runs(process)]
