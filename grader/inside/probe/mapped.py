"""What the functions of a ``tf.data`` pipeline make of its rows: they are applied to all of them, once.

Only functions that come to the same each time: TensorFlow knows which of its operations have effects or draw by chance.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reasons import Reason  # noqa: TID252 - the kernel imports this folder under another name
from .unread import Unread

Columns = list[NDArray[Any]]
"""Arrays with one row for each element of a pipeline, one array for each of its parts: images, labels."""

_MOST_BYTES = 2 << 30
_AT_ONCE = 1_000
_TRIED = 3


def mapped(function: Any, columns: Columns) -> Columns:
    """Apply a function of single elements, as TensorFlow has traced it, to every row.

    Raises:
        Unread: It has effects or draws by chance, or what it makes has no known size.
    """
    import tensorflow as tf

    _check(function)
    rows = len(columns[0])
    made = _room(function, rows, start=0)
    vectorised = tf.function(
        lambda *parts: tf.vectorized_map(lambda one: tuple(function(*one)), parts, fallback_to_while_loop=False),
        autograph=False,
    )
    with contextlib.suppress(Exception):  # an operation that TensorFlow cannot apply to many rows at once
        _fill(made, (vectorised(*(column[part] for column in columns)) for part in _parts(rows)))
        if _come_out(function, columns, made):
            return made
    each = tf.data.Dataset.from_tensor_slices(tuple(columns))
    each = each.map(tf.autograph.experimental.do_not_convert(lambda *one: tuple(function(*one))), tf.data.AUTOTUNE)
    _fill(made, each.batch(_AT_ONCE))
    return made


def mapped_by_batch(function: Any, columns: Columns, size: int) -> Columns:
    """Apply a function of batches to rows, in batches of this size.

    Raises:
        Unread: As :func:`mapped`; or what becomes of a row depends on the others of its batch.
    """
    _check(function)
    rows = len(columns[0])
    made = _room(function, rows, start=1)
    for start in range(0, rows, size):
        numbers = np.arange(start, start + size)
        for target, part in zip(made, function(*(column[numbers % rows] for column in columns)), strict=True):
            target[start : start + size] = part[: rows - start]
    for row in range(min(_TRIED, rows)):  # the same row all over
        alone = function(*(np.repeat(column[row : row + 1], size, axis=0) for column in columns))
        if not all(np.allclose(target[row], part[0], atol=1e-6) for target, part in zip(made, alone, strict=True)):
            raise Unread(Reason.MIXING_MAP)
    return made


def iterated(dataset: Any, like: Columns) -> Columns:
    """Return the elements of a pipeline that always comes in the same order, in that order."""
    made = [np.empty_like(column) for column in like]
    _fill(made, (_flat(batch) for batch in dataset.batch(_AT_ONCE)))
    return made


def _check(function: Any) -> None:
    """Refuse a function that does not come to the same each time."""
    from tensorflow.python.framework import op_def_registry

    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(node for one in graph.library.function for node in one.node_def)]
    own = {one.signature.name for one in graph.library.function}
    for name in {node.op for node in nodes} - own:
        kind = op_def_registry.get(name)
        if kind is None or kind.is_stateful or "PyFunc" in name:
            raise Unread(Reason.IMPURE_MAP)


def _room(function: Any, rows: int, start: int) -> Columns:
    """Return empty arrays for what a function makes of so many rows; its shapes have a batch axis before ``start``."""
    shapes = [output.shape[start:] for output in function.outputs]
    types = [output.dtype for output in function.outputs]
    known = all(shape.is_fully_defined() for shape in shapes) and all(one.is_numpy_compatible for one in types)
    kinds = [np.dtype(one.as_numpy_dtype) for one in types] if known else []
    needed = sum(rows * math.prod(shape) * kind.itemsize for shape, kind in zip(shapes, kinds, strict=False))
    if not known or needed > _MOST_BYTES or any(kind.kind not in "iufb" for kind in kinds):
        raise Unread(Reason.LARGE_MAP)
    return [np.empty((rows, *shape), kind) for shape, kind in zip(shapes, kinds, strict=True)]


def _parts(rows: int) -> Iterator[slice]:
    return (slice(start, start + _AT_ONCE) for start in range(0, rows, _AT_ONCE))


def _fill(made: Columns, batches: Any) -> None:
    start = 0
    for batch in batches:
        for target, part in zip(made, batch, strict=True):
            target[start : start + len(part)] = part
        start += len(batch[0])
    if start != len(made[0]):
        raise Unread(Reason.PIPELINE)


def _come_out(function: Any, columns: Columns, made: Columns) -> bool:
    """Tell whether some rows are what the function makes of each of them."""
    return all(
        np.allclose(target[row], part, atol=1e-6)
        for row in range(min(_TRIED, len(made[0])))
        for target, part in zip(made, function(*(column[row] for column in columns)), strict=True)
    )


def _flat(element: Any) -> Any:
    import tensorflow as tf

    return tf.nest.flatten(element)
