"""The functional twin of a subclassed model: what its ``call`` does with a symbolic input, where that is all it does.

A ``call`` that only hands its input from layer to layer can be written down, built again and trained like any other
model; and what it never calls is not part of it, whatever the model has for attributes. Nothing of the student's model
is changed: its layers keep their weights, and forget that they were called here.
"""

from __future__ import annotations

import contextlib
import inspect
import io
from collections.abc import Iterator, Sequence
from typing import Any


@contextlib.contextmanager
def twin_of(model: Any, row: Sequence[int]) -> Iterator[Any]:
    """Yield a functional model of the same layers, or None where ``call`` does more than pass a tensor on.

    Args:
        model: A subclassed model that has been built.
        row: Shape of one row of its input.
    """
    layers = list(model._flatten_layers())  # itself, and models within it
    nodes = [(layer, len(layer._inbound_nodes), len(layer._outbound_nodes)) for layer in layers]
    try:
        # A student may print in `call`; Keras itself runs it as often as it likes, and so do we, without a word.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            found = _same_in_training(model, tuple(row))
    except Exception:  # values looked at, functions of other libraries: there is no twin
        found = None
    try:
        yield found
    finally:
        for layer, entering, leaving in nodes:
            del layer._inbound_nodes[entering:]
            del layer._outbound_nodes[leaving:]


def is_all_layers(twin: Any) -> bool:
    """Tell whether layers alone make up a twin, no operations between them."""
    import keras

    return all(isinstance(operation, keras.Layer) for operation in twin.operations)


def _same_in_training(model: Any, row: tuple[int, ...]) -> Any:
    """Return the twin if training runs the same layers as prediction, such as a Dropout that is always called."""
    if "training" not in inspect.signature(model.call).parameters:
        return _twin(model, row)
    twin = _twin(model, row, training=None)
    for training in (True, False):
        if _wiring(_twin(model, row, training=training).get_config()) != _wiring(twin.get_config()):
            return None
    return twin


def _twin(model: Any, row: tuple[int, ...], **arguments: Any) -> Any:
    import keras

    inputs = keras.Input(row, name="input_layer")
    outputs = model.call(inputs, **arguments)
    if not isinstance(outputs, keras.KerasTensor):
        raise TypeError("its output is not one tensor")
    return keras.Model(inputs, outputs, name="twin")


def _wiring(config: Any) -> Any:
    """Return a config without what layers were told about training, and without the numbers of their calls."""
    if isinstance(config, dict):
        return {key: _wiring(value) for key, value in config.items() if key not in {"training", "keras_history"}}
    return [_wiring(one) for one in config] if isinstance(config, (list, tuple)) else config
