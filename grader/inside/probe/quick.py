"""The quick profile inside the kernel: which arguments a call gets instead of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..budget import cut_given_steps, cut_steps, evaluation_steps  # noqa: TID252  # the kernel imports this folder under another name
from .batches import Batch

_KERAS_BATCH = 32
_PAIR = 2


def trained_batch_size(given: Mapping[str, Any], batch: Batch) -> int | None:
    """Return the batch size Keras really uses for these arguments, None for pipelines that could not be read.

    With ``steps_per_epoch`` and no batch size Keras divides the rows by the steps.
    """
    if batch.rows is None:
        return None
    if batch.batching is not None:
        return batch.batching.size
    if given.get("batch_size"):
        return int(given["batch_size"])
    steps = given.get("steps_per_epoch")
    return math.ceil(training_rows(given, batch) / int(steps)) if steps else _KERAS_BATCH


def training_rows(given: Mapping[str, Any], batch: Batch) -> int:
    """Return how many rows are left to train on after a validation split, as Keras counts them."""
    split = float(given.get("validation_split") or 0.0)
    taken = split if given.get("validation_data") is None else 0.0
    return math.floor((batch.rows or 0) * (1 - taken))


def steps_of(given: Mapping[str, Any], batch: Batch) -> int:
    """Return how many batches an epoch of known rows takes with these arguments."""
    steps = given.get("steps_per_epoch")
    if not steps and batch.batching is not None:
        return batch.batching.steps(batch.rows or 0)
    return int(steps) if steps else math.ceil(training_rows(given, batch) / (trained_batch_size(given, batch) or 1))


def cut_fit(given: Mapping[str, Any], batch: Batch, validation: Batch | None, budget: int | None) -> dict[str, Any]:
    """Return the arguments of ``fit`` to replace."""
    if budget is None:
        return {}
    size = trained_batch_size(given, batch) if batch.batching is None else None
    epochs = int(given["epochs"]) - int(given.get("initial_epoch") or 0)
    changes: dict[str, Any] = {}
    if given.get("steps_per_epoch"):
        steps = cut_given_steps(int(given["steps_per_epoch"]), epochs, budget)
    elif size is not None:
        steps = cut_steps(training_rows(given, batch), size, epochs, budget)
    else:
        steps = _cut_pipeline(batch, epochs, budget)
    changes |= _cut_validation(given, batch, validation, size, epochs, budget)
    if steps is not None:
        changes["steps_per_epoch"] = steps
        if size is not None:
            changes["batch_size"] = size  # else Keras would divide the rows by the steps
            changes |= _fewer_rows(given, training_rows(given, batch), steps * epochs * size)
    return changes


def _fewer_rows(given: Mapping[str, Any], rows: int, needed: int) -> dict[str, Any]:
    """Return only the rows that the steps will see: Keras would prepare, copy and shuffle all of them.

    A random choice without repetition is what the first steps of a shuffled epoch are. The validation split must
    have been replaced by data before.
    """
    arrays: dict[str, Any] = {name: given[name] for name in ("x", "y", "sample_weight") if given.get(name) is not None}
    split = given.get("validation_split") and (given.get("validation_data") is None) and "sample_weight" in arrays
    if needed >= rows or split or not all(isinstance(array, np.ndarray) for array in arrays.values()):
        return {}
    chosen: Any = slice(needed)
    if given.get("shuffle", True):
        chosen = np.random.RandomState(len(arrays["x"])).permutation(rows)[
            :needed
        ]  # of its own: the notebook keeps its state
    return {name: array[chosen] for name, array in arrays.items()}


def _cut_pipeline(batch: Batch, epochs: int, budget: int) -> int | None:
    """Cut a pipeline of known length; one of unknown length cannot be cut without knowing that it goes on."""
    return cut_given_steps(batch.batches, epochs, budget) if batch.batches else None


def _cut_validation(
    given: Mapping[str, Any], batch: Batch, validation: Batch | None, size: int | None, epochs: int, budget: int
) -> dict[str, Any]:
    """Return the part of the validation data to look at; of arrays the rows, of anything else the steps."""
    if given.get("validation_steps"):
        return {}
    size = int(given.get("validation_batch_size") or size or _KERAS_BATCH)
    data = given.get("validation_data")
    x, y = data if isinstance(data, (tuple, list)) and len(data) == _PAIR else (None, None)
    rows = validation.rows if validation is not None and validation.batching is None else None
    if data is None and batch.rows is not None and given.get("validation_split"):
        kept = training_rows(given, batch)
        rows, x, y = batch.rows - kept, _after(given["x"], kept), _after(given.get("y"), kept)
    if rows is None:
        return {}
    steps = cut_steps(rows, size, epochs, budget)
    most = rows if steps is None else steps * size
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and given.get("sample_weight") is None:
        return {"validation_split": 0.0, "validation_data": (x[:most], y[:most])}
    return {} if steps is None else {"validation_steps": steps, "validation_batch_size": size}


def _after(array: Any, start: int) -> Any:
    return array[start:] if isinstance(array, np.ndarray) else None


def cut_evaluate(given: Mapping[str, Any], batch: Batch, budget: int | None) -> dict[str, Any]:
    """Return the arguments of ``evaluate`` to replace.

    A pipeline goes on to its end: one that is left early may have to be waited for, see ``pipelines``.
    """
    if batch.rows is None or batch.batching is not None or given.get("steps"):
        return {}
    size = int(given.get("batch_size") or _KERAS_BATCH)
    steps = evaluation_steps(batch.rows, size, budget)
    if steps is None:
        return {}
    x, y = given["x"], given.get("y")
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and given.get("sample_weight") is None:
        return {"x": x[: steps * size], "y": y[: steps * size]}
    return {"steps": steps, "batch_size": size}
