"""What a model does, step by step: its layers, and what stands between them, such as ``keras.activations.relu(x)``."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from typing import Any

_MOST_UNSEEN = 20
_MODULES = ("keras.src.ops.nn", "keras.src.ops.numpy", "keras.src.activations.activations")
_ACTIVATIONS = {
    **{name: name.lower() for name in ("ReLU", "Relu", "Relu6", "Elu", "Selu", "Celu", "Gelu", "Silu", "Mish")},
    **{name: name.lower() for name in ("Sigmoid", "Tanh", "Softmax", "Softplus", "Softsign")},
    "LeakyRelu": "leaky_relu",
    "LogSoftmax": "log_softmax",
    "LogSigmoid": "log_sigmoid",
    "Exp": "exponential",
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu",
    "HardTanh": "hard_tanh",
}
"""Keras's operations, and the activations they are."""


def api_of(model: Any) -> str:
    """Return ``sequential``, ``functional`` or ``subclassed``."""
    from keras import Sequential
    from keras.src.models.functional import Functional

    for base, word in ((Sequential, "sequential"), (Functional, "functional")):
        if isinstance(model, base) and type(model).call is base.call:
            return word
    return "subclassed"


def steps_of(model: Any) -> Iterator[tuple[Any, Any]]:
    """Yield a model's layers in Keras's order, nested models opened, without InputLayer, each with None or a call.

    What has no weights comes once for every call, with that call: ``pool = MaxPooling2D()`` called four times is four
    poolings, the same network as with four objects. Among the layers stand the operations that are activations.
    """
    from keras import Model

    try:
        found = _called(model) if api_of(model) == "functional" else [(layer, None) for layer in model.layers]
    except Exception:  # a student's class may have anything for `layers`
        found = []
    for step, call in found:
        if isinstance(step, Model):
            yield from steps_of(step)
        elif type(step).__name__ != "InputLayer":
            yield step, call


def _called(model: Any) -> list[tuple[Any, Any]]:
    from keras import Layer

    places = {id(operation): place for place, operation in enumerate(model.operations)}
    calls: Counter[int] = Counter()
    found: list[tuple[Any, Any]] = []
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for call in sorted(model._nodes_by_depth[depth], key=lambda call: places[id(call.operation)]):
            step = call.operation
            calls[id(step)] += 1
            if not isinstance(step, Layer):
                found += [(step, call)] if as_activation(step) else []
            elif calls[id(step)] == 1 or not step.weights:
                found.append((step, call))
    again = {key for key, count in calls.items() if count > 1}
    return [
        (step, call if not isinstance(step, Layer) or (id(step) in again and not step.weights) else None)
        for step, call in found
    ]


def as_activation(operation: Any) -> str:
    """Return which of Keras's activations an operation between layers is, as it is without any settings; else ''."""
    import keras

    kind = type(operation)
    name = _ACTIVATIONS.get(kind.__name__, "")
    if not name or kind.__module__ not in _MODULES:
        return ""
    usual = inspect.signature(getattr(keras.activations, name)).parameters
    set_ = {key: value for key, value in operation.get_config().items() if key != "name"}
    return name if all(key in usual and usual[key].default == value for key, value in set_.items()) else ""


def unseen_in(model: Any) -> list[str]:
    """Return what a model does besides the steps that :func:`steps_of` gives: operations, or the whole ``call``."""
    from keras import Layer, Model

    if api_of(model) == "subclassed":
        return ["call"]
    found: dict[str, None] = {}
    for one in model.operations if api_of(model) == "functional" else model.layers:
        if isinstance(one, Model):
            found |= dict.fromkeys(unseen_in(one))
        elif not isinstance(one, Layer) and not as_activation(one):
            found[type(one).__name__] = None
    return list(found)[:_MOST_UNSEEN]
