"""What ``compile`` took: metrics in third place or alone, losses by old names, optimizers of TensorFlow 1."""

from __future__ import annotations

import inspect
from typing import Any

from .calls import change_calls
from .old_arguments import LOSSES
from .optimizers import of_tensorflow_1
from .reporter import LegacyReporter

_THIRD_AND_FOURTH = ("metrics", "loss_weights")
"""Arguments, until 2023; they have changed places since."""


def install_compiling(reporter: LegacyReporter) -> None:
    """Teach Keras, which has just been imported, what ``compile`` took."""
    import keras

    today = tuple(inspect.signature(keras.Model.compile).parameters)[1:]

    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args, given = _in_old_order(reporter, args, given)
        whole = {**dict(zip(today, args, strict=False)), **given}
        changed = {
            "optimizer": of_tensorflow_1(reporter, whole.get("optimizer")),
            "loss": _loss(reporter, whole.get("loss")),
            "metrics": _metrics(reporter, whole.get("metrics")),
        }
        changed = {name: value for name, value in changed.items() if value is not whole.get(name)}
        return ((), {**whole, **changed}) if changed else (args, given)

    change_calls(keras.Model, "compile", change)


def _in_old_order(
    reporter: LegacyReporter, args: tuple[Any, ...], given: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """``compile("adam", "mse", ["accuracy"])``: weights of losses are numbers, so names can only be metrics."""
    third = args[2] if len(args) > 2 else None
    first = third[0] if isinstance(third, (list, tuple)) and third else third
    if "metrics" in given or not (isinstance(first, str) or callable(first)):
        return args, given
    reporter.used("compile(optimizer, loss, [metrics])", "compile(optimizer, loss, metrics=[...])")
    return args[:2], {**dict(zip(_THIRD_AND_FOURTH, args[2:], strict=False)), **given}


def _loss(reporter: LegacyReporter, loss: Any) -> Any:
    if not isinstance(loss, str) or loss not in LOSSES:
        return loss
    reporter.used(f'"{loss}"', f'"{LOSSES[loss]}"')
    return LOSSES[loss]


def _metrics(reporter: LegacyReporter, metrics: Any) -> Any:
    if not isinstance(metrics, str):
        return metrics
    reporter.used(f'metrics="{metrics}"', f'metrics=["{metrics}"]')
    return [metrics]
