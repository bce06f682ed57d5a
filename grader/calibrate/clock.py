"""How long a recording still takes, from the trainings that are done."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence


class Clock:
    """Counts trainings down, and knows what those of each record take.

    >>> clock = Clock({"small": 2, "large": 2}, {"small": [10.0, 12.0, 11.0]})
    >>> clock.left  # nothing is known of the large one yet, so it counts like the others
    44.0
    >>> clock.done("large", 100.0)
    >>> clock.left
    122.0
    """

    def __init__(self, missing: Mapping[str, int], known: Mapping[str, Sequence[float]]) -> None:
        """Start.

        Args:
            missing: How many trainings each record lacks.
            known: Seconds of those it has.
        """
        self._missing = dict(missing)
        self._took = {name: list(known.get(name, ())) for name in missing}

    def done(self, name: str, seconds: float) -> None:
        """A training of a record is done."""
        self._missing[name] -= 1
        self._took[name].append(seconds)

    @property
    def left(self) -> float:
        """Seconds still to go; a record without any training counts like the others."""
        every = [seconds for took in self._took.values() for seconds in took] or [0.0]
        return sum(count * statistics.median(self._took[name] or every) for name, count in self._missing.items())
