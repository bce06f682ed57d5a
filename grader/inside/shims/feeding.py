"""What ``fit``, ``evaluate`` and ``predict`` were fed: shapes of images and labels, and counts of steps."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..probe.describe import loss_facts  # noqa: TID252 - the kernel imports this folder under another name
from ..probe.hooks import replace_method  # noqa: TID252
from .reporter import LegacyReporter

_STEPS = ("steps_per_epoch", "validation_steps", "steps")
_OF_COLUMNS = frozenset(
    {
        *("mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "log_cosh", "huber"),
        *("mean_squared_logarithmic_error", "hinge", "squared_hinge", "poisson"),
    }
)
"""Losses that compare a column of labels with every output; a plain row of labels was taken for a column."""
_MATRIX = 2


def install_feeding(reporter: LegacyReporter) -> None:
    """Teach Keras, which has just been imported, what its models were fed."""
    import keras

    for name in ("fit", "evaluate", "predict"):
        replace_method(keras.Model, name, lambda original: _fed(reporter, original))


def _fed(reporter: LegacyReporter, original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError:  # Keras will say so itself
            return original(self, *args, **kwargs)
        changes = {**_steps(reporter, bound.arguments), **_data(reporter, self, bound.arguments)}
        if not changes:
            return original(self, *args, **kwargs)
        bound.arguments.update(changes)
        return original(*bound.args, **bound.kwargs)

    return method


def _steps(reporter: LegacyReporter, given: dict[str, Any]) -> dict[str, Any]:
    """``steps_per_epoch=len(x) / 32`` was counted up to, and so was as good as the next whole number."""
    changes: dict[str, Any] = {}
    for name in [one for one in _STEPS if isinstance(given.get(one), float)]:
        changes[name] = math.ceil(given[name])
        reporter.used(f"{name}={given[name]:g}", f"{name}={changes[name]}")
    if isinstance(given.get("class_weight"), str):  # "auto" of Keras 1, which Keras 2 passed over
        reporter.used(f'class_weight="{given["class_weight"]}"')
        changes["class_weight"] = None
    return changes


def _data(reporter: LegacyReporter, model: Any, given: dict[str, Any]) -> dict[str, Any]:
    changes = {"x": _images(reporter, model, given.get("x")), "y": _labels(reporter, model, given.get("y"))}
    pair = given.get("validation_data")
    if isinstance(pair, (tuple, list)) and len(pair) >= _MATRIX:
        x, y = _images(reporter, model, pair[0]), _labels(reporter, model, pair[1])
        if x is not pair[0] or y is not pair[1]:
            changes["validation_data"] = (x, y, *pair[2:])
    return {name: value for name, value in changes.items() if value is not given.get(name)}


def _images(reporter: LegacyReporter, model: Any, x: Any) -> Any:
    """Return images in the shape that a model's first layer, a ``Flatten``, was made for.

    TensorFlow 2 only warned that their shape was another one, since they were flattened anyway.
    """
    import keras

    layers = getattr(model, "layers", ())
    first = next((one for one in layers if not isinstance(one, keras.layers.InputLayer)), None)
    if not isinstance(x, np.ndarray) or type(first) is not keras.layers.Flatten or not getattr(model, "inputs", None):
        return x
    wanted, found = tuple(model.inputs[0].shape[1:]), x.shape[1:]
    if None in wanted or math.prod(wanted) != math.prod(found):
        return x
    if len(wanted) == len(found) or found == (*wanted, 1) or wanted == (*found, 1):  # as Keras has them, or makes them
        return x
    reporter.used(f"images of shape {found}", f"x.reshape{(-1, *wanted)}")
    return x.reshape(-1, *wanted)


def _labels(reporter: LegacyReporter, model: Any, y: Any) -> Any:
    """Return plain labels as a column, where the loss compares them with several outputs."""
    outputs = getattr(model, "outputs", None)
    if not isinstance(y, np.ndarray) or y.ndim != 1 or not outputs or not getattr(model, "compiled", False):
        return y
    shape = tuple(outputs[0].shape)
    if len(outputs) > 1 or len(shape) != _MATRIX or shape[1] == 1 or loss_facts(model.loss)["loss"] not in _OF_COLUMNS:
        return y
    reporter.used("labels without classes", "keras.utils.to_categorical(y)")
    return y[:, None]
