"""Makes a model what a training done elsewhere has made of its twin, and plays what ``fit`` would have shown.

First everything is compared: kinds of layers, number and shapes of weights and of the optimizer's variables. Then they
are set. Keras's own callbacks are told the epochs one by one, so that ``History``, the progress lines and what
``EarlyStopping`` remembers are Keras's own work.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .delegate import DelegatedTraining
from .describe import flat_layers


class HandoverRefused(Exception):  # noqa: N818  - a reason to train here, not an error of the notebook
    """The training is not one of this model."""


def hand_over(model: Any, trained: DelegatedTraining, batch: Iterable[tuple[Any, str]]) -> None:
    """Build the model as ``fit`` would, and set its weights and its optimizer's variables.

    Args:
        model: Compiled, and built or not.
        trained: What is handed over.
        batch: Shape and number type of inputs and labels, the batch axis None where batches differ in length.

    Raises:
        HandoverRefused: They are of other kinds or shapes; nothing was set.
    """
    import keras

    model._symbolic_build(data_batch=tuple(keras.KerasTensor(shape, kind) for shape, kind in batch))
    pairs = [*_pairs(model, trained)]
    if any(tuple(variable.shape) != array.shape for variable, array in pairs):
        raise HandoverRefused("weights of other shapes came back")
    for variable, array in pairs:
        variable.assign(array)


def _pairs(model: Any, trained: DelegatedTraining) -> Iterator[tuple[Any, NDArray[Any]]]:
    weights = {
        f"w{node}_{number}": weight
        for node, layer in enumerate(_in_order(model, trained), start=1)
        for number, weight in enumerate(layer.weights)
    }
    wanted = weights | {f"o{number}": variable for number, variable in enumerate(model.optimizer.variables)}
    if wanted.keys() | {"order"} != trained.state.keys():
        raise HandoverRefused("other weights came back")
    names = {id(weight): name for name, weight in weights.items()}
    if [names.get(id(weight)) for weight in model.trainable_variables] != trained.state["order"].tolist():
        raise HandoverRefused("its weights stand in another order than they are called in")
    return ((variable, trained.state[name]) for name, variable in wanted.items())


def _in_order(model: Any, trained: DelegatedTraining) -> list[Any]:
    """Return the layers in the trainer's order, which is that of the network and not that of their definition."""
    layers = list(flat_layers(model))
    named = {layer.name: layer for layer in layers}
    found = [named.get(name) for name in trained.names]
    if len(named) != len(layers) or len({id(one) for one in found}) != len(layers):
        raise HandoverRefused("its layers cannot be told apart by their names")
    if [type(layer).__name__ for layer in found] != trained.kinds:
        raise HandoverRefused("other layers came back")
    return found


def starting_rate(model: Any) -> float | None:
    """Return an optimizer's learning rate, None where it follows a schedule."""
    import keras

    scheduled = isinstance(model.optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule)
    return None if scheduled else float(model.optimizer.learning_rate.numpy())


def play(model: Any, trained: DelegatedTraining, given: Mapping[str, Any], steps: int, rate: float | None) -> Any:
    """Tell the callbacks the epochs of a training that has been handed over; returns the ``History``.

    Args:
        model: It has its trained weights.
        trained: What is played.
        given: The arguments of ``fit``.
        steps: Batches of an epoch.
        rate: Learning rate before the training, from which callbacks lower it themselves; None for a schedule.
    """
    import keras

    _say_what_is_ignored(given)
    verbose, epochs, first = given["verbose"], int(given["epochs"]), int(given.get("initial_epoch") or 0)
    callbacks = keras.callbacks.CallbackList(
        given.get("callbacks"),
        add_history=True,
        add_progbar=verbose != 0,
        verbose=verbose,
        epochs=epochs,
        steps=steps,
        model=model,
    )
    logs: dict[str, float] = {}
    last = starting_rate(model)
    if rate is not None:
        model.optimizer.learning_rate = rate
    model.stop_training = False
    callbacks.on_train_begin()
    for epoch, (training, validation) in enumerate(_epochs(model, trained.history), start=first):
        callbacks.on_epoch_begin(epoch)
        callbacks.on_train_batch_end(steps - 1, training)
        logs = {**training, **validation}
        callbacks.on_epoch_end(epoch, logs)
    callbacks.on_train_end(logs=logs)
    if last is not None:
        model.optimizer.learning_rate = last
    return model.history


def _say_what_is_ignored(given: Mapping[str, Any]) -> None:
    """Warn of arguments that have no effect on a pipeline, in Keras's own words and place."""
    if hasattr(given["x"], "element_spec"):
        with contextlib.suppress(ImportError):  # other releases warn elsewhere, or not at all
            from keras.src.trainers.epoch_iterator import EpochIterator

            EpochIterator(given["x"], shuffle=given["shuffle"])


def _epochs(model: Any, history: Mapping[str, list[float]]) -> Iterator[tuple[dict[str, float], dict[str, float]]]:
    """Yield what was measured in each epoch, on training and on validation data, by the names of this model."""
    compiled = getattr(model, "_compile_metrics", None)
    names = ["loss", *(metric.name for metric in (compiled.metrics if compiled is not None else []))]
    validated = "val_loss" in history
    for epoch in range(len(history["loss"])):
        figures = {name: _number(history["loss" if name == "loss" else "accuracy"][epoch]) for name in sorted(names)}
        yield (
            figures,
            {
                f"val_{name}": _number(history["val_loss" if name == "loss" else "val_accuracy"][epoch])
                for name in (sorted(names) if validated else ())
            },
        )


def _number(value: float | None) -> float:
    return math.nan if value is None else float(np.float64(value))
