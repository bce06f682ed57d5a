"""An offline stand-in for CIFAR-10: ten shapes, drawn in many sizes, colours and surroundings.

Place, size, angle, colours, stripes, other objects in the picture and noise tell nothing of the class; a shape's
colour leans towards its class, as ships lean towards blue. One picture in twelve shows its shape so faintly that
no network can reach 100 %.
"""

from __future__ import annotations

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from grader.datasets.arrays import Arrays
from grader.datasets.fixed import ONE, Ints, draw, noise, turn
from grader.datasets.shapes import SHAPES
from grader.known import Description
from grader.records import msg

SOURCE = msg("ten shapes drawn by the grader (cifar10 sample 1)").text

Images = NDArray[np.uint8]

_SEED = 32
_PART = 500
"""Pictures drawn at a time: small temporary arrays stay in the processor's cache."""
_FAINT = 12
"""One picture in so many shows its shape faintly."""
_LEAN = 2
"""One shape in so many has the colour of its class, the others any colour."""
_SPREAD = 110
"""How far a background's colour may lie from its class's usual one, in each channel."""
_AWAY = 3
"""A class's usual background is the own colour of the class so much further on."""
_COLOURS = np.array(
    [
        [200, 60, 60],
        [60, 190, 70],
        [70, 90, 210],
        [210, 190, 60],
        [190, 70, 190],
        [60, 190, 200],
        [225, 225, 225],
        [40, 40, 45],
        [150, 100, 60],
        [230, 140, 60],
    ],
    np.int32,
)
"""Red, green and blue of each class's own colour."""


def make(spec: Description) -> Arrays:
    """Return 50,000 and 10,000 pictures with labels, every class equally often, in mixed order."""
    rng = RandomState(_SEED)
    arrays = {}
    for split, count in (("train", spec.num_train), ("test", spec.num_test)):
        labels = (rng.permutation(count) % len(SHAPES)).astype(np.uint8)
        parts = [paint(labels[start : start + _PART], rng) for start in range(0, count, _PART)]
        arrays[f"x_{split}"] = np.concatenate(parts)
        arrays[f"y_{split}"] = labels[:, None]
    return arrays


def paint(labels: NDArray[np.uint8], rng: RandomState) -> Images:
    """Draw one picture per label; gives uint8 (n, 32, 32, 3)."""
    count = len(labels)
    canvas = _ground(labels, rng)
    _lay(canvas, _cover(*_place(count, rng, 3, 6), draw(rng, 0, 1, count) * 2), _any_colour(count, rng))
    strength = np.where(draw(rng, 1, _FAINT, count) == 1, draw(rng, 0, 24, count), draw(rng, 120, 256, count))
    cover = _cover(*_place(count, rng, 8, 14), labels) * strength[:, None, None] >> 8
    _lay(canvas, cover * _stripes(count, rng) >> 8, _own_colour(labels, rng))
    _lay(canvas, _cover(*_place(count, rng, 2, 4), draw(rng, 0, 1, count) * 2), _any_colour(count, rng))
    canvas += noise(rng, canvas.shape) * draw(rng, 1, 6, (count, 1, 1, 1)) >> 5
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _ground(labels: NDArray[np.uint8], rng: RandomState) -> Ints:
    """Return backgrounds that fade from corner to corner, around the class's usual one; int32 (n, 32, 32, 3)."""
    count = len(labels)
    usual = _COLOURS[(labels + _AWAY) % len(SHAPES)] + draw(rng, -_SPREAD, _SPREAD, (count, 3))
    corners = np.clip(usual[:, None, None] + draw(rng, -70, 70, (count, 2, 2, 3)), 0, 255)
    down = np.arange(32, dtype=np.int32)[None, :, None, None]
    across = np.arange(32, dtype=np.int32)[None, None, :, None]
    sides = corners[:, :1] * (31 - down) + corners[:, 1:] * down  # (n, 32, 2, 3)
    whole: Ints = sides[:, :, :1] * (31 - across) + sides[:, :, 1:] * across
    return whole // 961


def _place(count: int, rng: RandomState, smallest: int, largest: int) -> tuple[Ints, Ints]:
    """Return each pixel's coordinates in the system of an object with a random place, angle and radius in pixels."""
    radius = draw(rng, smallest * 16, largest * 16, (count, 1, 1))  # in 1/16 pixel
    inward = np.minimum(radius * 3 // 4, 200)
    across, down = (draw(rng, -256, 256, (count, 1, 1)) * (256 - inward) // 256 for _ in range(2))
    steps = np.arange(32, dtype=np.int32) * 16 - 248
    x, y = steps[None, None, :] - across, steps[None, :, None] - down
    cosine, sine = turn(draw(rng, -4 * ONE, 4 * ONE, (count, 1, 1)))
    cosine, sine = cosine * 64 // radius, sine * 64 // radius  # 64 = 1,024 / 16: pixels to radii
    return (x * cosine - y * sine) >> 6, (x * sine + y * cosine) >> 6


def _cover(u: Ints, v: Ints, kinds: NDArray[np.integer]) -> Ints:
    """Return how much of each pixel an object of each picture's kind covers, 0 to 256; int32 (n, 32, 32)."""
    cover = np.empty_like(u)
    for kind in np.unique(kinds):
        rows = kinds == kind
        cover[rows] = np.clip(128 + SHAPES[kind](u[rows], v[rows]) * 2, 0, 256)
    return cover


def _stripes(count: int, rng: RandomState) -> Ints:
    """Return a pattern that thins an object's paint, 96 to 256; every second object is plain."""
    slope = draw(rng, -3, 3, (count, 2, 1, 1))
    steps = np.arange(32, dtype=np.int32)
    phase = steps[None, None, :] * slope[:, 0] + steps[None, :, None] * slope[:, 1]
    dark = (phase >> 2) & 1 & draw(rng, 0, 1, (count, 1, 1))
    return 256 - 160 * dark


def _lay(canvas: Ints, cover: Ints, colour: Ints) -> None:
    """Paint a colour (n, 3) over the canvas (n, 32, 32, 3) where ``cover`` (n, 32, 32) says, in place."""
    canvas += (colour[:, None, None, :] - canvas) * cover[..., None] >> 8


def _any_colour(count: int, rng: RandomState) -> Ints:
    return draw(rng, 0, 255, (count, 3))


def _own_colour(labels: NDArray[np.uint8], rng: RandomState) -> Ints:
    near = np.clip(_COLOURS[labels] + draw(rng, -40, 40, (len(labels), 3)), 0, 255)
    leans = draw(rng, 1, _LEAN, (len(labels), 1)) == 1
    return np.where(leans, near, _any_colour(len(labels), rng))
