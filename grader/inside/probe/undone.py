"""Find the images behind numbers that went through more than a scale and a shift: see ``transforms``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..transforms import BY_LENGTH, transformed  # noqa: TID252  # the kernel imports this folder under another name
from .rowindex import Rows
from .scaling import SAMPLE_ROWS, Scaling, hashes_of, sample_of, tolerance_of
from .stored import StoredDataset, outline_hashes

_CHUNK = 2048
_SCALES = (1 / 255, 1.0, 1 / 127.5, 1 / 256, 1 / 128)
"""What images are multiplied by before or after their mean is taken off."""


def find_transformed(stored: StoredDataset, flat: NDArray[Any]) -> tuple[Rows, dict[str, Any]] | None:
    """Return the rows behind ``flat``, shape (n, row_size), and what was done to them as ``ArrayFacts`` has it."""
    if flat.dtype.kind != "f":
        return None
    sample = sample_of(flat, SAMPLE_ROWS)
    for name, scale, scaling in _with_statistics(stored):
        images, whole = scaling.undo(sample, tolerance_of(flat.dtype))
        if int((stored.contains(images) & whole).sum()) * 2 > len(sample):
            hashes, whole = hashes_of(flat, scaling)
            rows = np.where(whole, stored.index.find(hashes), -1)
            return rows, {"transform": name, "scale": scale, "shift": 0.0}
    return _of_unit_length(stored, flat, sample)


def _with_statistics(stored: StoredDataset) -> Iterator[tuple[str, float, Scaling]]:
    """Yield transform, scale, and both as one scale and shift per number."""
    mean, deviation = stored.statistics.mean.ravel(), stored.statistics.deviation.ravel()
    yield "standardised", 1.0, Scaling(tuple(1 / deviation), tuple(-mean / deviation))
    for scale in _SCALES:
        yield "centred", scale, Scaling((scale,) * len(mean), tuple(-mean * scale))


def _of_unit_length(
    stored: StoredDataset, flat: NDArray[Any], sample: NDArray[Any]
) -> tuple[Rows, dict[str, Any]] | None:
    """Look images up by their outlines, then hold what a transform makes of them against the numbers."""
    if stored.outlines is None or int(stored.outlines.contains(outline_hashes(sample)).sum()) * 2 <= len(sample):
        return None
    for name in BY_LENGTH:
        if int((_checked(stored, sample, name) >= 0).sum()) * 2 > len(sample):
            return _checked(stored, flat, name), {"transform": name, "scale": 1.0, "shift": 0.0}
    return None


def _checked(stored: StoredDataset, flat: NDArray[Any], name: str) -> Rows:
    """Return the rows whose transformed images are these numbers, -1 for the others."""
    assert stored.outlines is not None
    rows = stored.outlines.find(outline_hashes(flat))
    furthest = 1e-3 if flat.dtype == np.float16 else 1e-5
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        wanted = transformed(stored.images(np.maximum(part, 0)), name).reshape(len(part), -1)
        part[np.abs(wanted - flat[start : start + _CHUNK]).max(axis=1) > furthest] = -1
    return rows
