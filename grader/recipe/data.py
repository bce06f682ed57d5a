"""What a fit was trained on: rows of a known data set, scaled, shaped and labelled in a known way."""

from __future__ import annotations

import base64
import itertools
import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.inside.transforms import BY_LENGTH, BY_STATISTICS
from grader.known import KNOWN, Description, description_of
from grader.reasons import sentence_of
from grader.recipe.refusal import NotRebuildable
from grader.recipe.values import plain
from grader.records import MOST_ROWS, ArrayFacts, LabelFacts, Message, RowFacts, msg, row_numbers

_AGREE = 0.999
_MOST_RANGES = 1_000
_FLOATS = ("float32", "float64", "float16")
_WHOLES = ("uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "uint64")


def data_of(x: ArrayFacts, y: LabelFacts | None) -> dict[str, Any]:
    """Write training or validation data canonically, without the shape of a row.

    Raises:
        NotRebuildable: It is not known rows of one split with their true labels.
    """
    _check_known(x)
    of = description_of(x.dataset)
    labels = _labels(x, y, of)
    if not of.images:
        if not 1 <= x.shape[0] <= of.num_train:
            raise NotRebuildable(
                msg("the training data has {found} rows; we rebuild 1 to {most}", found=x.shape[0], most=of.num_train)
            )
        fixed = {"split": "train", "scale": 1.0, "shift": 0.0, "dtype": "float32"}
        return {"dataset": x.dataset, "rows": {"count": x.shape[0]}, **fixed, **labels}
    if math.prod(x.shape[1:]) != math.prod(of.item):
        raise NotRebuildable(msg("the training data has rows of shape {found}", found=str(x.shape[1:])))
    return {
        "dataset": x.dataset,
        "split": x.split,
        "rows": _rows(x),
        "scale": _scale(x.scale),
        "shift": _shift(x.shift, x.scale),
        "dtype": _dtype(x.dtype),
        **_transform(x),
        **labels,
    }


def _unrecognised(x: ArrayFacts, otherwise: Message) -> NotRebuildable:
    why = sentence_of(x.why) if x.why else otherwise
    return NotRebuildable(msg("the training data was not recognised: {why}", why=why))


def _check_known(x: ArrayFacts) -> None:
    if not x.dataset:
        raise _unrecognised(x, msg("it is none of the workbook's data sets"))
    if x.dataset not in KNOWN:
        raise NotRebuildable(msg("the data set {dataset} is not one of the workbook's", dataset=x.dataset))
    if x.split == "mixed" or (x.train_rows and x.test_rows):
        raise NotRebuildable(
            msg(
                "the data mixes training rows ({train}) with test rows ({test})",
                train=x.train_rows,
                test=x.test_rows,
            )
        )
    if x.split not in ("train", "test"):
        raise _unrecognised(x, msg("its rows are not known"))
    if x.unknown_rows:
        raise NotRebuildable(
            msg("some rows of the data are not the data set's: {count}", count=x.unknown_rows),
        )
    if not x.shape or len(x.shape) > 5 or any(axis < 0 for axis in x.shape):
        raise NotRebuildable(msg("the training data has the shape {found}", found=str(x.shape)))


def _labels(x: ArrayFacts, y: LabelFacts | None, of: Description) -> dict[str, Any]:
    if y is None:
        raise NotRebuildable(msg("the training has no labels"))
    if y.encoding not in ("integer", "column", "onehot"):
        raise NotRebuildable(msg("the labels are written in a form we do not know"))
    if of.images and y.agree is None:
        raise NotRebuildable(msg("the labels could not be compared with the data set's"))
    if y.agree is not None and not y.agree >= _AGREE and of.images:
        raise NotRebuildable(
            msg("the labels are not the data set's: {share} of them agree", share=f"{max(0.0, min(1.0, y.agree)):.1%}")
        )
    if not y.shape or y.shape[0] != x.shape[0]:
        raise NotRebuildable(msg("there are not as many labels as rows"))
    if y.encoding != "onehot":
        return {"labels": y.encoding, "num_classes": None}
    classes = y.num_classes if y.num_classes is not None else y.shape[-1]
    if not of.classes <= classes <= 1_000:
        raise NotRebuildable(msg("the one-hot labels have {found} classes", found=classes))
    return {"labels": "onehot", "num_classes": classes}


def _rows(x: ArrayFacts) -> dict[str, Any]:
    """Write row numbers as ranges where few of them do, else packed; the same rows always come out the same."""
    facts = x.rows
    if facts is None:
        raise _unrecognised(x, msg("its rows are not known"))
    if not 1 <= facts.count <= MOST_ROWS or facts.count != x.shape[0]:
        raise NotRebuildable(_untold(facts))
    ranges = _merged(facts.ranges) if facts.ranges is not None else None
    if ranges is None:
        numbers = _unpacked(facts)
        ranges = _ranges(numbers)
        if len(ranges) > _MOST_RANGES:
            packed = base64.b64encode(zlib.compress(numbers.astype("<u4").tobytes(), 9)).decode()
            return {"count": facts.count, "packed": packed}
    if not ranges or sum(stop - start for start, stop in ranges) != facts.count:
        raise NotRebuildable(_untold(facts))
    return {"count": facts.count, "ranges": [list(pair) for pair in ranges]}


def _untold(facts: RowFacts) -> Message:
    return msg("the notebook's account of its training rows does not add up ({count} rows)", count=facts.count)


def _merged(ranges: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in ranges[: _MOST_RANGES + 1]:
        if not 0 <= start < stop <= MOST_ROWS:
            return []
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
    return merged if len(ranges) <= _MOST_RANGES else []


def _unpacked(facts: RowFacts) -> NDArray[np.int64]:
    numbers = row_numbers(facts)
    if numbers is None or max(numbers) >= MOST_ROWS:
        raise NotRebuildable(_untold(facts))
    return np.asarray(numbers, dtype=np.int64)


def _ranges(numbers: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return the runs of consecutive numbers.

    >>> import numpy as np
    >>> _ranges(np.array([3, 4, 5, 1, 2]))
    [(3, 6), (1, 3)]
    """
    edges = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1).tolist(), len(numbers)]
    return [(int(numbers[a]), int(numbers[b - 1]) + 1) for a, b in itertools.pairwise(edges)]


def _transform(x: ArrayFacts) -> dict[str, str]:
    """Name what was done before scaling, where anything was: recipes without it stay what they were."""
    if x.transform not in ("", *BY_STATISTICS, *BY_LENGTH):
        raise NotRebuildable(msg("the scaling of the training data is not a known one"))
    return {"transform": x.transform} if x.transform else {}


def _each(value: float | tuple[float, ...], rule: Any) -> Any:
    """Apply a rule to one number or to one per channel; equal channels are written once."""
    if not isinstance(value, tuple):
        return rule(value)
    if not 1 <= len(value) <= 4:
        raise NotRebuildable(msg("the scaling of the training data is not a known one"))
    found = [rule(one) for one in value]
    return found[0] if len(set(found)) == 1 else found


def _scale(scale: float | tuple[float, ...]) -> Any:
    return _each(scale, _round_scale)


def _round_scale(scale: float) -> float:
    """Undo the rounding of a scale that was measured on float32 numbers.

    >>> _round_scale(0.003921569), _round_scale(0.0078431368), _round_scale(2.0)
    (0.003921569, 0.0078431373, 2.0)
    """
    if not math.isfinite(scale) or not 1e-9 <= abs(scale) <= 1e9:
        raise NotRebuildable(msg("the scaling of the training data is not a known one"))
    divisor = round(1 / scale, 1)
    if divisor and abs(divisor * scale - 1) < 1e-5:
        return plain(1 / divisor)
    return float(f"{scale:.6g}")


def _shift(shift: float | tuple[float, ...], scale: float | tuple[float, ...]) -> Any:
    smallest = min(abs(one) for one in scale) if isinstance(scale, tuple) else abs(scale)
    return _each(shift, lambda one: _round_shift(one, smallest))


def _round_shift(shift: float, scale: float) -> float:
    if not math.isfinite(shift) or abs(shift) > 1e9:
        raise NotRebuildable(msg("the scaling of the training data is not a known one"))
    if abs(shift) < 1e-3 * scale:  # far less than one step of the pixel values
        return 0.0
    return float(f"{shift:.5g}")


def _dtype(dtype: str) -> str:
    """Return the number type that makes a difference: Keras turns all but float16 into the same float32."""
    if dtype not in (*_FLOATS, *_WHOLES, "bool"):
        raise NotRebuildable(msg("the training data has the number type {dtype}", dtype=dtype))
    return "float16" if dtype == "float16" else "float32"
