"""Random numbers and geometry in whole numbers, so that a sample has the same bytes on every machine.

Floating-point sums differ by the order in which a processor adds; integers do not. ``RandomState`` is numpy's frozen
generator: its streams never change (NEP 19).
"""

from __future__ import annotations

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

Ints = NDArray[np.int32]

ONE = 1024
"""The number one, in the fixed-point numbers of this package."""


def draw(rng: RandomState, low: int, high: int, shape: int | tuple[int, ...]) -> Ints:
    """Return int32 drawn evenly from ``low`` to ``high``, both included."""
    return rng.randint(low, high + 1, size=shape, dtype=np.int32)


def noise(rng: RandomState, shape: tuple[int, ...]) -> NDArray[np.int16]:
    """Return bell-shaped noise, int16: the sum of two even draws from 0..255, less 255; standard deviation 104."""
    size = int(np.prod(shape))
    first, second = (np.frombuffer(rng.bytes(size), np.uint8).reshape(shape) for _ in range(2))
    return first.astype(np.int16) + second - np.int16(255)


def turn(half_tangent: Ints) -> tuple[Ints, Ints]:
    """Return cosine and sine, times ``ONE``, of the angles whose half has this tangent (times ``ONE``).

    >>> cosine, sine = turn(np.array([0, 1024, -512], np.int32))
    >>> cosine.tolist(), sine.tolist()
    ([1024, 0, 614], [0, 1024, -820])
    """
    square = half_tangent.astype(np.int64) ** 2
    whole = ONE * ONE + square
    cosine = ONE * (ONE * ONE - square) // whole
    sine = ONE * 2 * ONE * half_tangent.astype(np.int64) // whole
    return cosine.astype(np.int32), sine.astype(np.int32)
