"""What an export sets, leaves and cannot do: told at its end, so that nobody has to compare tables."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.records import Message, msg

_MOST_NAMES = 30


class SkipReason(enum.Enum):
    """Why a grade is not touched: exactly one of these."""

    IN_REVIEW = "in review"
    NOTHING = "nothing handed in"
    NOT_GRADED = "not graded in every task of the run"
    LOCKED = "locked in the LMS"
    EXCUSED = "excused in the LMS"
    NO_ID = "the run knows no id of theirs"
    NOT_IN_TABLE = "graded, and not in the table"
    NOT_IN_RUN = "handed in, and not in the run"
    UNKNOWN = "in the table, and nothing in the run says whether they handed in"


PARTIAL = (SkipReason.NOT_IN_TABLE, SkipReason.NOT_IN_RUN, SkipReason.UNKNOWN, SkipReason.NO_ID)
"""Where run and LMS do not cover each other: an error unless the lecturer allows it."""

_LINES: Mapping[SkipReason, Message] = {
    SkipReason.IN_REVIEW: msg("Not touched, points wait for the lecturer: {count} ({names})"),
    SkipReason.NOTHING: msg("Not touched, nothing handed in: {count} ({names})"),
    SkipReason.NOT_GRADED: msg("Not touched, not graded in every task of the run: {count} ({names})"),
    SkipReason.LOCKED: msg("Not touched, locked in the LMS: {count} ({names})"),
    SkipReason.EXCUSED: msg("Not touched, excused or not assigned in the LMS: {count} ({names})"),
    SkipReason.NO_ID: msg("Not touched, the run knows no id of theirs: {count} ({names})"),
    SkipReason.NOT_IN_TABLE: msg("Graded, and not in the table: {count} ({names})"),
    SkipReason.NOT_IN_RUN: msg("Handed in according to the table, and not in the run: {count} ({names})"),
    SkipReason.UNKNOWN: msg("In the table, and nothing in the run says whether they handed in: {count} ({names})"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportOptions:
    """What the lecturer decided about an export."""

    missing_as_zero: bool = False
    """Nothing handed in is a zero."""
    feedback: bool = True
    """Comments go along, where the format has them."""


@dataclass(slots=True)
class Account:
    """The account of one export; students by their labels."""

    set: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    zeros: list[str] = field(default_factory=list)
    left: dict[SkipReason, list[str]] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)
    """Who is in the run and not graded yet."""
    notes: list[Message] = field(default_factory=list)

    def leave(self, label: str, why: SkipReason) -> None:
        """Note a student whose grade is not touched."""
        self.left.setdefault(why, []).append(label)

    def give(self, label: str, *, zero: bool, changed: bool = True) -> None:
        """Note a grade that is handed back."""
        (self.set if changed else self.unchanged).append(label)
        if zero:
            self.zeros.append(label)

    @property
    def partial(self) -> bool:
        """Run and LMS do not cover each other."""
        return any(why in self.left for why in PARTIAL)

    def lines(self) -> Iterator[Message]:
        """Yield the account, a sentence a line."""
        yield msg("Grades to set: {count}", count=len(self.set))
        yield msg("Grades that stay the same: {count}", count=len(self.unchanged))
        for why in SkipReason:
            if labels := self.left.get(why):
                yield Message(_LINES[why].text, {"count": len(labels), "names": _names(labels)})
        if self.zeros:
            yield msg("Zero grades: {count} ({names})", count=len(self.zeros), names=_names(self.zeros))
        if self.unfinished:
            count = len(self.unfinished)
            yield msg("Not graded yet and left out: {count} ({names})", count=count, names=_names(self.unfinished))
        yield from self.notes


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What an export has made; nothing is written yet."""

    files: Mapping[str, bytes]
    """By file name, slashes for folders."""
    account: Account


def _names(labels: Sequence[str]) -> str:
    return ", ".join(labels[:_MOST_NAMES]) + (", ..." if len(labels) > _MOST_NAMES else "")
