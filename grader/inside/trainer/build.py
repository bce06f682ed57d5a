"""Nodes -> a Keras model, measured before anything is allocated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

import keras

from .kinds import LAYERS, MERGING, make

Node = Mapping[str, Any]
_MB = 1 << 20


class Refused(Exception):  # noqa: N818  - an answer, not an error
    """The recipe is outside the bounds: ``code`` and the figures the host makes a sentence of."""

    def __init__(self, code: str, **values: float) -> None:
        super().__init__(code)
        self.code, self.values = code, values


@dataclass(frozen=True)
class Built:
    """A model and its layers in the order of the recipe's nodes, the input left out."""

    model: keras.Model
    layers: list[Any]


def measure(nodes: Sequence[Node], batch_size: int, bounds: Mapping[str, int]) -> None:
    """Build the model without allocating its weights, and compare it with the bounds.

    Raises:
        Refused: It has too many parameters, or one batch would not fit into memory.
        Exception: Whatever Keras says about shapes that do not fit.
    """
    with keras.StatelessScope(initialize_variables=False):  # variables get shapes here, but no values
        _check(build(nodes), batch_size, bounds)


def build(nodes: Sequence[Node], kind: type[keras.Model] = keras.Model) -> Built:
    """Build a recipe's model with fresh weights, a ``kind`` of Keras's model."""
    tensors = [keras.Input(tuple(nodes[0]["config"]["shape"]))]
    layers = []
    for node in nodes[1:]:
        inputs = [tensors[index] for index in node["inputs"]]
        layers.append(make(LAYERS, node))
        tensors.append(layers[-1](inputs if node["kind"] in MERGING else inputs[0]))
    return Built(kind(tensors[0], tensors[-1]), layers)


def _check(built: Built, batch_size: int, bounds: Mapping[str, int]) -> None:
    parameters = sum(math.prod(weight.shape) for weight in built.model.weights)
    if parameters > bounds["parameters"]:
        raise Refused("parameters", found=parameters, most=bounds["parameters"])
    # Weights, gradients and two moments of an optimizer; activations forwards and backwards.
    numbers = 4 * parameters + 2 * batch_size * sum(_size(layer) for layer in built.layers)
    megabytes = 4 * numbers // _MB
    if megabytes > bounds["memory_mb"]:
        raise Refused("memory", found=megabytes, most=bounds["memory_mb"])


def _size(layer: Any) -> int:
    return math.prod(axis or 1 for axis in layer.output.shape[1:])


def describe(built: Built, nodes: Sequence[Node]) -> list[dict[str, Any]]:
    """Return the layers as ``LayerFacts`` wants them: kind, plain settings, true output shape, parameters."""
    return [
        {
            "kind": node["kind"],
            "name": layer.name,
            "config": {key: value for key, value in node["config"].items() if not isinstance(value, dict | NoneType)},
            "output_shape": list(layer.output.shape),
            "num_params": layer.count_params(),
        }
        for node, layer in zip(nodes[1:], built.layers, strict=True)
    ]
