"""How often the rule is wrong about honest models whose accuracies are spread as those on record.

:mod:`grader.reference.chances` takes them for normal. The accuracy of a short training has a longer lower tail: the
last step may have been a bad one. So here references and students are drawn from the recorded accuracies themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grader.reference.chances import STRICTER, Chances, alpha_for, width

_DRAWS = 100_000


def resampled(accuracies: Sequence[float], *, num_test: int, risk: float, margin: float = 0.0) -> Chances:
    """Return what happens to an honest model, by a smoothed bootstrap of K recorded accuracies.

    Each draw makes a band of K accuracies and holds three more against it. Drawn values are shaken by a normal kernel
    of the width ``0.9 min(s, IQR / 1.34) K ** (-1 / 5)`` (Silverman, Density Estimation, 1986, sections 3.4.2 and
    6.4.1), as there are few different ones; ``s`` alone counts where half of them are the same. The same values give
    the same result.

    Args:
        accuracies: K >= 3 test accuracies, shares between 0 and 1.
        num_test: Size of the test split.
        risk: As :func:`grader.reference.band_of` takes it.
        margin: How far under the band's limits is still good, a share.

    >>> tailed = [0.99] * 17 + [0.986, 0.985, 0.984]
    >>> found = resampled(tailed, num_test=10_000, risk=0.2 / 300)
    >>> found.missed > found.reviewed > found.failed
    True
    """
    known, count = np.asarray(accuracies, dtype=float), len(accuracies)
    upper, lower = np.percentile(known, (75, 25))
    spread = known.std(ddof=1)
    kernel = float(0.9 * min(spread, (upper - lower) / 1.34 or spread) * count ** (-1 / 5))
    random = np.random.default_rng(0)

    def drawn(size: int) -> NDArray[np.float64]:
        shape = (_DRAWS, size)
        values: NDArray[np.float64] = random.normal(random.choice(known, shape), kernel, shape)
        return values

    references, students = drawn(count), drawn(3)
    means, spreads = references.mean(axis=1), np.maximum(references.std(axis=1, ddof=1), 1 / num_test)
    alpha = alpha_for(count, risk)
    limit, clearly = (means - width(count, chance) * spreads - margin for chance in (alpha, alpha / STRICTER))
    missed, median = students[:, 0] < limit, np.median(students, axis=1)
    not_passed, failed = missed & (median < limit), missed & (median < clearly)
    return Chances(
        missed=float(missed.mean()),
        reviewed=float((not_passed & ~failed).mean()),
        failed=float(failed.mean()),
    )
