"""The numbers of the workbook's first task, with labels that can be learnt."""

from __future__ import annotations

import numpy as np
from numpy.random import RandomState

from grader.datasets.arrays import Arrays
from grader.known import Description
from grader.records import msg

SOURCE = msg("drawn by the grader: 20 even numbers a row, labels by a weighted sum (binary20 sample 1)").text

_SEED = 48
_WEIGHTS = np.array([9, -8, 7, -6, 6, -5, 5, -4, 4, -3, 3, -2, 2, -1, 1, 0, 0, 0, 0, 0], np.int64)
_GAP = 120_000
"""No row's sum lies nearer to the border than this, in units of 1/65,536; about a third of its standard deviation."""
_BORDER = 238_000
"""Puts 53 % of the rows in class 1, so that a predictor of nothing but ones is known by its accuracy."""


def make(spec: Description) -> Arrays:
    """Return x float64 in [0, 1), (10000, 20), and y int64, (10000, 1), for train and as much again for test.

    The sum is taken in whole numbers, so that a label never hangs on how a processor rounds.
    """
    x = RandomState(_SEED).random_sample((3 * (spec.num_train + spec.num_test), *spec.item))
    score = (x * 65_536).astype(np.int64) @ _WEIGHTS - _BORDER
    clear = np.flatnonzero(np.abs(score) >= _GAP)[: spec.num_train + spec.num_test]
    x, y = x[clear], (score[clear] > 0).astype(np.int64)[:, None]
    n = spec.num_train
    return {"x_train": x[:n], "y_train": y[:n], "x_test": x[n:], "y_test": y[n:]}
