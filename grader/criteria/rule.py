"""From trainings to a verdict: one, and after a miss two more, of which the median decides."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from grader.records import Training, Verdict

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


def rule(trainings: Sequence[Training], *, limit: float, clearly_below: float) -> Ruling | None:
    """Hold trainings of one recipe against two limits.

    The first one decides when it reaches ``limit``; otherwise the median of three does. Under ``clearly_below`` it is
    failed; between the two limits, or before there are three, a person decides. A training that diverged is under any
    limit. What the trainer refused, or broke on, says nothing and is left out.

    Returns:
        None when there is nothing to judge by.

    >>> def trained(*accuracies):
    ...     return [
    ...         Training(recipe="", seed=seed, dataset="mnist", fingerprint="", profile="full", device="cpu",
    ...                  outcome="trained", test_accuracy=accuracy)
    ...         for seed, accuracy in enumerate(accuracies)
    ...     ]
    >>> rule(trained(0.98), limit=0.97, clearly_below=0.96).verdict.value
    'passed'
    >>> rule(trained(0.95, 0.98, 0.965), limit=0.97, clearly_below=0.96)
    Ruling(verdict=<Verdict.REVIEW: 'review'>, value=0.965, count=3)
    """
    values = [value for training in trainings if (value := _value(training)) is not None]
    if not values:
        return None
    if values[0] >= limit:
        return _ruling(Verdict.PASSED, values[0], 1)
    if len(values) < NEEDED:
        return _ruling(Verdict.REVIEW, values[0], 1)
    median = statistics.median(values[:NEEDED])
    missed = Verdict.FAILED if median < clearly_below else Verdict.REVIEW
    return _ruling(Verdict.PASSED if median >= limit else missed, median, NEEDED)


def _value(training: Training) -> float | None:
    if training.outcome == "diverged":
        return -math.inf
    return training.test_accuracy if training.outcome == "trained" else None


def _ruling(verdict: Verdict, value: float, count: int) -> Ruling:
    return Ruling(verdict=verdict, value=value if math.isfinite(value) else None, count=count)
