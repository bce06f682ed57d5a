"""Optimizers as older Keras and TensorFlow 1 made them."""

from __future__ import annotations

from typing import Any

from .calls import Change, change_calls
from .reporter import LegacyReporter
from .spellings import OPTIMIZERS


def install_optimizers(reporter: LegacyReporter) -> None:
    """Teach Keras's optimizers, which have just been imported, what they took and had."""
    import keras

    for name in OPTIMIZERS:
        change_calls(getattr(keras.optimizers, name), "__init__", _of_optimizer(reporter))
    if not hasattr(keras.optimizers.Optimizer, "lr"):
        keras.optimizers.Optimizer.lr = _learning_rate(reporter)


def _of_optimizer(reporter: LegacyReporter) -> Change:
    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if given.get("decay"):
            # Keras 3 takes it, warns and ignores it, with or without us; the reader should know.
            reporter.used("decay=", "keras.optimizers.schedules.InverseTimeDecay(...)", stops=False)
        if "epsilon" in given and given["epsilon"] is None:  # meant Keras's own, which is the default today
            reporter.used("epsilon=None")
            given = {name: value for name, value in given.items() if name != "epsilon"}
        return args, given

    return change


def _learning_rate(reporter: LegacyReporter) -> property:
    def get(self: Any) -> Any:
        reporter.used("optimizer.lr", "optimizer.learning_rate")
        return self.learning_rate

    def put(self: Any, value: Any) -> None:
        reporter.used("optimizer.lr", "optimizer.learning_rate")
        self.learning_rate = value

    return property(get, put)


def of_tensorflow_1(reporter: LegacyReporter, optimizer: Any) -> Any:
    """Return Keras's optimizer that does what one of TensorFlow 1 does; anything else as it is."""
    kind = type(optimizer)
    if not kind.__module__.startswith("tensorflow.python.training."):
        return optimizer
    import keras

    own = vars(optimizer)
    rate = own.get("_lr", own.get("_learning_rate"))
    made = _MADE.get(kind.__name__)
    if made is None or not isinstance(rate, (int, float)):
        return optimizer
    name, arguments = made(own)
    reporter.used(f"tensorflow.train.{kind.__name__}", f"keras.optimizers.{name}")
    return getattr(keras.optimizers, name)(learning_rate=rate, **arguments)


_MADE: dict[str, Any] = {
    "GradientDescentOptimizer": lambda _: ("SGD", {}),
    "MomentumOptimizer": lambda own: ("SGD", {"momentum": own["_momentum"], "nesterov": own["_use_nesterov"]}),
    "AdamOptimizer": lambda own: (
        "Adam",
        {"beta_1": own["_beta1"], "beta_2": own["_beta2"], "epsilon": own["_epsilon"]},
    ),
    "RMSPropOptimizer": lambda own: (
        "RMSprop",
        {"rho": own["_decay"], "momentum": own["_momentum"], "epsilon": own["_epsilon"], "centered": own["_centered"]},
    ),
    "AdagradOptimizer": lambda own: ("Adagrad", {"initial_accumulator_value": own["_initial_accumulator_value"]}),
    "AdadeltaOptimizer": lambda own: ("Adadelta", {"rho": own["_rho"], "epsilon": own["_epsilon"]}),
}
"""Class of TensorFlow 1 -> the name of Keras's, and its arguments from the attributes of the other."""
