"""A built model is compiled and fitted: batch by batch on a processor, in long executions on a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from .arrays import Pair
from .batches import Batches, NextEpoch, has_own_batches
from .devices import device_class
from .kinds import CALLBACKS, LOSSES, OPTIMIZERS, make
from .resident import TEST_BATCH, Resident, resident_class

_AT_ONCE = 16
"""Most steps that TensorFlow takes without coming back to Python: the same training, of small networks in 2/3 of the
time."""
_AT_ONCE_RESIDENT = 512
"""The same where the data lies on the device: an epoch is a few executions, and a training can still be stopped."""


def stays_on_device(fit: Mapping[str, Any], rows: int, steps: int | None) -> bool:
    """Tell whether the training rows are to stay on the device.

    On a processor there is nothing to be gained: the rows lie in its memory anyway.

    Args:
        fit: The recipe's.
        rows: How many rows are trained on.
        steps: Steps in an epoch, where their number is given.
    """
    return device_class() == "gpu" and not has_own_batches(fit, steps) and fits_into_blocks(fit, rows, steps)


def fits_into_blocks(fit: Mapping[str, Any], rows: int, steps: int | None) -> bool:
    """Tell whether every epoch begins with a whole batch: not where given steps run through the rows several times."""
    return steps is None or (fit["epochs"] - fit["initial_epoch"]) * steps * fit["batch_size"] <= rows


def model_class(*, resident: bool) -> type[keras.Model]:
    """Return what to build: a model that keeps its training rows on the device, or Keras's own."""
    return resident_class() if resident else keras.Model


def compiled(model: keras.Model, recipe: Mapping[str, Any], steps: int | None) -> keras.Model:
    """Compile a model as its recipe says; returns the model."""
    logits = recipe["loss"]["config"].get("from_logits", False)
    accuracy = keras.metrics.MeanMetricWrapper(_accuracy(recipe["data"]["labels"], 0.0 if logits else 0.5), "accuracy")
    fused = keras.backend.backend() == "tensorflow" and not isinstance(model, Resident)
    model.compile(
        optimizer=make(OPTIMIZERS, recipe["optimizer"]),
        loss=make(LOSSES, recipe["loss"]),
        metrics=[accuracy],
        steps_per_execution=_at_once(steps, _AT_ONCE) if fused else 1,
    )
    return model


def fitted(
    model: keras.Model,
    fit: Mapping[str, Any],
    training: Pair,
    validation: Pair | None,
    steps: int | None,
    callbacks: Sequence[keras.callbacks.Callback],
    seed: int,
) -> tuple[dict[str, list[float]], int]:
    """Train a compiled model; returns its history, as Keras gives it, and which epoch of it the weights are of.

    Args:
        model: From :func:`compiled`.
        fit: The recipe's.
        training: Rows and labels.
        validation: The same for the validation after each epoch.
        steps: Steps in an epoch, where their number is given.
        callbacks: More than the recipe's own.
        seed: Of the order of rows, where that is not Keras's business.
    """
    rows: tuple[Any, ...] = training
    how: dict[str, Any] = {"batch_size": fit["batch_size"], "steps_per_epoch": steps}
    weights = fit["class_weight"]
    by_class = {int(name): weight for name, weight in weights.items()} if weights else None
    if isinstance(model, Resident):
        at_once = _at_once(steps, _AT_ONCE_RESIDENT)
        rows = model.take(training, by_class, fit["batch_size"])
        how = {"batch_size": fit["batch_size"] * at_once, "steps_per_epoch": steps and steps // at_once}
        how["validation_batch_size"] = TEST_BATCH
        by_class = None
    own = has_own_batches(fit, steps)
    if own:
        batches = Batches(training, fit, seed)
        rows, how = (batches,), {"validation_batch_size": fit["batch_size"]}
        callbacks = [NextEpoch(batches), *callbacks]
    own_callbacks = [make(CALLBACKS, callback) for callback in fit["callbacks"]]
    record = model.fit(
        *rows,
        epochs=fit["epochs"],
        initial_epoch=fit["initial_epoch"],
        validation_data=validation,
        shuffle=fit["shuffle"] and not own,
        class_weight=by_class,
        callbacks=[*own_callbacks, *callbacks],
        verbose=0,
        **how,
    )
    restored = [one.best_epoch - fit["initial_epoch"] for one in own_callbacks if _has_restored(one)]
    return {name: [float(value) for value in values] for name, values in record.history.items()}, [-1, *restored][-1]


def _has_restored(callback: Any) -> bool:
    """Tell whether a callback left the weights of its best epoch: Keras does that also where it did not stop early."""
    early = isinstance(callback, keras.callbacks.EarlyStopping)
    return early and callback.restore_best_weights and callback.best_weights is not None


def evaluated(model: keras.Model, test: Pair) -> dict[str, float]:
    """Return loss and accuracy on the test rows."""
    x, y = test
    found: dict[str, float] = model.evaluate(x, y, batch_size=TEST_BATCH, verbose=0, return_dict=True)
    return found


def _at_once(steps: int | None, most: int) -> int:
    """Return how many steps to take in one go; where their number is given, they must come out even."""
    return next(count for count in range(most, 0, -1) if steps is None or steps % count == 0)


def _accuracy(labels: str, threshold: float) -> Any:
    """Return the accuracy that fits the labels: the largest output, or one output against a threshold.

    One softmax unit always says 1, so its accuracy is the share of class 1.
    """

    def accuracy(y_true: Any, y_pred: Any) -> Any:
        ops = keras.ops
        single = y_pred.shape[-1] == 1
        guess = ops.reshape(y_pred > threshold, (-1,)) if single else ops.argmax(y_pred, axis=-1)
        truth = ops.argmax(y_true, axis=-1) if labels == "onehot" else ops.reshape(y_true, (-1,))
        return ops.cast(ops.equal(ops.cast(guess, "int32"), ops.cast(truth, "int32")), "float32")

    return accuracy
