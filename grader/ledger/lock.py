"""One writer at a time: a lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from grader.errors import BusyError, MachineError
from grader.records import msg

_ENDED = "ended"


@contextlib.contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold the lock file until the block ends; yields whether whoever held it last came to an orderly end.

    The file itself stays, and says who held it last.

    Raises:
        BusyError: Another process holds it.
        MachineError: There are no locks where it lies.
    """
    with path.open("a+", encoding="utf-8") as file:
        try:
            _lock(file)
        except (BlockingIOError, PermissionError) as error:  # the second one on Windows, and over NFS
            file.seek(0)
            who = file.read(200).strip() or "-"
            text = msg(
                "{run}: another grader is writing this run ({who}); call again when it has ended",
                run=str(path.parent.parent),
                who=who,
            )
            raise BusyError(text) from error
        except OSError as error:
            text = msg(
                "{run}: this folder cannot be locked against a second grader ({why}); grade into a folder on a disk of "
                "this machine, or one whose file system has locks",
                run=str(path.parent.parent),
                why=error.strerror or str(error),
            )
            raise MachineError(text) from error
        file.seek(0)
        before = file.read()
        file.truncate(0)
        file.write(f"process {os.getpid()} since {_now()}\n")
        _to_disk(file)
        yield not before or _ENDED in before
        file.write(f"{_ENDED} {_now()}\n")
        _to_disk(file)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _to_disk(file: IO[str]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _lock(file: IO[str]) -> None:
    """Take the system's lock on an open file, which the system takes back when the process is gone."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(1 << 30)  # a lock there leaves the text readable
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
