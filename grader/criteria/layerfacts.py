"""Reading layers: activations, sizes, and how they are written for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from grader.records import LayerFacts

_ACTIVATION_LAYERS = {
    "ReLU": "relu",
    "Softmax": "softmax",
    "ELU": "elu",
    "LeakyReLU": "leaky_relu",
}
_GIVEN = re.compile(r"Activation\(activation=(\w+)\)")
_SAME = {"swish": "silu", "hard_swish": "hard_silu"}


def activation_of(layers: Sequence[LayerFacts], index: int) -> str:
    """Return a layer's activation, also when it stands in a layer of its own behind it.

    >>> dense = LayerFacts(kind="Dense", config={"units": 10, "activation": "linear"})
    >>> own = LayerFacts(kind="Activation", config={"activation": "softmax"})
    >>> activation_of([dense, own], 0), activation_of([dense], 0)
    ('softmax', 'linear')
    >>> activation_of([LayerFacts(kind="Dense", config={"activation": "ReLU(negative_slope=0.0, threshold=0.0)"})], 0)
    'relu'
    """
    own = _named(value_text(layers[index].config.get("activation", "linear")))
    after = next_after(layers, index)
    if own != "linear" or after is None:
        return own
    if after.kind == "Activation":
        return _named(value_text(after.config.get("activation", "linear")))
    return _ACTIVATION_LAYERS.get(after.kind, own)


def next_after(layers: Sequence[LayerFacts], index: int) -> LayerFacts | None:
    """Return the layer behind another one, batch normalisation passed over."""
    return next((layer for layer in layers[index + 1 :] if layer.kind != "BatchNormalization"), None)


def _named(activation: str) -> str:
    """Return the activation that a layer given as one is: ``Dense(10, activation=keras.layers.Softmax())``."""
    kind = activation.partition("(")[0]
    given = _GIVEN.fullmatch(activation)
    return given[1] if given else _ACTIVATION_LAYERS.get(kind, activation)


def same_activation(one: str, other: str) -> bool:
    """Compare two activations; Keras has some under two names.

    >>> same_activation("swish", "silu")
    True
    """
    return _SAME.get(one, one) == _SAME.get(other, other)


def sizes(layers: Iterable[LayerFacts]) -> tuple[int, ...]:
    """Return units and filters of the layers that have them.

    >>> sizes([LayerFacts(kind="Conv2D", config={"filters": 32}), LayerFacts(kind="Flatten"),
    ...        LayerFacts(kind="Dense", config={"units": 10})])
    (32, 10)
    """
    found = (layer.config.get("units", layer.config.get("filters")) for layer in layers)
    return tuple(size for size in found if isinstance(size, int))


def broadcast(value: Any, other: Any) -> tuple[Any, ...]:
    """Write a size as a tuple, as long as the other one.

    >>> broadcast(3, (3, 3)), broadcast([3, 3], 3)
    ((3, 3), (3, 3))
    """
    if isinstance(value, list | tuple):
        return tuple(value)
    return (value,) * (len(other) if isinstance(other, list | tuple) else 1)


def value_text(value: Any) -> str:
    """Write a setting.

    >>> value_text((3, 3)), value_text("same"), value_text({"class_name": "ReLU", "config": {}})
    ('3×3', 'same', 'ReLU')
    """
    if isinstance(value, list | tuple):
        return "×".join(str(one) for one in value)
    return str(value.get("class_name", value)) if isinstance(value, Mapping) else str(value)


def listing(layers: Sequence[LayerFacts]) -> str:
    """Write the kinds of a model's layers in order.

    >>> listing([LayerFacts(kind="Flatten"), LayerFacts(kind="Dense")])
    'Flatten → Dense'
    """
    return " → ".join(layer.kind for layer in layers) or "–"
