"""Ten shapes as functions of the plane, in whole numbers.

A shape takes coordinates measured in its own radius (1,024 is one radius from its centre) and gives a field: above
zero inside, below zero outside, roughly the distance to the edge.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.datasets.fixed import Ints

Shape = Callable[[Ints, Ints], Ints]


def disc(u: Ints, v: Ints) -> Ints:
    """A filled circle."""
    return _circle(u, v, 870)


def ring(u: Ints, v: Ints) -> Ints:
    """A circle with a round hole."""
    return np.minimum(_circle(u, v, 920), -_circle(u, v, 500))


def square(u: Ints, v: Ints) -> Ints:
    """A filled square."""
    return 770 - _far(u, v)


def triangle(u: Ints, v: Ints) -> Ints:
    """A filled triangle with equal sides."""
    edge: Ints = np.maximum(v, (np.abs(u) * 887 >> 10) - (v >> 1))
    return 520 - edge


def cross(u: Ints, v: Ints) -> Ints:
    """Two bars across each other."""
    u, v = np.abs(u), np.abs(v)
    return np.maximum(np.minimum(950 - u, 290 - v), np.minimum(290 - u, 950 - v))


def ellipse(u: Ints, v: Ints) -> Ints:
    """A circle pressed to less than half its width."""
    return _circle(u, v * 5 >> 1, 1000)


def pair(u: Ints, v: Ints) -> Ints:
    """Two circles side by side."""
    return _circle(np.abs(u) - 560, v, 430)


def crescent(u: Ints, v: Ints) -> Ints:
    """A circle with a bite."""
    return np.minimum(_circle(u, v, 920), -_circle(u - 430, v, 720))


def frame(u: Ints, v: Ints) -> Ints:
    """A square with a square hole."""
    far = _far(u, v)
    return np.minimum(820 - far, far - 450)


def star(u: Ints, v: Ints) -> Ints:
    """Four points with hollow sides."""
    near: Ints = np.minimum(np.abs(u), np.abs(v))
    return 900 - _far(u, v) - (near * 9 >> 2)


SHAPES: tuple[Shape, ...] = (disc, ring, square, triangle, cross, ellipse, pair, crescent, frame, star)


def _far(u: Ints, v: Ints) -> Ints:
    """Return the distance from the centre as a square measures it."""
    far: Ints = np.maximum(np.abs(u), np.abs(v))
    return far


def _circle(u: Ints, v: Ints, radius: int) -> Ints:
    """Return (radius² - distance²) / 2 radius: the distance to the edge where it is small."""
    u, v = np.clip(u, -8192, 8192), np.clip(v, -8192, 8192)  # the squares' sum stays below 2**31
    return (radius * radius - (u * u + v * v)) // (2 * radius)
