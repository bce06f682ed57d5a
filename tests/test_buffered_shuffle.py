"""The trainer's shuffle in a buffer deals rows out by the law of ``tf.data``'s: told by counting whole orders."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from math import sqrt

import pytest

from grader.inside.trainer.arrays import shuffled

ROWS, BUFFER, TIMES = 5, 3, 4_000
THEIRS = f"""
import json, tensorflow as tf
tf.random.set_seed(11)
orders = tf.data.Dataset.range({ROWS}).shuffle({BUFFER}).repeat({TIMES}).batch({ROWS}).batch({TIMES})
print(json.dumps(next(iter(orders)).numpy().tolist()))
"""


def possible(held: tuple[int, ...], to_come: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return every order of the rows, each as likely as any other: one of the buffer, and the next row in its place."""
    if not held:
        return [()]
    return [
        (row, *rest)
        for row in held
        for rest in possible((*(one for one in held if one != row), *to_come[:1]), to_come[1:])
    ]


def are_as_likely(orders: Iterable[Iterable[int]]) -> bool:
    """Tell by a chi-square statistic, five standard deviations wide, whether possible orders come equally often."""
    expected = possible(tuple(range(BUFFER)), tuple(range(BUFFER, ROWS)))
    counts = Counter(tuple(order) for order in orders)
    assert set(counts) <= set(expected)
    each, freedom = counts.total() / len(expected), len(expected) - 1
    return sum((counts[order] - each) ** 2 / each for order in expected) < freedom + 5 * sqrt(2 * freedom)


def test_ours_follows_the_law():
    """Every order that a buffer of three allows, and no other, equally often."""
    assert are_as_likely(shuffled(ROWS, BUFFER, seed).tolist() for seed in range(TIMES))


def test_tensorflows_follows_the_same_law():
    """The law was not made up here."""
    done = subprocess.run([sys.executable, "-c", THEIRS], capture_output=True, text=True, check=True)
    assert are_as_likely(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("buffer", [2, 4, 5])
def test_another_buffer_does_not(buffer):
    """The statistic can tell."""
    orders = (shuffled(ROWS, buffer, seed).tolist() for seed in range(TIMES))
    if buffer < BUFFER:
        assert not are_as_likely(orders)
    else:
        with pytest.raises(AssertionError):
            are_as_likely(orders)
