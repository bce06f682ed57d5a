"""The quick profile inside the kernel: which arguments a call gets instead of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..budget import cut_given_steps, cut_steps, evaluation_steps  # noqa: TID252  # the kernel imports this folder under another name
from .batches import Batch

_KERAS_BATCH = 32


def trained_batch_size(given: Mapping[str, Any], batch: Batch) -> int | None:
    """Return the batch size Keras really uses for these arguments, None for pipelines that batch themselves.

    With ``steps_per_epoch`` and no batch size Keras divides the rows by the steps.
    """
    if batch.rows is None:
        return None
    if given.get("batch_size"):
        return int(given["batch_size"])
    steps = given.get("steps_per_epoch")
    return math.ceil(training_rows(given, batch) / int(steps)) if steps else _KERAS_BATCH


def training_rows(given: Mapping[str, Any], batch: Batch) -> int:
    """Return how many rows are left to train on after a validation split, as Keras counts them."""
    split = float(given.get("validation_split") or 0.0)
    taken = split if given.get("validation_data") is None else 0.0
    return math.floor((batch.rows or 0) * (1 - taken))


def cut_fit(
    given: Mapping[str, Any], batch: Batch, validation: Batch | None, budget: int | None
) -> tuple[dict[str, Any], int | None]:
    """Return the arguments of ``fit`` to replace, and the steps per epoch when they were cut."""
    if budget is None:
        return {}, None
    size = trained_batch_size(given, batch)
    epochs = int(given["epochs"]) - int(given.get("initial_epoch") or 0)
    changes: dict[str, Any] = {}
    if given.get("steps_per_epoch"):
        steps = cut_given_steps(int(given["steps_per_epoch"]), epochs, budget)
    elif size is not None:
        steps = cut_steps(training_rows(given, batch), size, epochs, budget)
    else:
        steps = _cut_pipeline(batch, epochs, budget)
    if steps is not None:
        changes["steps_per_epoch"] = steps
        if size is not None:
            changes["batch_size"] = size  # else Keras would divide the rows by the steps
    changes |= _cut_validation(given, batch, validation, size, budget)
    return changes, steps


def _cut_pipeline(batch: Batch, epochs: int, budget: int) -> int | None:
    """Cut a pipeline of known length; one of unknown length cannot be cut without knowing that it goes on."""
    return cut_given_steps(batch.batches, epochs, budget) if batch.batches else None


def _cut_validation(
    given: Mapping[str, Any], batch: Batch, validation: Batch | None, size: int | None, budget: int
) -> dict[str, Any]:
    if given.get("validation_steps"):
        return {}
    if validation is not None:
        rows = validation.rows
    else:
        rows = batch.rows - training_rows(given, batch) if batch.rows is not None else None
    if rows is None:
        return {}
    size = int(given.get("validation_batch_size") or size or _KERAS_BATCH)
    steps = evaluation_steps(rows, size, budget)
    return {} if steps is None else {"validation_steps": steps, "validation_batch_size": size}


def cut_evaluate(given: Mapping[str, Any], batch: Batch, budget: int | None) -> dict[str, Any]:
    """Return the arguments of ``evaluate`` to replace."""
    if batch.rows is None or given.get("steps"):
        return {}
    size = int(given.get("batch_size") or _KERAS_BATCH)
    steps = evaluation_steps(batch.rows, size, budget)
    return {} if steps is None else {"steps": steps, "batch_size": size}
