"""Batches as a ``tf.data`` pipeline makes them where Keras makes others of arrays: shuffled in a buffer, none short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from .arrays import Pair, shuffled

_BETWEEN_EPOCHS = 7_919


def has_own_batches(fit: Mapping[str, Any], steps: int | None) -> bool:
    """Tell whether a recipe's batches are made here.

    Not where steps are counted, as under a budget: then only some of the rows are seen, which were dealt out before.
    """
    return steps is None and bool(fit.get("shuffle_buffer") or fit.get("drop_remainder"))


def batches_of(fit: Mapping[str, Any], rows: int) -> int:
    """Return how many batches a recipe's epoch makes of so many rows."""
    size = int(fit["batch_size"])
    return rows // size if fit.get("drop_remainder") else -(-rows // size)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The batches of one epoch, until :meth:`deal` begins the next one."""

    def __init__(self, rows: Pair, fit: Mapping[str, Any], seed: int) -> None:
        super().__init__()
        self._x, self._y = rows
        self._size, self._seed = fit["batch_size"], seed
        self._buffer = fit.get("shuffle_buffer", len(self._x)) if fit["shuffle"] else 1
        self._num = batches_of(fit, len(self._x))
        self._order = np.arange(len(self._x))

    def __len__(self) -> int:
        return self._num

    def __getitem__(self, number: int) -> Pair:
        rows = self._order[number * self._size : (number + 1) * self._size]
        return self._x[rows], self._y[rows]

    def deal(self, epoch: int) -> None:
        """Shuffle for an epoch."""
        seed = (self._seed + epoch * _BETWEEN_EPOCHS) % (1 << 31)
        self._order = shuffled(len(self._x), self._buffer, seed)


class NextEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Deals before Keras asks for the first batch of an epoch."""

    def __init__(self, batches: Batches) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Begin the next epoch."""
        self._batches.deal(epoch)
