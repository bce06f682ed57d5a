"""Disks: which belong to this machine alone, so that no other can be reading from them; and waiting for one."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from grader.errors import MachineError
from grader.records import msg

_LOCAL = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "overlay", "tmpfs", "apfs", "hfs", "ntfs"}
)
"""File systems of one machine, as the system calls them; one that is not known may be shared."""


def is_of_this_machine(folder: Path) -> bool:
    """Whether a folder lies on a disk that no other machine reads; False also where the system does not say."""
    import psutil

    place = folder.resolve()
    try:
        kinds = {Path(one.mountpoint): one.fstype for one in psutil.disk_partitions(all=True)}
    except (OSError, psutil.Error):
        return False
    return next((kinds[one].lower() in _LOCAL for one in (place, *place.parents) if one in kinds), False)


def flush(folder: Path) -> None:
    """Wait until the disk below a folder has everything that was written to it.

    Raises:
        MachineError: The disk is broken.
    """
    if sys.platform == "linux":
        handle = os.open(folder, os.O_RDONLY)
        try:
            failed = ctypes.CDLL(None).syncfs(handle)  # of this disk only: another one may be a server that is gone
        finally:
            os.close(handle)
        if failed:
            raise MachineError(
                msg("{folder}: the disk did not take what was written; look at the system's log", folder=str(folder))
            )
    elif hasattr(os, "sync"):  # on Windows the system writes when it likes, and checksums tell what it did not
        os.sync()
