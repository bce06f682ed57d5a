"""What a training leaves in a model, as bytes: the weights of each layer and the optimizer's variables.

A NumPy archive without pickles: ``w3_0`` is the first weight of the layer of node 3, ``o0`` the optimizer's first
variable, and ``order`` names the weights in the order in which the optimizer keeps its variables for them. The kernel
holds the same layers and takes them over; see ``probe/handover.py``.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from .build import Built

MOST_BYTES = 64 << 20
"""Larger states are not handed out."""


def state_of(built: Built) -> dict[str, Any]:
    """Return what a compiled and trained model holds."""
    variables: dict[str, Any] = {
        f"w{node}_{number}": weight
        for node, layer in enumerate(built.layers, start=1)
        for number, weight in enumerate(layer.weights)
    }
    names = {id(weight): name for name, weight in variables.items()}
    order = [names[id(weight)] for weight in built.model.trainable_variables]
    variables |= {f"o{number}": variable for number, variable in enumerate(built.model.optimizer.variables)}
    arrays = {name: keras.ops.convert_to_numpy(variable) for name, variable in variables.items()}
    return {"order": np.array(order, dtype=np.str_), **arrays}


def packed(arrays: Mapping[str, Any]) -> bytes:
    """Return a state as bytes; none when it is too large."""
    if sum(array.nbytes for array in arrays.values()) > MOST_BYTES:
        return b""
    archive = io.BytesIO()
    np.savez(archive, allow_pickle=False, **arrays)
    return archive.getvalue()


def unpacked(state: bytes) -> dict[str, Any]:
    """Return the arrays of a state."""
    with np.load(io.BytesIO(state), allow_pickle=False) as arrays:
        return dict(arrays)


def take_over(built: Built, arrays: Mapping[str, Any], rate: float | None) -> None:
    """Give a compiled model of the same layers the weights of a state and, with a learning rate, its optimizer.

    Args:
        built: The model, compiled.
        arrays: What the training before left.
        rate: Learning rate to go on with, NaN for a schedule; None where the optimizer begins anew.
    """
    for node, layer in enumerate(built.layers, start=1):
        for number, weight in enumerate(layer.weights):
            weight.assign(arrays[f"w{node}_{number}"])
    if rate is None:
        return
    optimizer = built.model.optimizer
    optimizer.build(built.model.trainable_variables)
    for number, variable in enumerate(optimizer.variables):
        variable.assign(arrays[f"o{number}"])
    if not math.isnan(rate):
        optimizer.learning_rate = rate
