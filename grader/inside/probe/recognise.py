"""Recognise the arrays of a notebook as rows of a known data set, whatever was done to shape, order and scale."""

from __future__ import annotations

import base64
import weakref
import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..facts import DataFacts  # noqa: TID252 - the kernel imports this folder under another name
from ..reasons import Reason  # noqa: TID252 - the kernel imports this folder under another name
from .identity import ByIdentity
from .rowindex import Rows
from .scaling import Scaling, find_scaling, hashes_of, sample_of
from .stored import StoredDataset
from .undone import find_transformed

_MOST_ROWS = 1_000_000
_MOST_RANGES = 1_000
_CACHED = 32
_KEY_ROWS = 48


@dataclass(frozen=True, kw_only=True)
class RecognisedArray:
    """What an array is. ``facts`` has the fields of ``records.ArrayFacts``."""

    facts: Mapping[str, Any]
    stored: StoredDataset | None = None
    rows: Rows | None = None
    """Row numbers over both splits, -1 where not found."""


@dataclass
class Recogniser:
    """Looks arrays up among the data sets and remembers its latest answers without keeping the arrays alive."""

    stored_datasets: Mapping[str, StoredDataset]
    drawn: Sequence[DataFacts] = ()
    """Data sets that notebooks draw."""
    pipelines: ByIdentity[Any] = field(default_factory=ByIdentity)
    """What pipelines were found to be, by the object."""
    _cache: OrderedDict[tuple[Any, ...], tuple[weakref.ref[Any], RecognisedArray]] = field(default_factory=OrderedDict)

    def recognise(self, x: NDArray[Any]) -> RecognisedArray:
        """Return what the array ``x`` of shape (n, ...) is."""
        key = _key(x)
        if key in self._cache and self._cache[key][0]() is x:
            self._cache.move_to_end(key)
            return self._cache[key][1]
        found = self._look_up(x)
        self._cache[key] = (weakref.ref(x), found)
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return found

    def recognise_with(self, x: NDArray[Any], y: NDArray[Any] | None) -> RecognisedArray:
        """Return what the array ``x`` is, beside its labels: what a notebook draws itself is known by its look."""
        found = self.recognise(x)
        shape, dtype = found.facts["shape"], str(found.facts["dtype"])
        data = next((one for one in self.drawn if _is_drawn(one, shape, dtype, y)), None)
        if data is None or found.facts.get("dataset"):
            return found
        rows = {"count": shape[0], "ranges": [[0, shape[0]]], "packed": ""}
        facts = {"shape": shape, "dtype": dtype, "dataset": data.name, "split": "train", "rows": rows}
        return RecognisedArray(facts={**facts, "train_rows": shape[0], "scale": 1.0, "shift": 0.0})

    def _look_up(self, x: NDArray[Any]) -> RecognisedArray:
        base = {"shape": list(x.shape), "dtype": str(x.dtype)}
        why = _unfit(x)
        if why:
            return RecognisedArray(facts={**base, "why": why})
        flat = x.reshape(len(x), -1)
        fitting = [stored for stored in self.stored_datasets.values() if stored.row_size == flat.shape[1]]
        if not fitting:
            return RecognisedArray(facts={**base, "why": Reason.OTHER_SIZE})
        for stored in fitting:
            found = _on(stored, flat, base)
            if found is not None:
                return found
        names = " or ".join(stored.name for stored in fitting)
        return RecognisedArray(facts={**base, "why": Reason.OTHER_ROWS.about(names)})


def _unfit(x: NDArray[Any]) -> str:
    """Return why an array is not worth a look, or an empty text."""
    if x.ndim < 2 or not x.size:
        return Reason.NO_ROWS
    if x.dtype.kind not in "iuf":
        return Reason.NUMBERS_OF_TYPE.about(x.dtype)
    return Reason.TOO_MANY_ROWS if len(x) > _MOST_ROWS else ""


def _on(stored: StoredDataset, flat: NDArray[Any], base: Mapping[str, Any]) -> RecognisedArray | None:
    scaling = find_scaling(flat, stored.channels, stored.contains)
    if scaling is not None:
        hashes, whole = hashes_of(flat, scaling)
        rows, changes = np.where(whole, stored.index.find(hashes), -1), scaling_facts(scaling)
    else:
        found = find_transformed(stored, flat)
        if found is None:
            return None
        rows, changes = found
    train, test = int(((rows >= 0) & (rows < stored.num_train)).sum()), int((rows >= stored.num_train).sum())
    unknown = len(rows) - train - test
    split = "mixed" if train and test else "test" if test else "train"
    facts = {
        **base,
        "dataset": stored.name,
        "split": split,
        "rows": None if unknown or split == "mixed" else row_facts(rows - (stored.num_train if test else 0)),
        "train_rows": train,
        "test_rows": test,
        "unknown_rows": unknown,
        **changes,
    }
    if unknown:
        facts["why"] = Reason.SOME_FOREIGN_ROWS
    return RecognisedArray(facts=facts, stored=stored, rows=rows)


def scaling_facts(scaling: Scaling) -> dict[str, Any]:
    """Return ``scale`` and ``shift`` as the records have them: one number, or one per channel."""
    scale, shift = list(scaling.scale), [0.0 if abs(b) < 1e-12 else b for b in scaling.shift]
    return {"scale": scale, "shift": shift} if len(scale) > 1 else {"scale": scale[0], "shift": shift[0]}


def row_facts(rows: Rows) -> dict[str, Any]:
    """Describe row numbers as ``records.RowFacts`` does: half-open runs, or packed when there are too many.

    >>> import numpy as np
    >>> row_facts(np.array([3, 4, 5, 0, 1]))
    {'count': 5, 'ranges': [[3, 6], [0, 2]], 'packed': ''}
    """
    starts = np.concatenate([[0], np.flatnonzero(np.diff(rows) != 1) + 1])
    if len(starts) > _MOST_RANGES:
        packed = base64.b64encode(zlib.compress(rows.astype("<u4").tobytes(), 1)).decode("ascii")
        return {"count": len(rows), "ranges": None, "packed": packed}
    stops = np.concatenate([starts[1:], [len(rows)]])
    runs = [[int(rows[a]), int(rows[b - 1]) + 1] for a, b in zip(starts, stops, strict=True)]
    return {"count": len(rows), "ranges": runs, "packed": ""}


def label_facts(y: NDArray[Any], found: RecognisedArray | None = None) -> dict[str, Any]:
    """Describe labels as ``records.LabelFacts`` does; ``found`` is what their images were recognised as."""
    facts: dict[str, Any] = {"shape": list(y.shape), "dtype": str(y.dtype), "encoding": "other"}
    if y.dtype.kind not in "iufb" or not y.size:
        return facts
    column = y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1)
    if column:
        classes = y.reshape(-1)
        if not np.isfinite(classes).all() or (classes != np.floor(classes)).any():
            return facts
        facts |= {"encoding": "integer" if y.ndim == 1 else "column", "num_classes": int(classes.max()) + 1}
    elif y.ndim == 2 and ((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all():
        classes = y.argmax(axis=1)
        facts |= {"encoding": "onehot", "num_classes": int(y.shape[1])}
    else:
        return facts
    if found is not None and found.rows is not None and found.stored is not None and len(found.rows) == len(classes):
        known = found.rows >= 0
        agree = found.stored.labels[found.rows[known]] == classes[known]
        facts["agree"] = float(agree.mean()) if len(agree) else None
    return facts


def _is_drawn(data: DataFacts, shape: list[int], dtype: str, y: NDArray[Any] | None) -> bool:
    """Tell whether an array may be such a data set: floats in rows of its shape, labels of its classes, if any."""
    if not shape or shape[1:] != list(data.item) or not dtype.startswith("float"):
        return False
    classes = np.arange(len(data.class_names))
    return y is None or (y.dtype.kind in "iufb" and len(y) == shape[0] and bool(np.isin(y, classes).all()))


def _key(x: NDArray[Any]) -> tuple[Any, ...]:
    """Return what tells an array from its earlier self: where it lies, and some of its rows."""
    if not x.ndim or not x.size:
        return (id(x), x.shape, str(x.dtype))
    some = np.ascontiguousarray(sample_of(x, _KEY_ROWS))
    return (id(x), x.shape, str(x.dtype), zlib.crc32(some.tobytes()))
