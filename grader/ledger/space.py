"""Room on the disk: a full one stops the run before it spoils a grade."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from grader.errors import MachineError
from grader.records import msg

_LEAST_FREE = 64 << 20


def require_space(out: Path) -> None:
    """Make sure that there is room for a run to go on.

    Raises:
        MachineError: The disk is as good as full.
    """
    if shutil.disk_usage(out).free < _LEAST_FREE:
        raise disk_full(out)


def disk_full(out: Path) -> MachineError:
    """Return what to raise when the disk is full."""
    return MachineError(
        msg(
            "{run}: the disk is full; free some space, then call `grader resume {run}`: what was recorded is safe",
            run=str(out),
        )
    )


def is_full_disk(error: OSError) -> bool:
    """Whether an error means that the disk is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
