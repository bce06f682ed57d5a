"""A folder for what archives hold: it goes with its process, and one of a process that was killed with the next call.

What students handed in must not stay behind in a folder for temporary files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from grader.ledger.disks import is_of_this_machine

_PREFIX = "grader-handed-in-"
_IN_USE = "in-use"
"""A file that the process of the folder holds locked as long as it lives."""
_YOUNG_SECONDS = 3600.0
"""A folder this young is left alone: its process may not have come to the lock yet."""


@contextlib.contextmanager
def room() -> Iterator[Path]:
    """Yield an empty folder that goes when the block ends; remove those that killed processes of this user left."""
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name, (Path(name) / _IN_USE).open("w") as file:
        _lock(file)
        inside = Path(name) / "files"
        inside.mkdir()
        yield inside


def _sweep(place: Path) -> None:
    if sys.platform == "win32" or not is_of_this_machine(place):  # a lock there may say nothing of other machines
        return
    for folder in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # somebody else's, or gone by now
            if _is_left_behind(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_left_behind(folder: Path) -> bool:
    facts, sign = folder.lstat(), folder / _IN_USE
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or sign.is_symlink() or not sign.is_file():
        return False
    if time.time() - sign.stat().st_mtime < _YOUNG_SECONDS:
        return False
    with sign.open("r+") as file:
        return _lock(file)


def _lock(file: IO[str]) -> bool:
    """Take the lock on a file until it is closed; tells whether this system and the other processes allow it."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
