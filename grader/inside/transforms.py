"""What notebooks do to images beyond one scale and shift, by name: the probe takes it back, the trainer does it again.

``centred``
    ``x - x_train.mean(axis=0)``: the mean image of all training images is taken off.
``standardised``
    The same, and every number divided by its deviation, as scikit-learn's ``StandardScaler`` does on flat images.
``unit-1``, ``unit-2``, ``unit-all``
    Divided by the length along that axis of ``(n, height, width)``, or of the whole image, as ``keras.utils.normalize``
    does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BY_STATISTICS = ("centred", "standardised")
BY_LENGTH = ("unit-1", "unit-2", "unit-all")
_CHUNK = 2048


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """Mean and deviation of every number of an image over the training images, in grey levels, float64."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    """1 where all training images have the same number there, as scikit-learn has it."""


def statistics(images: NDArray[np.uint8]) -> Statistics:
    """Measure uint8 images of shape (n, ...), in whole numbers: the same on every machine.

    >>> import numpy as np
    >>> statistics(np.array([[0, 7], [4, 7]], dtype=np.uint8))
    Statistics(mean=array([2., 7.]), deviation=array([2., 1.]))
    """
    total = np.zeros(images.shape[1:], dtype=np.int64)
    squares = np.zeros(images.shape[1:], dtype=np.int64)
    for start in range(0, len(images), _CHUNK):
        part = images[start : start + _CHUNK]
        total += part.sum(axis=0, dtype=np.int64)
        squares += np.square(part, dtype=np.int64).sum(axis=0)
    count = len(images)
    variance = (count * squares - total * total) / count**2
    return Statistics(mean=total / count, deviation=np.where(variance == 0, 1.0, np.sqrt(variance)))


def transformed(images: NDArray[np.uint8], name: str, of: Statistics | None = None) -> NDArray[np.float64]:
    """Return uint8 images of shape (n, *item) with a transform of this module applied, in grey levels or lengths of 1.

    Raises:
        ValueError: The name is none of them, or the images have no such axis.

    >>> import numpy as np
    >>> transformed(np.array([[[3, 0], [4, 0]]], dtype=np.uint8), "unit-1")
    array([[[0.6, 0. ],
            [0.8, 0. ]]])
    """
    numbers = images.astype(np.float64)
    if name in BY_STATISTICS and of is not None:
        centred = numbers - of.mean
        return centred if name == "centred" else centred / of.deviation
    axes = tuple(range(1, images.ndim)) if name == "unit-all" else (_axis(name, images.ndim),)
    length = np.sqrt(np.square(numbers).sum(axis=axes, keepdims=True))
    return numbers / np.where(length == 0, 1.0, length)


def _axis(name: str, dimensions: int) -> int:
    if name not in BY_LENGTH or not int(name[-1]) < dimensions:
        raise ValueError(f"images of {dimensions - 1} dimensions have no transform {name!r}")
    return int(name[-1])
