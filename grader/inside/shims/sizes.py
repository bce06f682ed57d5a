"""Sizes of layers in forms that older Keras took: shapes that are numbers, numbers that are not whole, none at all."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from ..probe.hooks import replace_function  # noqa: TID252 - the kernel imports this folder under another name
from .calls import Change, change_calls
from .old_arguments import AVERAGE_POOLINGS, CONVOLUTIONS, RECURRENT
from .reporter import LegacyReporter

_COUNTS = {"Dense": "units", **dict.fromkeys(CONVOLUTIONS, "filters")}
"""Layers that took a number such as ``512.0`` for the whole one, and the argument."""
_PAIR = 2


def install_sizes(reporter: LegacyReporter) -> None:
    """Teach Keras, which has just been imported, the sizes it took."""
    import keras

    change_calls(keras.Layer, "__init__", _of_input(reporter))
    change_calls(keras.layers.InputLayer, "__init__", _shape_first(reporter, "InputLayer"))
    _teach_input(reporter)
    for name, argument in _COUNTS.items():
        change_calls(getattr(keras.layers, name), "__init__", _whole(reporter, argument))
    for name in RECURRENT:
        change_calls(getattr(keras.layers, name), "__init__", _of_sequences(reporter))
    for name, rank in AVERAGE_POOLINGS.items():
        change_calls(getattr(keras.layers, name), "__init__", _in_pairs(reporter, name, rank))


def _of_input(reporter: LegacyReporter) -> Change:
    """``input_shape=784`` was taken for a shape of one; ``batch_input_shape`` named the batch as well."""

    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        size, batch = given.get("input_shape"), given.get("batch_input_shape")
        if isinstance(size, Integral):
            reporter.used(f"input_shape={size}", f"input_shape=({size},)")
            return args, {**given, "input_shape": (int(size),)}
        if isinstance(batch, (tuple, list)) and batch and batch[0] is None:
            shape = tuple(batch[1:])
            reporter.used("batch_input_shape=", f"input_shape={shape}")
            rest = {name: value for name, value in given.items() if name != "batch_input_shape"}
            return args, {**rest, "input_shape": shape}
        return args, given

    return change


def _shape_first(reporter: LegacyReporter, name: str) -> Change:
    """``Input(784)``, ``InputLayer(input_shape=784)``."""

    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if args and isinstance(args[0], Integral):
            reporter.used(f"{name}({args[0]})", f"{name}(shape=({args[0]},))")
            return ((int(args[0]),), *args[1:]), given
        for argument in [one for one in ("shape", "input_shape") if isinstance(given.get(one), Integral)]:
            size = int(given[argument])
            reporter.used(f"{argument}={size}", f"shape=({size},)")
            given = {**given, argument: (size,)}
        return args, given

    return change


def _teach_input(reporter: LegacyReporter) -> None:
    import keras

    plain_input = keras.Input
    change = _shape_first(reporter, "Input")

    def Input(*args: Any, **kwargs: Any) -> Any:  # noqa: N802
        __tracebackhide__ = True
        args, kwargs = change(args, kwargs)
        return plain_input(*args, **kwargs)

    replace_function(plain_input, Input)


def _whole(reporter: LegacyReporter, argument: str) -> Change:
    """``Dense(1024 / 2)`` had 512 units, in Python 2 and in Keras 2."""

    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        number = args[0] if args else given.get(argument)
        if not isinstance(number, float):
            return args, given
        reporter.used(f"{argument}={number:g}", f"{argument}={int(number)}")
        return ((int(number), *args[1:]), given) if args else (args, {**given, argument: int(number)})

    return change


def _of_sequences(reporter: LegacyReporter) -> Change:
    """``LSTM(64, input_dim=28, input_length=28)``: the shape of a sequence in two numbers."""

    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if "input_dim" not in given:
            return args, given
        rest = {name: value for name, value in given.items() if name not in {"input_dim", "input_length"}}
        shape = (given.get("input_length"), given["input_dim"])
        reporter.used("input_dim=", f"input_shape={shape}")
        return args, {**rest, "input_shape": shape}

    return change


def _in_pairs(reporter: LegacyReporter, name: str, rank: int) -> Change:
    """``AveragePooling2D()`` had windows of two by two, as ``MaxPooling2D()`` still has."""

    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if args or "pool_size" in given:
            return args, given
        size = _PAIR if rank == 1 else (_PAIR,) * rank
        reporter.used(f"{name}()", f"{name}({size})")
        return args, {**given, "pool_size": size}

    return change
