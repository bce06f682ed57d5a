"""A recipe's data reference -> arrays as Keras takes them: ``scale * T(u) + shift``, labels in their encoding."""

from __future__ import annotations

import base64
import functools
import json
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..transforms import BY_STATISTICS, Statistics, statistics, transformed  # noqa: TID252

Pair = tuple[NDArray[Any], NDArray[Any]]
_CHUNK = 4096


class ArrayCache:
    """Keeps the arrays of the latest request, since cohorts train many models on the same data."""

    def __init__(self) -> None:
        self._kept: dict[str, Pair] = {}

    def prepare(self, folder: str, *wanted: Mapping[str, Any]) -> list[Pair]:
        """Return the arrays of each data reference, made anew only when the latest request had no such.

        Raises:
            OSError: The data set's folder lacks a file.
            ValueError: The reference does not fit the data set.
        """
        keys = [json.dumps([folder, data], sort_keys=True) for data in wanted]
        self._kept = {key: self._kept[key] for key in keys if key in self._kept}
        for key, data in zip(keys, wanted, strict=True):
            if key not in self._kept:
                self._kept[key] = _load(Path(folder), data)
        return [self._kept[key] for key in keys]


def test_split(data: Mapping[str, Any], most: int | None) -> dict[str, Any]:
    """Return the reference to the test rows (at most so many), prepared as the training rows are."""
    return part({**data, "split": "test", "rows": None}, 0, most)


def part(data: Mapping[str, Any], start: int, stop: int | None, **chosen: int) -> dict[str, Any]:
    """Return the reference to a run of a reference's rows.

    With ``take``, ``seed`` and ``buffer`` only ``take`` of them are meant, the first that a shuffle in such a buffer
    deals out.
    """
    return {**data, "part": {"start": start, "stop": stop, **chosen}}


def num_rows(data: Mapping[str, Any]) -> int:
    """Return how many rows a recipe's data reference names."""
    facts = data["rows"]
    return sum(stop - start for start, stop in facts["ranges"]) if "ranges" in facts else int(facts["count"])


def _load(folder: Path, data: Mapping[str, Any]) -> Pair:
    numbers = np.load(folder / f"x_{data['split']}.npy", mmap_mode="r", allow_pickle=False)
    labels = np.load(folder / f"y_{data['split']}.npy", mmap_mode="r", allow_pickle=False)
    rows = _part(_rows(data["rows"], len(numbers)), data.get("part"))
    return _scaled(numbers, rows, data, folder), _encoded(np.asarray(labels).reshape(len(labels), -1)[rows, 0], data)


def _part(rows: NDArray[np.int64], facts: Mapping[str, Any] | None) -> NDArray[np.int64]:
    if facts is None:
        return rows
    rows = rows[facts["start"] : facts["stop"]]
    return rows[shuffled(len(rows), facts["buffer"], facts["seed"])[: facts["take"]]] if "take" in facts else rows


def shuffled(rows: int, buffer: int, seed: int) -> NDArray[np.int64]:
    """Return the numbers of rows in the order in which a shuffle deals them out, as ``tf.data`` does.

    The buffer is filled in order; one of it is dealt out, whichever, and the next row takes its place. A buffer for
    all rows makes any order as likely as any other.

    >>> sorted(shuffled(5, 2, seed=1).tolist())
    [0, 1, 2, 3, 4]
    >>> shuffled(5, 1, seed=1).tolist()
    [0, 1, 2, 3, 4]
    """
    random = np.random.RandomState(seed)
    if buffer >= rows:
        return random.permutation(rows)
    held = list(range(buffer))
    dealt = np.empty(rows, dtype=np.int64)
    for number, place in enumerate(random.randint(buffer, size=rows - buffer).tolist()):
        dealt[number] = held[place]
        held[place] = number + buffer
    dealt[rows - buffer :] = random.permutation(held)
    return dealt


def _rows(facts: Mapping[str, Any] | None, available: int) -> NDArray[np.int64]:
    if facts is None:
        return np.arange(available)
    if "ranges" in facts:
        rows = np.concatenate([np.arange(start, stop) for start, stop in facts["ranges"]])
    elif "packed" in facts:
        text = zlib.decompressobj().decompress(base64.b64decode(facts["packed"]), 4 * facts["count"])
        rows = np.frombuffer(text, dtype="<u4").astype(np.int64)
    else:
        rows = np.arange(facts["count"])
    if len(rows) == 0 or rows.max() >= available:
        raise ValueError(f"the recipe names row {rows.max(initial=-1)}, and the data set has {available} rows")
    return rows


def _scaled(
    numbers: NDArray[Any], rows: NDArray[np.int64], data: Mapping[str, Any], folder: Path
) -> NDArray[np.float32]:
    """Scale in float64 and round once, as close to any student's own arithmetic as one can be."""
    shape = tuple(data["shape"])
    if math.prod(shape) != math.prod(numbers.shape[1:]):
        raise ValueError(f"rows of shape {numbers.shape[1:]} cannot take the shape {shape}")
    scale, shift = np.asarray(data["scale"], dtype=np.float64), np.asarray(data["shift"], dtype=np.float64)
    transform = data.get("transform", "")
    of = _statistics(folder) if transform in BY_STATISTICS else None
    scaled = np.empty((len(rows), *numbers.shape[1:]), dtype=np.float32)
    for start in range(0, len(rows), _CHUNK):  # keeps the float64 numbers small
        part = numbers[rows[start : start + _CHUNK]]
        if transform:
            part = transformed(part, transform, of)
        scaled[start : start + _CHUNK] = (part * scale + shift).astype(data["dtype"])
    return scaled.reshape(len(rows), *shape)


@functools.lru_cache(maxsize=1)
def _statistics(folder: Path) -> Statistics:
    """Measure all training images, whichever rows a recipe names: it is what the probe looks for."""
    return statistics(np.load(folder / "x_train.npy", mmap_mode="r", allow_pickle=False))


def _encoded(labels: NDArray[Any], data: Mapping[str, Any]) -> NDArray[Any]:
    classes = labels.astype(np.int32)
    if data["labels"] == "onehot":
        encoded = np.zeros((len(classes), data["num_classes"]), dtype=np.float32)
        encoded[np.arange(len(classes)), classes] = 1.0
        return encoded
    return classes.reshape(-1, 1) if data["labels"] == "column" else classes
