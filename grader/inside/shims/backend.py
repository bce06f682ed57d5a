"""Functions of ``keras.backend`` that went."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .reporter import LegacyReporter

_TESTING = 0


def backend(reporter: LegacyReporter) -> dict[str, Callable[[ModuleType], Any]]:
    """Return what makes each function, by its dotted name."""

    def image_dim_ordering() -> str:
        import keras

        reporter.used("image_dim_ordering()", "keras.config.image_data_format()")
        return {"channels_first": "th"}.get(keras.config.image_data_format(), "tf")

    def set_image_dim_ordering(ordering: str) -> None:
        import keras

        new = {"th": "channels_first", "tf": "channels_last"}[ordering]
        reporter.used(f"set_image_dim_ordering({ordering!r})", f"keras.config.set_image_data_format({new!r})")
        keras.config.set_image_data_format(new)

    def set_session(session: Any) -> None:  # noqa: ARG001
        reporter.used("set_session(...)")

    def set_value(x: Any, value: Any) -> None:
        reporter.used("set_value(x, value)", "x.assign(value)")  # Keras 3 keeps one that fails on its own variables
        x.assign(value)

    def learning_phase() -> int:
        reporter.used("learning_phase()", "model(x, training=False)")
        return _TESTING

    def set_learning_phase(value: Any) -> None:  # noqa: ARG001 - TensorFlow 2 trained in fit whatever it was
        reporter.used("set_learning_phase(...)", "model(x, training=False)")

    def function(inputs: Any, outputs: Any, **ignored: Any) -> Any:  # noqa: ARG001 - updates, name
        reporter.used("function(inputs, outputs)", "keras.Model(inputs, outputs)")
        return _function(inputs, outputs)

    functions = (
        *(image_dim_ordering, set_image_dim_ordering, set_session, set_value),
        *(learning_phase, set_learning_phase, function),
    )
    return {f"keras.backend.{one.__name__}": functools.partial(_given, one) for one in functions}


def _given(function: Any, module: ModuleType) -> Any:  # noqa: ARG001 - the same wherever it is looked for
    return function


def _function(inputs: Any, outputs: Any) -> Callable[[Any], Any]:
    """Return what computes tensors of a model from others; among the inputs may be a phase, 0 or 1."""
    import keras

    several = isinstance(outputs, (list, tuple))
    given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    tensors = [one for one in given if not isinstance(one, int)]
    model = keras.Model(tensors, list(outputs) if several else [outputs])

    def call(values: Any) -> Any:
        values = list(values) if isinstance(values, (list, tuple)) else [values]
        phases = [value for one, value in zip(given, values, strict=False) if isinstance(one, int)]
        found = model(values[: len(tensors)], training=bool(phases and phases[0]))
        arrays = [keras.ops.convert_to_numpy(one) for one in (found if isinstance(found, (list, tuple)) else [found])]
        return arrays if several else arrays[0]

    return call
