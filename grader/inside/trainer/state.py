"""What a training leaves in a model, as bytes: the weights of each layer and the optimizer's variables.

A NumPy archive without pickles: ``w3_0`` is the first weight of the layer of node 3, ``o0`` the optimizer's first
variable, and ``order`` names the weights in the order in which the optimizer keeps its variables for them. The kernel
holds the same layers and takes them over; see ``probe/handover.py``.
"""

from __future__ import annotations

import io
from typing import Any

import keras
import numpy as np

from .build import Built

MOST_BYTES = 64 << 20
"""Larger states are not handed out."""


def state_of(built: Built) -> bytes:
    """Return the state of a compiled and trained model; empty when it is too large."""
    variables: dict[str, Any] = {
        f"w{node}_{number}": weight
        for node, layer in enumerate(built.layers, start=1)
        for number, weight in enumerate(layer.weights)
    }
    names = {id(weight): name for name, weight in variables.items()}
    order = [names[id(weight)] for weight in built.model.trainable_variables]
    variables |= {f"o{number}": variable for number, variable in enumerate(built.model.optimizer.variables)}
    arrays = {name: keras.ops.convert_to_numpy(variable) for name, variable in variables.items()}
    if sum(array.nbytes for array in arrays.values()) > MOST_BYTES:
        return b""
    archive = io.BytesIO()
    np.savez(archive, allow_pickle=False, order=np.array(order, dtype=np.str_), **arrays)
    return archive.getvalue()
