"""Say what a Keras model, layer, optimizer, loss or callback is, in plain values.

Everything here only reads. Keras is reached through the objects themselves, never imported at the top.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..reasons import Reason  # noqa: TID252 - the kernel imports this folder under another name
from .channel import wire
from .steps import api_of, as_activation, steps_of, unseen_in
from .symbolic import is_all_layers, twin_of

_CONFIG_BYTES = 2 << 20
_TEXT = 200
_NOISE = frozenset({"name", "trainable", "dtype", "build_config", "registered_name"})
_NOISE_ENDINGS = ("initializer", "constraint")
_OWN_STEPS = ("train_step", "test_step", "compute_loss", "fit", "compile", "make_train_function")

_TENSORFLOW_NAMES = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax"}
"""What ``tf.nn``'s activations call themselves, where that is not Keras's name."""


def is_keras(thing: object) -> bool:
    """Tell whether a class or function is Keras's own; a class also has to lie where it says it comes from."""
    module = str(getattr(thing, "__module__", ""))
    if module.partition(".")[0] != "keras":
        return False
    return not isinstance(thing, type) or getattr(sys.modules.get(module), thing.__name__, None) is thing


def plain(value: Any) -> Any:
    """Return a setting as a number, text, boolean or list; None when it has no such form."""
    if isinstance(value, (bool, int)) or value is None:
        return value
    if isinstance(value, (float, np.floating)):
        return _short_float(float(value))
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, str):
        return value[:_TEXT]
    if isinstance(value, dict) and "class_name" in value:
        return _named(value)
    if isinstance(value, (list, tuple)):
        items = [plain(item) for item in value[:64]]
        return None if any(item is None and old is not None for item, old in zip(items, value, strict=False)) else items
    return None


def _named(value: dict[str, Any]) -> str:
    """Return ``L2(l2=0.01)`` for a serialized object, ``my_function`` for a function."""
    inner = value.get("config")
    if isinstance(inner, str):
        return _TENSORFLOW_NAMES.get(inner, inner)[:_TEXT]
    settings = {} if not isinstance(inner, dict) else {key: plain(item) for key, item in inner.items()}
    inside = ", ".join(f"{key}={item}" for key, item in settings.items() if item is not None and key not in _NOISE)
    return f"{value['class_name']}({inside})"[:_TEXT] if inside else str(value["class_name"])


def _short_float(value: float) -> float:
    """Return 0.01 for the float32 nearest to it: what was written, not what the variable holds."""
    return float(str(np.float32(value))) if float(np.float32(value)) == value else value


def plain_config(config: Any) -> dict[str, Any]:
    """Return a layer's settings without initializers, constraints, names and dtype policies."""
    if not isinstance(config, dict):
        return {}
    settings: dict[str, Any] = {}
    for key, value in config.items():
        if key in _NOISE or str(key).endswith(_NOISE_ENDINGS):
            continue
        simple = plain(value)
        if simple is not None:
            settings[str(key)] = simple
    return settings


def layer_facts(layer: Any, call: Any = None) -> dict[str, Any]:
    """Describe a layer as ``records.LayerFacts`` does; ``call`` says of which of its calls, where there are several."""
    custom = not is_keras(type(layer))
    return {
        "kind": type(layer).__name__,
        "name": str(getattr(layer, "name", ""))[:_TEXT],
        "config": plain_config(_attempt(layer.get_config, {})),
        "output_shape": _output_shape(layer, custom=custom) if call is None else open_shape(call.outputs[0].shape),
        "num_params": _attempt(layer.count_params, None) if getattr(layer, "built", False) else None,
        "custom": custom,
    }


def _output_shape(layer: Any, *, custom: bool) -> list[int | None] | None:
    shape = _attempt(lambda: layer.output.shape, None)
    built = getattr(layer, "_build_shapes_dict", None)
    if shape is None and built and not custom:
        shape = _attempt(lambda: layer.compute_output_shape(next(iter(built.values()))), None)
    return open_shape(shape)


def open_shape(shape: Any) -> list[int | None] | None:
    """Return a shape with an open batch axis, or None for anything but one plain shape."""
    if not isinstance(shape, (tuple, list)) or not all(axis is None or isinstance(axis, int) for axis in shape):
        return None
    return [None, *shape[1:]] if shape else []


def _attempt(read: Any, otherwise: Any) -> Any:
    try:
        return read()
    except Exception:
        return otherwise


def flat_layers(model: Any) -> Iterator[Any]:
    """Yield a model's layers as Keras lists them, nested models opened, without InputLayer."""
    from keras import Model

    for layer in _attempt(lambda: model.layers, []):
        if isinstance(layer, Model):
            yield from flat_layers(layer)
        elif type(layer).__name__ != "InputLayer":
            yield layer


def layers_before(tensors: Iterable[Any]) -> list[Any]:
    """Return the layers a symbolic tensor came through, first one first, without InputLayer."""
    found: dict[tuple[int, int], Any] = {}
    seen: set[int] = set()
    stack = [(tensor, False) for tensor in tensors]
    while stack and len(seen) < 10_000:
        tensor, inputs_done = stack.pop()
        layer, node, _ = tensor._keras_history
        if inputs_done:
            found.setdefault((id(layer), 0 if getattr(layer, "weights", None) else node), layer)
        elif id(tensor) not in seen:
            seen.add(id(tensor))
            stack.append((tensor, True))
            stack.extend((one, False) for one in reversed(layer._inbound_nodes[node].input_tensors))
    return [layer for layer in found.values() if type(layer).__name__ != "InputLayer"]


def input_shape_of(tensors: Iterable[Any]) -> list[int | None] | None:
    """Return the shape of the input that symbolic tensors come from, batch axis first; None when there is no one."""
    for tensor in tensors:
        for _ in range(10_000):
            layer, node, _ = tensor._keras_history
            before = layer._inbound_nodes[node].input_tensors
            if not before:
                return open_shape(tensor.shape)
            tensor = before[0]  # noqa: PLW2901 - a walk towards the input
    return None


def model_facts(model: Any, row: Sequence[int] | None = None) -> dict[str, Any]:
    """Describe a model as ``records.ModelFacts`` does, without its numbers and its cell.

    A subclassed model that was built on rows of shape ``row`` is described by what its ``call`` does, where that can
    be told.
    """
    if api_of(model) != "subclassed":
        return _facts_of(model, steps_of(model))
    layers = [(layer, None) for layer in flat_layers(model)]
    if not getattr(model, "built", False):
        return _facts_of(model, layers)
    facts = _facts_of(model, [one for one in layers if one[0].built])  # what was never called is no part of it
    if row is None or _own_steps(model):
        return facts
    with twin_of(model, row) as twin:
        if twin is None:
            return facts
        found = {**_facts_of(twin, steps_of(twin)), "api": "subclassed", "name": facts["name"]}
        return found if is_all_layers(twin) else {**found, "config": None, "unportable": facts["unportable"]}


def _facts_of(model: Any, layers: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    config, unportable = portable_config(model)
    return {
        "api": api_of(model),
        "layers": [_step_facts(step, call) for step, call in layers],
        "name": str(getattr(model, "name", ""))[:_TEXT],
        "config": config,
        "unportable": unportable,
        "unseen": _attempt(lambda: unseen_in(model), []),
        "input_shape": open_shape(_attempt(lambda: model.input_shape, None)),
        "output_shape": open_shape(_attempt(lambda: model.output_shape, None)),
        "num_params": _attempt(model.count_params, None) if getattr(model, "built", False) else None,
    }


def _step_facts(step: Any, call: Any) -> dict[str, Any]:
    activation = as_activation(step)
    if not activation:
        return layer_facts(step, call)
    shape = open_shape(call.outputs[0].shape)
    facts = {"kind": "Activation", "name": step.name, "config": {"activation": activation}, "output_shape": shape}
    return {**facts, "num_params": 0, "custom": False}


def portable_config(model: Any) -> tuple[dict[str, Any] | None, str]:
    """Return the model's raw config, or None and the reason why nobody else could rebuild from it."""
    reason = _why_unportable(model)
    if reason:
        return None, reason
    try:
        config = _with_keras_names(wire(model.get_config()))
        size = len(json.dumps(config))
    except Exception as error:
        return None, Reason.UNREADABLE_CONFIG.about(type(error).__name__)
    foreign = _foreign(config)
    if foreign:
        return None, Reason.FOREIGN_OBJECT.about(foreign)
    return (config, "") if size <= _CONFIG_BYTES else (None, Reason.LARGE_CONFIG)


def _with_keras_names(config: Any) -> Any:
    """Write ``activation=tf.nn.softmax`` as Keras writes ``activation="softmax"``: the same function."""
    if isinstance(config, dict):
        if config.get("class_name") == "function" and config.get("config") in _TENSORFLOW_NAMES:
            return _TENSORFLOW_NAMES[config["config"]]
        return {key: _with_keras_names(value) for key, value in config.items()}
    return [_with_keras_names(item) for item in config] if isinstance(config, list) else config


def _why_unportable(model: Any) -> str:
    if api_of(model) == "subclassed":
        return Reason.SUBCLASSED
    if not is_keras(type(model)):
        own = _own_steps(model)
        return Reason.OWN_STEPS.about(", ".join(own)) if own else Reason.OWN_MODEL
    for layer in flat_layers(model):
        if not is_keras(type(layer)):
            return Reason.OWN_LAYER.about(type(layer).__name__)
        if type(layer).__name__ == "Lambda":
            return Reason.LAMBDA
    return ""


def _own_steps(model: Any) -> list[str]:
    return [name for name in _OWN_STEPS if not is_keras(getattr(type(model), name, None))]


def _foreign(config: Any) -> str:
    """Return the name of the first serialized object in a config that is not Keras's own, or an empty text."""
    if isinstance(config, dict):
        if "class_name" in config and config.get("class_name") not in {"Functional", "Sequential"}:
            module = str(config.get("module") or "")
            if "module" in config and module.partition(".")[0] != "keras" and config["class_name"] != "__tuple__":
                inner = config.get("config")
                return inner[:_TEXT] if isinstance(inner, str) else str(config["class_name"])
        config = list(config.values())
    if isinstance(config, list):
        return next((name for name in map(_foreign, config) if name), "")
    return ""


def optimizer_facts(optimizer: Any) -> dict[str, Any]:
    """Describe an optimizer: the ``optimizer...`` fields of ``records.CompileFacts``."""
    if optimizer is None:
        return {"optimizer": ""}
    if type(optimizer).__name__ == "LossScaleOptimizer":  # Keras puts it around the student's in mixed precision
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    config = _attempt(optimizer.get_config, {})
    settings = {key: value for key, value in plain_config(config).items() if key != "is_legacy_optimizer"}
    rate = config.get("learning_rate")
    if isinstance(rate, dict) and "class_name" in rate:
        settings["learning_rate"] = {"class_name": rate["class_name"], "config": plain_config(rate.get("config"))}
    return {
        "optimizer": type(optimizer).__name__,
        "optimizer_config": settings,
        "optimizer_custom": not is_keras(type(optimizer)),
    }


def loss_facts(loss: Any) -> dict[str, Any]:
    """Describe a loss as it was given to ``compile``: the ``loss...`` fields of ``records.CompileFacts``."""
    from keras import losses

    if loss is None:
        return {"loss": ""}
    if isinstance(loss, (dict, list, tuple)):
        return {"loss": "several", "loss_custom": True}
    found = _attempt(lambda: losses.get(loss), loss) if isinstance(loss, str) else loss
    if isinstance(found, losses.Loss):
        config = plain_config(_attempt(found.get_config, {}))
        usual = plain_config(_attempt(lambda: type(found)().get_config(), {}))
        different = {key: value for key, value in config.items() if usual.get(key) != value and key != "fn"}
        return {"loss": snake(type(found).__name__), "loss_config": different, "loss_custom": not is_keras(type(found))}
    return {"loss": str(getattr(found, "__name__", found))[:_TEXT], "loss_custom": not is_keras(found)}


def metric_names(metrics: Any) -> list[str]:
    """Return what ``compile(metrics=...)`` was given as names, lists and dicts flattened."""
    if metrics is None:
        return []
    if isinstance(metrics, dict):
        return metric_names(list(metrics.values()))
    if isinstance(metrics, (list, tuple)):
        return [name for one in metrics for name in metric_names(one)]
    if isinstance(metrics, str):
        return ["accuracy" if metrics.lower() in {"acc", "accuracy"} else metrics[:_TEXT]]
    return [snake(getattr(metrics, "__name__", None) or type(metrics).__name__)[:_TEXT]]


def callback_facts(callback: Any) -> dict[str, Any]:
    """Describe a callback as ``records.CallbackFacts`` does: the constructor's arguments it still holds."""
    names = _attempt(lambda: list(inspect.signature(type(callback).__init__).parameters)[1:], [])
    config = {name: plain(getattr(callback, name, None)) for name in names}
    if isinstance(config.get("min_delta"), (int, float)):
        config["min_delta"] = abs(config["min_delta"])  # Keras turns its sign round for metrics that should fall
    return {
        "kind": type(callback).__name__,
        "config": {key: value for key, value in config.items() if value is not None},
        "custom": not is_keras(type(callback)),
    }


def snake(name: str) -> str:
    """Return Keras's snake-case name of a class.

    >>> snake("SparseCategoricalCrossentropy"), snake("KLDivergence"), snake("accuracy")
    ('sparse_categorical_crossentropy', 'kl_divergence', 'accuracy')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return spaced.lower()
