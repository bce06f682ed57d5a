"""How often the whole rule is wrong about an honest model: exact arithmetic, for accuracies of normal distribution.

The band comes from K trainings, so its limits vary; the student's first training may miss; then the median of three
decides. All of it is one integral over the band's mean and spread, taken here numerically. Whether real trainings
keep to it is another question, which ``grader reference verify`` asks of recorded ones.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STRICTER = 1000
"""The limit of what is clearly below is set for alpha divided by this.

For normal accuracies 10 would do. Those of short trainings have a longer lower tail: with 10 an honest model like
example 3 on real MNIST fails in 0.2 % of all cases, with 1000 in 0.02 % (:func:`grader.reference.resampled`).
"""
_MEANS = 40
_SPREADS = 400
_HALVINGS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """What may happen to one honest model, as shares."""

    missed: float
    """The first training is under the limit, and two more are bought."""
    reviewed: float
    """The median is under the limit too, but not clearly below."""
    failed: float


def chances(count: int, alpha: float) -> Chances:
    """Return what happens to an honest model under a band of ``count`` trainings.

    Args:
        count: Reference trainings, 2 or more.
        alpha: Chance that one training misses the lower limit.

    >>> found = chances(20, 0.01)
    >>> round(found.missed, 3), found.failed < found.reviewed < found.missed ** 1.5
    (0.01, True)
    """
    from scipy.special import ndtr

    means, spreads, weights = _bands(count)
    limit, clearly = (ndtr(means - width(count, one) * spreads) for one in (alpha, alpha / STRICTER))
    missed = float((weights * limit).sum())
    not_passed = float((weights * limit * _one_of_two(limit)).sum())
    # The first is clearly below and so is one of the others; or it only missed, and both others are clearly below.
    failed = float((weights * (clearly * _one_of_two(clearly) + (limit - clearly) * clearly**2)).sum())
    return Chances(missed=missed, reviewed=not_passed - failed, failed=failed)


@functools.lru_cache(maxsize=256)
def alpha_for(count: int, risk: float) -> float:
    """Return the chance to give the first training, so that an honest model does not pass with chance ``risk``.

    The rule forgives most first misses, so this is larger than ``risk``, and the more so the better the reference is
    known.

    Args:
        count: Reference trainings, 2 or more.
        risk: Chance that an honest model ends as failed or in review; under 1/4.

    >>> [round(alpha_for(count, 0.2 / 300), 4) for count in (3, 5, 20)]
    [0.0015, 0.0029, 0.0112]
    """
    low, high = math.log(risk), math.log(0.5)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = chances(count, math.exp(middle))
        low, high = (low, middle) if found.reviewed + found.failed > risk else (middle, high)
    return math.exp(low)


def _one_of_two(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 - (1 - share) ** 2


def width(count: int, alpha: float) -> float:
    """Return how many measured spreads a limit with the chance ``alpha`` lies under the mean of ``count`` trainings."""
    from scipy.special import stdtrit

    return float(stdtrit(count - 1, 1 - alpha)) * math.sqrt(1 + 1 / count)


@functools.lru_cache(maxsize=256)
def _bands(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return means (n, 1) and spreads (1, m) that a band of a standard normal may have, and their weights (n, m)."""
    from scipy.special import chdtri

    nodes, masses = np.polynomial.hermite_e.hermegauss(_MEANS)
    # Quantiles of the spread, denser towards 0: a spread measured too small does most of the harm.
    root = (np.arange(_SPREADS) + 0.5) / _SPREADS
    spreads = np.sqrt(chdtri(count - 1, 1 - root**2) / (count - 1))
    weights = masses[:, None] / math.sqrt(2 * math.pi) * (2 * root / _SPREADS)[None, :]
    return nodes[:, None] / math.sqrt(count), spreads[None, :], weights
