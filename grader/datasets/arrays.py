"""The four arrays of a data set: the names, shapes and types that ``keras.datasets`` gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.errors import DataError
from grader.inside.rowhash import row_hashes
from grader.records import msg

NAMES = ("x_train", "y_train", "x_test", "y_test")
_DISTINCT = 0.9
"""Rows are recognised by their hash, so nearly all must differ. CIFAR-10 itself holds a few doubles."""

Arrays = Mapping[str, NDArray[Any]]
"""``NAMES`` to arrays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What the arrays of one data set look like, exactly as ``keras.datasets`` gives them."""

    name: str
    num_train: int
    num_test: int
    item: tuple[int, ...]
    """Shape of one row of x."""
    x_dtype: str
    label: tuple[int, ...]
    """Shape of one row of y."""
    y_dtype: str
    classes: int
    images: bool
    """True for uint8 images, whose rows are recognised by hash."""

    def shape(self, array: str) -> tuple[int, ...]:
        """Return the shape of ``x_train``, ``y_train``, ``x_test`` or ``y_test``."""
        return (self.num_train if array.endswith("train") else self.num_test, *self._row(array))

    def dtype(self, array: str) -> np.dtype[Any]:
        """Return the dtype of one of the four arrays."""
        return np.dtype(self.x_dtype if array.startswith("x") else self.y_dtype)

    def _row(self, array: str) -> tuple[int, ...]:
        return self.item if array.startswith("x") else self.label


SPECS = {
    spec.name: spec
    for spec in (
        Spec(
            name="mnist",
            num_train=60_000,
            num_test=10_000,
            item=(28, 28),
            x_dtype="uint8",
            label=(),
            y_dtype="uint8",
            classes=10,
            images=True,
        ),
        Spec(
            name="cifar10",
            num_train=50_000,
            num_test=10_000,
            item=(32, 32, 3),
            x_dtype="uint8",
            label=(1,),
            y_dtype="uint8",
            classes=10,
            images=True,
        ),
        Spec(
            name="binary20",
            num_train=10_000,
            num_test=10_000,
            item=(20,),
            x_dtype="float64",
            label=(1,),
            y_dtype="int64",
            classes=2,
            images=False,
        ),
    )
}


def spec_of(name: str) -> Spec:
    """Return the spec of a data set, or say which there are (DataError)."""
    if name not in SPECS:
        raise DataError(
            msg("found the data set name {name}; expected one of {specs}", name=repr(name), specs=", ".join(SPECS))
        )
    return SPECS[name]


def checked(spec: Spec, arrays: Arrays) -> Arrays:
    """Return the arrays as Keras shapes them, or say what is wrong (DataError).

    Labels may come as (n,) or (n, 1) and in any integer type; everything else must already be right.
    """
    return {
        name: _labels(spec, name, arrays[name]) if name[0] == "y" else _inputs(spec, name, arrays[name])
        for name in NAMES
    }


def fits(spec: Spec, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse a shape or dtype that :func:`checked` would refuse, before a byte of the array is read."""
    wanted, n = spec.shape(name), spec.shape(name)[0]
    is_label = name.startswith("y")
    if shape not in ({(n,), (n, 1)} if is_label else {wanted}):
        raise DataError(
            msg(
                "{dataset}: found {name} of shape {shape}; expected {wanted}. Give the whole, unchanged data set",
                dataset=spec.name,
                name=name,
                shape=str(shape),
                wanted=str(wanted),
            )
        )
    if dtype.kind not in "iu" if is_label else dtype != spec.dtype(name):
        raise DataError(
            msg(
                "{dataset}: found {name} of type {dtype}; expected {wanted}. Give the data as Keras delivers it, "
                "neither scaled nor one-hot",
                dataset=spec.name,
                name=name,
                dtype=str(dtype),
                wanted=str(spec.dtype(name)),
            )
        )


def _inputs(spec: Spec, name: str, array: NDArray[Any]) -> NDArray[Any]:
    fits(spec, name, array.shape, array.dtype)
    if spec.images:
        distinct = len(np.unique(row_hashes(array)))
        if distinct < _DISTINCT * len(array):
            raise DataError(
                msg(
                    "{dataset}: found {distinct} different images among the {count} of {name}; expected nearly all "
                    "to differ. The file is damaged or a placeholder: fetch it again",
                    dataset=spec.name,
                    distinct=distinct,
                    count=len(array),
                    name=name,
                )
            )
    return np.ascontiguousarray(array)


def _labels(spec: Spec, name: str, array: NDArray[Any]) -> NDArray[Any]:
    fits(spec, name, array.shape, array.dtype)
    found = np.unique(array)
    if found.tolist() != list(range(spec.classes)):
        shown = ", ".join(str(value) for value in found[:12])
        raise DataError(
            msg(
                "{dataset}: found the labels {shown} in {name}; expected each of 0 to {last}. Check that the "
                "file is this data set",
                dataset=spec.name,
                shown=shown,
                name=name,
                last=spec.classes - 1,
            )
        )
    return np.ascontiguousarray(array.reshape(spec.shape(name)), dtype=spec.dtype(name))
