"""What the system refuses, as an error that a person can mend; anything else that goes wrong is a fault of ours."""

from __future__ import annotations

import os

from grader.errors import MachineError
from grader.records import msg


def refusal_of(error: OSError) -> MachineError | None:
    """Return what to say of a file or disk that the system refuses; None where nobody but us could mend it."""
    from grader.ledger import is_full_disk

    if isinstance(error.filename, str | bytes | os.PathLike):
        text = msg(
            "cannot read or write {path} ({why}); look at its rights, or name another place",
            path=os.fsdecode(error.filename),
            why=error.strerror or type(error).__name__,
        )
        return MachineError(text)
    if is_full_disk(error):
        return MachineError(msg("the disk is full; free some space, then call again"))
    return None
