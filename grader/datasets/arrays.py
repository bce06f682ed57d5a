"""The four arrays of a data set, held against what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.errors import DataError
from grader.inside.rowhash import row_hashes
from grader.known import Description
from grader.records import msg

NAMES = ("x_train", "y_train", "x_test", "y_test")
_DISTINCT = 0.9
"""Rows are recognised by their hash, so nearly all must differ. CIFAR-10 itself holds a few doubles."""

Arrays = Mapping[str, NDArray[Any]]
"""``NAMES`` to arrays."""


def checked(spec: Description, arrays: Arrays) -> Arrays:
    """Return the arrays as Keras shapes them, or say what is wrong (DataError).

    Labels may come as (n,) or (n, 1) and in any integer type; everything else must already be right.
    """
    return {
        name: _labels(spec, name, arrays[name]) if name[0] == "y" else _inputs(spec, name, arrays[name])
        for name in NAMES
    }


def fits(spec: Description, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
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


def _inputs(spec: Description, name: str, array: NDArray[Any]) -> NDArray[Any]:
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


def _labels(spec: Description, name: str, array: NDArray[Any]) -> NDArray[Any]:
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
