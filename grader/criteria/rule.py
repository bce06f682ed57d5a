"""From trainings to a verdict: one, and after a miss two more, of which the median decides."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from grader.records import Training, TrainingOutcome, Verdict

NEEDED = 3
"""Trainings of which the median decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the trainings come to."""

    verdict: Verdict
    value: float | None
    """The accuracy that decides; None when that training diverged."""
    count: int
    """Trainings it was taken from: one, or the three whose median it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What trainings of one recipe are held against."""

    lower: float
    """The accuracy to reach."""
    clearly_below: float
    """Under this a median is failed."""
    upper: float = math.inf
    """The accuracy not to exceed."""
    clearly_above: float = math.inf
    """Over this a median is failed."""

    def passes(self, accuracy: float) -> bool:
        """Whether an accuracy keeps the limits."""
        return self.lower <= accuracy <= self.upper

    def fails(self, median: float) -> bool:
        """Whether a median is further away than chance explains."""
        return median < self.clearly_below or median > self.clearly_above


def rule(trainings: Sequence[Training], limits: Limits) -> Ruling | None:
    """Hold trainings of one recipe against limits.

    The first one decides when it passes; otherwise the median of three does. Clearly below, or above, it is failed;
    nearer to the limits, or before there are three, a person decides. A training that diverged is under any limit.
    What the trainer refused, or broke on, says nothing and is left out.

    Returns:
        None when there is nothing to judge by.

    >>> def trained(*accuracies):
    ...     return [
    ...         Training(recipe="", seed=seed, dataset="mnist", fingerprint="", profile="full", device="cpu",
    ...                  outcome=TrainingOutcome.TRAINED, test_accuracy=accuracy)
    ...         for seed, accuracy in enumerate(accuracies)
    ...     ]
    >>> limits = Limits(lower=0.97, clearly_below=0.96)
    >>> rule(trained(0.98), limits).verdict.value
    'passed'
    >>> rule(trained(0.95, 0.98, 0.965), limits)
    Ruling(verdict=<Verdict.REVIEW: 'review'>, value=0.965, count=3)
    """
    values = [value for training in trainings if (value := _value(training)) is not None]
    if not values:
        return None
    if limits.passes(values[0]):
        return _ruling(Verdict.PASSED, values[0], 1)
    if len(values) < NEEDED:
        return _ruling(Verdict.REVIEW, values[0], 1)
    median = statistics.median(values[:NEEDED])
    missed = Verdict.FAILED if limits.fails(median) else Verdict.REVIEW
    return _ruling(Verdict.PASSED if limits.passes(median) else missed, median, NEEDED)


def _value(training: Training) -> float | None:
    if training.outcome == TrainingOutcome.DIVERGED:
        return -math.inf
    return training.test_accuracy if training.outcome == TrainingOutcome.TRAINED else None


def _ruling(verdict: Verdict, value: float, count: int) -> Ruling:
    return Ruling(verdict=verdict, value=value if math.isfinite(value) else None, count=count)
