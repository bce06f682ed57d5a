"""How long a recording still takes, from the trainings that are done and those under way."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from types import MappingProxyType


class Clock:
    """Counts trainings down, and knows what those of each record take.

    >>> clock = Clock({"small": 2, "large": 2}, {"small": [10.0, 12.0, 11.0]})
    >>> clock.left()  # nothing is known of the large one yet, so it counts like the others
    44.0
    >>> clock.done("large", 100.0)
    >>> clock.left()
    122.0
    >>> clock.left({"large": [(30.0, 0.25)]})  # a quarter is trained, and the whole will take 120 s, not 100
    104.5
    """

    def __init__(self, missing: Mapping[str, int], known: Mapping[str, Sequence[float]], at_once: int = 1) -> None:
        """Start.

        Args:
            missing: How many trainings each record lacks.
            known: Seconds of those it has.
            at_once: How many of one record are trained side by side.
        """
        self._missing = dict(missing)
        self._took = {name: list(known.get(name, ())) for name in missing}
        self._at_once = at_once

    def done(self, name: str, seconds: float) -> None:
        """A training of a record is done."""
        self._missing[name] -= 1
        self._took[name].append(seconds)

    def left(self, under_way: Mapping[str, Sequence[tuple[float, float]]] = MappingProxyType({})) -> float:
        """Return the seconds still to go; a record without any training counts like the others.

        Args:
            under_way: Seconds and share of each training of a record that has begun.
        """
        begun = {name: under_way.get(name, ()) for name in self._missing}
        took = {name: [*self._took[name], *(s / share for s, share in begun[name])] for name in self._missing}
        every = [seconds for record in took.values() for seconds in record] or [0.0]
        total = 0.0
        for name, missing in self._missing.items():
            trained = sum(share for _, share in begun[name])
            side_by_side = max(1, min(self._at_once, missing))
            total += (missing - trained) * statistics.median(took[name] or every) / side_by_side
        return total
