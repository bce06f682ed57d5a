"""Reads a ``tf.data`` pipeline off its steps, without running it: which rows it hands on, and in which batches.

TensorFlow keeps every step as an object that knows the step before it. A step that is not known here, or that another
release keeps in another way, ends the reading with a reason: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reasons import Reason  # noqa: TID252 - the kernel imports this folder under another name
from .batching import ENDLESS, Batching
from .mapped import Columns, iterated, mapped, mapped_by_batch
from .unread import Unread

_MOST_STEPS = 100
_WHOLE = -2
"""What TensorFlow takes for a buffer that holds all rows."""
_CHANGES_NOTHING = frozenset({"Prefetch", "Options"})


@dataclass
class Pipeline:
    """The rows of a pipeline and what becomes of them; the steps of the pipeline change it one after the other."""

    columns: Columns
    batching: Batching = field(default_factory=Batching)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.columns[0])

    def mark(self, **changes: Any) -> None:
        """Change how the rows are batched; the first reason why that cannot be made elsewhere stays."""
        self.batching = replace(
            self.batching, **changes | {"unlike": self.batching.unlike or changes.get("unlike", "")}
        )


def read(dataset: Any) -> Pipeline:
    """Return what a pipeline hands on.

    Raises:
        Unread: It cannot be told.
    """
    pipeline = _read(dataset)
    if pipeline.batching.size is None:
        pipeline.mark(unlike=Reason.NO_BATCHES)
    return pipeline


def _read(dataset: Any) -> Pipeline:
    steps = [dataset]
    while hasattr(steps[-1], "_input_dataset"):
        steps.append(steps[-1]._input_dataset)
        if len(steps) > _MOST_STEPS:
            raise Unread(Reason.PIPELINE)
    source, *steps = reversed(steps)
    known = _STEPS.keys() | _CHANGES_NOTHING
    if foreign := [kind for kind in map(_step_name, steps) if kind not in known]:
        raise Unread(Reason.PIPELINE_STEP.about(foreign[0]))
    pipeline = Pipeline(_columns(source))
    for step in steps:
        if change := _STEPS.get(_step_name(step)):
            change(pipeline, step)
    return pipeline


def _step_name(step: Any) -> str:
    """Return the name of one of TensorFlow's own steps, such as ``Shuffle``; any other is named with its module."""
    module, name = type(step).__module__, type(step).__name__
    own = module.startswith("tensorflow.python.data.ops.")
    return name.strip("_").removesuffix("Dataset") if own else f"{module}.{name}"


def _columns(source: Any) -> Columns:
    """Return the arrays at the beginning of a pipeline, without a copy where they lie in this machine's memory."""
    kind = _step_name(source)
    if kind == "TensorSlice":
        columns = [np.asarray(tensor) for tensor in source._tensors]
    elif kind == "Zip":
        parts = [_read(part) for part in source._datasets]
        if any(part.batching != Batching() for part in parts):
            raise Unread(Reason.PIPELINE_STEP.about("Zip"))
        rows = min(part.rows for part in parts)
        columns = [column[:rows] for part in parts for column in part.columns]
    else:
        raise Unread(Reason.PIPELINE_STEP.about(kind))
    if any(column.dtype.kind not in "iufb" for column in columns):
        raise Unread(Reason.PIPELINE)
    return columns


def _map(pipeline: Pipeline, step: Any) -> None:
    size = pipeline.batching.size
    function = step._map_func.function
    pipeline.columns = (
        mapped(function, pipeline.columns) if size is None else mapped_by_batch(function, pipeline.columns, size)
    )


def _shuffle(pipeline: Pipeline, step: Any) -> None:
    batching, buffer = pipeline.batching, int(step._buffer_size)
    buffer = pipeline.rows if buffer == _WHOLE else min(buffer, pipeline.rows)
    if buffer <= 1:
        return
    if batching.size is not None:
        pipeline.mark(unlike=Reason.SHUFFLES_BATCHES)
    elif batching.passes != 1:
        pipeline.mark(unlike=Reason.SHUFFLES_EPOCHS)
    elif step._reshuffle_each_iteration is False:
        if batching.buffer is not None:
            pipeline.mark(unlike=Reason.ONE_ORDER)
        else:  # what it deals out once it deals out always: the rows are taken as they come
            pipeline.columns = iterated(step, pipeline.columns)
    elif batching.buffer is None or buffer == pipeline.rows:
        pipeline.mark(buffer=buffer)
    elif batching.buffer < pipeline.rows:
        pipeline.mark(unlike=Reason.SHUFFLES_TWICE)


def _batch(pipeline: Pipeline, step: Any) -> None:
    batching, size, drops = pipeline.batching, int(step._batch_size), bool(step._drop_remainder)
    if batching.size is not None:
        raise Unread(Reason.PIPELINE_STEP.about("two batches"))
    over = pipeline.rows % size
    if over and batching.passes != 1:
        pipeline.mark(unlike=Reason.ACROSS_EPOCHS)
    elif over and drops and batching.buffer is None:
        pipeline.columns = [column[: pipeline.rows - over] for column in pipeline.columns]
    pipeline.mark(size=size, drops=bool(over and drops and batching.buffer is not None))


def _cache(pipeline: Pipeline, step: Any) -> None:
    if bytes(np.asarray(step._filename).item()):
        raise Unread(Reason.PIPELINE_STEP.about("a cache in a file"))
    if pipeline.batching.buffer is not None:
        pipeline.mark(unlike=Reason.ONE_ORDER)


def _repeat(pipeline: Pipeline, step: Any) -> None:
    count, before = int(step._count), pipeline.batching.passes
    pipeline.mark(passes=ENDLESS if ENDLESS in {count, before} or count < 0 else before * count)


def _take(pipeline: Pipeline, step: Any) -> None:
    _part(pipeline, step, lambda column, count: column[:count])


def _skip(pipeline: Pipeline, step: Any) -> None:
    _part(pipeline, step, lambda column, count: column[count:])


def _part(pipeline: Pipeline, step: Any, cut: Callable[[NDArray[Any], int], NDArray[Any]]) -> None:
    batching, count = pipeline.batching, int(step._count)
    count = pipeline.rows if count < 0 else min(count * (batching.size or 1), pipeline.rows)
    columns = [cut(column, count) for column in pipeline.columns]
    if len(columns[0]) == pipeline.rows:
        return
    if batching.passes != 1:
        raise Unread(Reason.PART_OF_REPEATED)
    if batching.buffer is not None or batching.unlike:
        raise Unread(Reason.PART_OF_SHUFFLED)
    pipeline.columns = columns


_STEPS: dict[str, Callable[[Pipeline, Any], None]] = {
    "Map": _map,
    "ParallelMap": _map,
    "Shuffle": _shuffle,
    "Batch": _batch,
    "ParallelBatch": _batch,
    "Cache": _cache,
    "Repeat": _repeat,
    "Take": _take,
    "Skip": _skip,
}
