"""What ``compile`` took: metrics in third place or alone, losses by old names, optimizers of TensorFlow 1."""

from __future__ import annotations

import inspect
from typing import Any

from .calls import change_calls
from .old_arguments import LOSSES
from .optimizers import of_tensorflow_1
from .told import Told

_THIRD_AND_FOURTH = ("metrics", "loss_weights")
"""Arguments, until 2023; they have changed places since."""


def install_compiling(told: Told) -> None:
    """Teach Keras, which has just been imported, what ``compile`` took."""
    import keras

    today = tuple(inspect.signature(keras.Model.compile).parameters)[1:]

    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args, given = _in_old_order(told, args, given)
        whole = {**dict(zip(today, args, strict=False)), **given}
        changed = {
            "optimizer": of_tensorflow_1(told, whole.get("optimizer")),
            "loss": _loss(told, whole.get("loss")),
            "metrics": _metrics(told, whole.get("metrics")),
        }
        changed = {name: value for name, value in changed.items() if value is not whole.get(name)}
        return ((), {**whole, **changed}) if changed else (args, given)

    change_calls(keras.Model, "compile", change)


def _in_old_order(told: Told, args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """``compile("adam", "mse", ["accuracy"])``: weights of losses are numbers, so names can only be metrics."""
    third = args[2] if len(args) > 2 else None
    first = third[0] if isinstance(third, (list, tuple)) and third else third
    if "metrics" in given or not (isinstance(first, str) or callable(first)):
        return args, given
    told.used("compile(optimizer, loss, [metrics])", "compile(optimizer, loss, metrics=[...])")
    return args[:2], {**dict(zip(_THIRD_AND_FOURTH, args[2:], strict=False)), **given}


def _loss(told: Told, loss: Any) -> Any:
    if not isinstance(loss, str) or loss not in LOSSES:
        return loss
    told.used(f'"{loss}"', f'"{LOSSES[loss]}"')
    return LOSSES[loss]


def _metrics(told: Told, metrics: Any) -> Any:
    if not isinstance(metrics, str):
        return metrics
    told.used(f'metrics="{metrics}"', f'metrics=["{metrics}"]')
    return [metrics]
