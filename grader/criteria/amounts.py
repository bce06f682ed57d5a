"""Bounds on a number: ``exactly``, ``at_least``, ``at_most``."""

from __future__ import annotations

from dataclasses import dataclass

from grader.criteria.base import Criterion
from grader.records import Message, msg


def bounds_text(exactly: int | None, at_least: int | None, at_most: int | None) -> str:
    """Write bounds in a way every language reads.

    >>> bounds_text(5, None, None), bounds_text(None, 2, None), bounds_text(None, None, 9), bounds_text(None, 2, 9)
    ('5', '≥ 2', '≤ 9', '2–9')
    """
    if exactly is not None:
        return str(exactly)
    if at_least is not None and at_most is not None:
        return f"{at_least}–{at_most}"
    return f"≥ {at_least}" if at_least is not None else f"≤ {at_most}"


@dataclass(frozen=True, kw_only=True)
class Bounded(Criterion):
    """A criterion that asks for a number: exactly one, or within bounds."""

    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None

    @property
    def amount(self) -> str:
        """The bounds in writing."""
        return bounds_text(self.exactly, self.at_least, self.at_most)

    def holds(self, number: int) -> bool:
        """Whether a number is within the bounds."""
        if self.exactly is not None:
            return number == self.exactly
        above = self.at_least is None or number >= self.at_least
        return above and (self.at_most is None or number <= self.at_most)

    def mistakes(self) -> tuple[Message, ...]:
        """Return what is wrong with the bounds."""
        given = {"exactly": self.exactly, "at_least": self.at_least, "at_most": self.at_most}
        kept = {key: value for key, value in given.items() if value is not None}
        if not kept:
            return (msg("no bounds are given; write one of exactly, at_least, at_most, as in  exactly = 2"),)
        if self.exactly is not None and len(kept) > 1:
            return (msg("exactly stands beside other bounds; write either exactly, or at_least and at_most"),)
        if any(value < 0 for value in kept.values()):
            return (msg("a bound is negative; write a whole number from 0 up"),)
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            return (
                msg(
                    "at_least = {least} is above at_most = {most}; nothing can meet both",
                    least=self.at_least,
                    most=self.at_most,
                ),
            )
        return ()
