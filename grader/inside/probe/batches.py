"""What was handed to ``fit``, ``evaluate`` or ``predict``: arrays, tensors, tables, pipelines."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reasons import Reason  # noqa: TID252 - the kernel imports this folder under another name
from . import tfdata
from .batching import Batching
from .recognise import RecognisedArray, Recogniser, label_facts
from .unread import Unread


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Inputs and labels of one call, described."""

    found: RecognisedArray
    labels: dict[str, Any] | None = None
    rows: int | None = None
    """Length of an array; None for pipelines that could not be read."""
    batches: int | None = None
    """Length of a pipeline in batches, None when unknown; 0 for an endless one."""
    batching: Batching | None = None
    """What a pipeline does with its rows; None for arrays, and for pipelines that could not be read."""

    @property
    def facts(self) -> dict[str, Any]:
        """The inputs as ``records.ArrayFacts``."""
        return dict(self.found.facts)


def look_at(recogniser: Recogniser, x: Any, y: Any) -> Batch:
    """Describe inputs and labels without touching them: a pipeline that draws by chance is not iterated.

    What cannot even be looked at is unrecognised, so that its call is recorded all the same.
    """
    try:
        return _look_at(recogniser, x, y)
    except Exception:
        return Batch(found=RecognisedArray(facts={"shape": [], "dtype": "", "why": _kind(x)}))


def _look_at(recogniser: Recogniser, x: Any, y: Any) -> Batch:
    x = single(x)
    array = as_array(x)
    if array is None:
        return _of_dataset(recogniser, x) if "DatasetV2" in _names(x) else _pipeline(recogniser, x, _kind(x))
    labels = None if y is None else as_array(single(y))
    found = recogniser.recognise_with(array, labels)
    return Batch(found=found, labels=None if labels is None else label_facts(labels, found), rows=len(array))


def as_array(x: Any) -> NDArray[Any] | None:
    """Return an array's, an eager tensor's or a table's numbers, without a copy where possible; else None."""
    if isinstance(x, np.ndarray):
        return x if x.ndim else None
    if isinstance(x, (list, tuple)):
        array = np.asarray(x) if x and not hasattr(x[0], "shape") else None
        return array if array is not None and array.dtype.kind in "iufb" else None
    for way in ("to_numpy", "numpy"):
        if hasattr(x, way) and hasattr(x, "shape"):
            array = np.asarray(getattr(x, way)())
            return array if array.ndim else None
    return None


def single(x: Any) -> Any:
    """Return the only array of a list of one, as Keras does."""
    if isinstance(x, (list, tuple)) and len(x) == 1 and hasattr(x[0], "shape"):
        return x[0]
    return x


def _of_dataset(recogniser: Recogniser, x: Any) -> Batch:
    """Describe a ``tf.data`` pipeline; one object is read once."""
    batch: Batch | None = recogniser.pipelines.get(x)
    if batch is None:
        try:
            batch = _read(recogniser, x)
        except Unread as unread:
            batch = _pipeline(recogniser, x, str(unread))
        except Exception:  # another release keeps its steps in another way
            batch = _pipeline(recogniser, x, _kind(x))
        recogniser.pipelines.set(x, batch)
    return batch


def _read(recogniser: Recogniser, x: Any) -> Batch:
    import tensorflow as tf

    spec = x.element_spec
    parts = spec if isinstance(spec, tuple) and len(spec) in {1, 2} else (spec,)
    if not all(type(part) is tf.TensorSpec for part in parts):
        raise Unread(_kind(x))
    pipeline = tfdata.read(x)
    rows, labels = pipeline.columns[0], pipeline.columns[1] if len(parts) > 1 else None
    found = recogniser.recognise_with(rows, labels)
    return Batch(
        found=found,
        labels=None if labels is None else label_facts(labels, found),
        rows=pipeline.rows,
        batches=_length(x),
        batching=pipeline.batching,
    )


def _pipeline(recogniser: Recogniser, x: Any, why: str) -> Batch:
    source = _source(x)
    found = RecognisedArray(facts={"shape": [], "dtype": "", "why": why})
    if source is not None:
        behind = recogniser.recognise(source)
        if behind.facts.get("dataset"):
            found = replace(found, facts={**behind.facts, "rows": None, "why": why})
    return Batch(found=found, batches=_length(x))


def _names(x: Any) -> set[str]:
    return {cls.__name__ for cls in type(x).__mro__}


def _kind(x: Any) -> str:
    """Return the reason why something cannot be looked up row by row."""
    names = _names(x)
    if isinstance(x, Mapping):
        return Reason.NAMED_INPUTS
    if isinstance(x, (list, tuple)):
        return Reason.SEVERAL_INPUTS
    if inspect.isgenerator(x):
        return Reason.GENERATOR
    if names & {"DatasetV2", "DistributedDataset"}:
        return Reason.PIPELINE
    if "NumpyArrayIterator" in names:
        return Reason.IMAGE_DATA_GENERATOR
    if names & {"PyDataset", "Sequence"}:
        return Reason.PY_DATASET
    if "DataLoader" in names:
        return Reason.DATA_LOADER
    return Reason.NO_DATA if x is None else Reason.OTHER_OBJECT.about(type(x).__name__)


def _source(x: Any) -> NDArray[Any] | None:
    """Return the array a pipeline reads from, when it lies open: an ImageDataGenerator's, or from_tensor_slices'."""
    if type(x).__name__ == "NumpyArrayIterator":
        return as_array(getattr(x, "x", None))
    for _ in range(20):
        if hasattr(x, "_input_dataset"):
            x = x._input_dataset
    tensors = getattr(x, "_tensors", None)
    return as_array(tensors[0]) if isinstance(tensors, (list, tuple)) and tensors else None


def _length(x: Any) -> int | None:
    if hasattr(x, "cardinality"):
        count = int(x.cardinality())
        return count if count > 0 else 0 if count == -1 else None
    if hasattr(x, "__len__") and not isinstance(x, (list, tuple, Mapping)):
        with contextlib.suppress(TypeError):  # a sparse matrix has the method, and refuses
            return len(x)
    return None
