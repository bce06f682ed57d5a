"""What a cell's error means when it met a limit that holds where notebooks are graded, and perhaps not at home."""

from __future__ import annotations

import re
from collections.abc import Callable

from grader.records import CellOutcome, Message, msg


def _memory(cell: CellOutcome, _: re.Match[str]) -> Message:
    return msg(
        "Cell {cell} needs more memory than a notebook may use when it is graded. Use smaller batches, or delete "
        "arrays that are no longer needed.",
        cell=cell.number,
    )


def _disk(cell: CellOutcome, _: re.Match[str]) -> Message:
    return msg(
        "Cell {cell} writes more than a notebook may keep in files when it is graded. Write less, or keep data in "
        "arrays.",
        cell=cell.number,
    )


def _open_files(cell: CellOutcome, _: re.Match[str]) -> Message:
    return msg(
        "Cell {cell} holds too many files open at once. Close each one after use: with open(...).", cell=cell.number
    )


def _processes(cell: CellOutcome, _: re.Match[str]) -> Message:
    return msg(
        "Cell {cell} starts more processes and threads than a notebook may have when it is graded. Start fewer of "
        "them, and let each one end.",
        cell=cell.number,
    )


LIMIT_ERRORS: tuple[tuple[frozenset[str], str, Callable[[CellOutcome, re.Match[str]], Message]], ...] = (
    (frozenset({"MemoryError", "_ArrayMemoryError"}), "", _memory),
    (frozenset({"OSError"}), r"No space left on device|File too large", _disk),
    (frozenset({"OSError"}), r"Too many open files", _open_files),
    (
        frozenset({"RuntimeError", "BlockingIOError", "OSError"}),
        r"can't start new thread|Resource temporarily unavailable",
        _processes,
    ),
)
"""Names of exceptions, what their text must show, and what it means."""
