"""Recorded trainings put through the rule as if students had handed them in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from grader.criteria.rule import NEEDED, Ruling
from grader.records import Band, Training, Verdict

_CONFIDENCE = 0.95

Rule = Callable[[Sequence[Training], Band], Ruling | None]
"""How trainings are judged by a band."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCounts:
    """How trials ended."""

    trials: int = 0
    apart: int = 0
    """Trials that say something of their own. After a miss the two more have a part in other trials too, so these are
    the trials that share no training; where no first training missed, each trial was decided by another one."""
    missed: int = 0
    """The first training did not pass."""
    reviewed: int = 0
    failed: int = 0

    @property
    def caught(self) -> int:
        """Trials that did not pass."""
        return self.reviewed + self.failed

    def __add__(self, other: TrialCounts) -> TrialCounts:
        return TrialCounts(
            trials=self.trials + other.trials,
            apart=self.apart + other.apart,
            missed=self.missed + other.missed,
            reviewed=self.reviewed + other.reviewed,
            failed=self.failed + other.failed,
        )


def held_out(
    trainings: Sequence[Training], rule: Rule, band: Callable[[Sequence[Training]], Band | None]
) -> TrialCounts:
    """Hold trainings against the band of the others of the same recipe.

    Each in turn is a student's first training, the two after it (in the order of seeds, the first after the last) are
    the two more, and ``band`` makes the limits of all others, so that nothing is held against itself.
    """
    finished = _finished(trainings)
    return _tally(
        finished, rule, lambda three: band([one for one in finished if one.seed not in {t.seed for t in three}])
    )


def against(trainings: Sequence[Training], rule: Rule, band: Band) -> TrialCounts:
    """Hold trainings of another recipe against a band; three at a time, as :func:`held_out` does.

    Of one or two trainings, one that does not pass stays a case for a person: no median is there to decide.
    """
    return _tally(_finished(trainings), rule, lambda _: band)


def _finished(trainings: Sequence[Training]) -> list[Training]:
    return sorted((t for t in trainings if t.is_finished), key=lambda training: training.seed)


def _tally(
    trainings: Sequence[Training], rule: Rule, band_for: Callable[[Sequence[Training]], Band | None]
) -> TrialCounts:
    total = TrialCounts()
    for start in range(len(trainings)):
        three = list(islice((*trainings[start:], *trainings[:start]), NEEDED))
        band = band_for(three)
        if band is None:
            continue
        found = rule(three, band)
        assert found is not None
        total += TrialCounts(
            trials=1,
            missed=found.count == NEEDED or found.verdict is not Verdict.PASSED,
            reviewed=found.verdict is Verdict.REVIEW,
            failed=found.verdict is Verdict.FAILED,
        )
    triples = min(total.trials, max(len(trainings) // NEEDED, 1))
    return replace(total, apart=triples if total.missed else total.trials)


def interval(hits: float, trials: float) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share (Clopper and Pearson, Biometrika 26, 1934).

    Of trials that are not independent, give their effective number and as large a share of it; both may be fractions
    (Korn and Graubard, Survey Methodology 24, 1998).

    >>> [round(end, 4) for end in interval(0, 100)], [round(end, 4) for end in interval(9, 10)]
    ([0.0, 0.0362], [0.555, 0.9975])
    """
    from scipy.special import betaincinv

    tail = (1 - _CONFIDENCE) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, tail))
    high = 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 1 - tail))
    return low, high
