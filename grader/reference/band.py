"""The band a student's accuracy is held against: one formula, in this one place.

After MLPerf's reference convergence points, with three faults mended: the limit is a prediction limit for one
training (their test compares means), the spread never falls under one test item, and a miss is not yet a failure.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from grader.records import Band
from grader.reference.chances import STRICTER, alpha_for, width

FEWEST = 3
"""Trainings under this number give no band."""


def band_of(reference: str, accuracies: Sequence[float], *, num_test: int, risk: float) -> Band:
    """Return the band for one further training, from K independent ones.

    With mean ``m`` and standard deviation ``s`` of the K accuracies, ``s`` at least one test item, a limit is the
    one-sided prediction limit ``m - t(1 - chance, K - 1) * s * sqrt(1 + 1 / K)`` (Hahn and Meeker, Statistical
    Intervals, 1991, section 4.7):

    - ``lower``, the limit for one training, has the chance ``alpha`` of :func:`alpha_for`: under it two more are
      bought, and an honest model does not pass in the end with chance ``risk``;
    - ``clearly_below``, under which a median of three is failed, has ``alpha / 1000``;
    - ``upper`` mirrors the lower limit with the chance ``risk``: a signal, and a limit for criteria of both sides.

    Args:
        reference: Name the band carries.
        accuracies: K >= 3 test accuracies, shares between 0 and 1.
        num_test: Size of the test split; accuracies are multiples of ``1 / num_test``.
        risk: Chance that an honest model ends as failed or in review; the cohort says, 0.2 of 300 as shipped.

    >>> band = band_of("example", [0.97, 0.98, 0.98, 0.98, 0.99], num_test=10_000, risk=0.01)
    >>> round(band.mean, 3), round(band.spread, 5), round(band.alpha, 4)
    (0.98, 0.00707, 0.0344)
    >>> round(band.lower, 3)  # t(1 - 0.0344, 4) = 2.47; 0.98 - 2.47 * 0.00707 * sqrt(6 / 5)
    0.961
    >>> round(band.clearly_below, 3)  # t(1 - 0.0000344, 4) = 17.08
    0.848
    >>> band_of("coin", [0.5, 0.5, 0.5], num_test=100, risk=0.01).spread  # never zero
    0.01
    """
    count = len(accuracies)
    mean, spread = statistics.fmean(accuracies), max(statistics.stdev(accuracies), 1 / num_test)
    alpha = alpha_for(count, risk)

    def away(chance: float) -> float:
        return width(count, chance) * spread

    return Band(
        reference=reference,
        mean=mean,
        spread=spread,
        count=count,
        lower=mean - away(alpha),
        clearly_below=mean - away(alpha / STRICTER),
        upper=mean + away(risk),
        alpha=alpha,
    )
