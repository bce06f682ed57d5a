"""What is said about a place in a notebook."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from grader.records import Message


class Severity(enum.StrEnum):
    """How much a note weighs."""

    FAILS = "fails"
    """The cell will stop."""
    OLD = "old"
    """An old spelling, which is understood where notebooks are graded: the cell stops in today's Colab alone."""
    ABSENT = "absent"
    """The task is not there."""
    WARNS = "warns"
    """It runs, and is probably not what was meant, or does not look as it should."""
    UNSURE = "unsure"
    """Cannot be told without running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing that the source tells."""

    severity: Severity
    what: Message
    cell: int | None = None
    """Number among the code cells that are not empty, from 1, as everywhere; None when it concerns the notebook."""
    line: int | None = None
    """In the cell, from 1."""
    code: str = ""
    """The piece of code."""
    write: str = ""
    """Code to write instead."""
