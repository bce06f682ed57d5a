"""Undo a student's scaling: find ``a`` and ``b`` with ``x = a * u + b`` and ``u`` the uint8 image."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rowhash import row_hashes  # noqa: TID252  # the kernel imports this folder under another name

_CHUNK = 1 << 18
"""Numbers handled at once: 1 MB as float32, so that the steps find them in the cache."""
SAMPLE_ROWS = 64
"""Rows by which it is told what was done to all of them."""
_TRIED_ROWS = 4
_TRIED_GRIDS = 4
_TRIED_COMBINATIONS = 8
_TRIED_SHIFTS = 256

Contains = Callable[[NDArray[np.uint8]], NDArray[np.bool_]]


@dataclass(frozen=True)
class Scaling:
    """``x = scale * u + shift``, one pair for all numbers or one per channel (last axis)."""

    scale: tuple[float, ...]
    shift: tuple[float, ...]

    def undo(self, x: NDArray[Any], tolerance: float) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Take ``x`` of (n, row_size) back to uint8 images; tell which rows came out whole within ``tolerance``."""
        kind = np.float64 if x.dtype.itemsize > 4 else np.float32
        repeats = x.shape[1] // len(self.scale)
        factor = np.tile(1 / np.array(self.scale), repeats).astype(kind)
        with np.errstate(all="ignore"):
            level = np.multiply(x, factor, dtype=kind)
            if any(self.shift):
                level -= np.tile(np.array(self.shift) / np.array(self.scale), repeats).astype(kind)
            whole = np.rint(level)
            images = whole.astype(np.uint8)
            level -= whole
            np.abs(level, out=level)
            if level.max() <= tolerance and whole.min() >= 0 and whole.max() <= 255:
                return images, np.ones(len(x), dtype=np.bool_)
            good = (level.max(axis=1) <= tolerance) & (whole.min(axis=1) >= 0) & (whole.max(axis=1) <= 255)
            return images, good


def sample_of(x: NDArray[Any], most: int) -> NDArray[Any]:
    """Return at most so many rows of an array, spread evenly over it.

    >>> sample_of(np.arange(9), 3).tolist()
    [0, 4, 8]
    """
    rows: NDArray[Any] = x[np.linspace(0, len(x) - 1, min(len(x), most)).astype(np.int64)]
    return rows


def tolerance_of(dtype: np.dtype[Any]) -> float:
    """Return how far, in grey levels, a rescaled number may lie from a whole one; half floats are coarse."""
    return 0.3 if dtype == np.float16 else 0.05


COMMON = tuple(
    Scaling((scale,), (shift,))
    for scale, shift in (
        (1 / 255, 0.0),
        (1.0, 0.0),
        (1 / 127.5, -1.0),
        (1 / 255, -0.5),
        (1 / 256, 0.0),
        (1 / 128, -1.0),
        (-1 / 255, 1.0),
        (-1.0, 255.0),
    )
)
"""What notebooks do most, tried before anything is measured."""


def find_scaling(x: NDArray[Any], channels: int, contains: Contains) -> Scaling | None:
    """Return the scaling under which rows of ``x``, shape (n, row_size), are images of a data set, or None."""
    sample = sample_of(x, SAMPLE_ROWS)
    tolerance = tolerance_of(x.dtype)
    if x.dtype.kind in "iu":
        sample = sample.astype(np.float64)
    best, best_hits = None, 0
    for one in itertools.chain(COMMON, _measured(sample, channels, tolerance, contains)):
        images, whole = one.undo(sample, tolerance)
        if not whole.any():
            continue
        hits = int((contains(images) & whole).sum())
        if hits > best_hits:
            best, best_hits = one, hits
        if best_hits * 2 > len(sample) or (best_hits and one not in COMMON):
            break
    return best


def _measured(sample: NDArray[Any], channels: int, tolerance: float, contains: Contains) -> Iterator[Scaling]:
    """Yield scalings read off the numbers themselves: one for all of them, then one per channel."""
    for parts in dict.fromkeys((1, channels)):
        split = sample.reshape(len(sample), -1, parts).astype(np.float64)
        grids = [_grids(np.unique(split[:, :, part]), tolerance) for part in range(parts)]
        for grid in itertools.islice(itertools.product(*grids), _TRIED_COMBINATIONS):
            yield from _shifts(sample, grid, tolerance, contains)


def _grids(values: NDArray[np.float64], tolerance: float) -> list[tuple[float, float, int]]:
    """Return (step, smallest value, levels spanned) for evenly spaced grids of at most 256 levels on which all lie."""
    if not 2 <= len(values) <= 256 or not np.isfinite(values).all():
        return []
    span = float(values[-1] - values[0])
    levels = np.arange(len(values) - 1, 256)
    places = (values - values[0])[None, :] * (levels[:, None] / span)
    errors = np.abs(places - np.rint(places)).max(axis=1)
    best = [int(at) for at in np.argsort(errors, kind="stable")[:_TRIED_GRIDS] if errors[at] < tolerance]
    return [(span / int(levels[at]), float(values[0]), int(levels[at])) for at in best]


def _shifts(
    sample: NDArray[Any], grids: tuple[tuple[float, float, int], ...], tolerance: float, contains: Contains
) -> Iterator[Scaling]:
    """Yield the scalings on these grids, upright and inverted, that give an image of the data set.

    The darkest number of a sample need not be level 0, so every level it could be is tried.
    """
    for sign in (1, -1):
        darkest = [range(256 - levels) for _, _, levels in grids]
        for lows in itertools.islice(itertools.product(*darkest), _TRIED_SHIFTS):
            scale = tuple(sign * step for step, _, _ in grids)
            shift = tuple(
                low - sign * step * (first if sign > 0 else first + levels)
                for (step, low, levels), first in zip(grids, lows, strict=True)
            )
            one = Scaling(scale, shift)
            images, whole = one.undo(sample[:: max(1, len(sample) // _TRIED_ROWS)], tolerance)
            if whole.any() and contains(images[whole]).any():
                yield one


def hashes_of(x: NDArray[Any], scaling: Scaling) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return the row hashes of ``x``, shape (n, row_size), with its scaling undone, and which rows came out whole."""
    if x.dtype == np.uint8 and scaling == Scaling((1.0,), (0.0,)):
        return row_hashes(x), np.ones(len(x), dtype=np.bool_)
    hashes, whole = np.empty(len(x), dtype=np.uint64), np.empty(len(x), dtype=np.bool_)
    step = max(1, _CHUNK // max(1, x.shape[1]))
    for start in range(0, len(x), step):
        part = slice(start, start + step)
        images, whole[part] = scaling.undo(x[part], tolerance_of(x.dtype))
        hashes[part] = row_hashes(images)
    return hashes, whole
