"""How a model was compiled and fitted: optimizer, loss, callbacks, in canonical form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.recipe.refusal import NotRebuildable
from grader.recipe.values import (
    REQUIRED,
    Settings,
    choice,
    either,
    flag,
    keras_object,
    maybe,
    number,
    only,
    settings,
    several,
    whole,
)
from grader.records import CallbackFacts, CompileFacts, FitFacts, msg

_RATE = number(0, 1e4)
_STEPS = whole(1, 1_000_000_000)
_SHARE = number(0, 1)
_POSITIVE = number(0, 1e6)

SCHEDULES: dict[str, Settings] = {
    "ExponentialDecay": {
        "initial_learning_rate": (_RATE, REQUIRED),
        "decay_steps": (_STEPS, REQUIRED),
        "decay_rate": (_POSITIVE, REQUIRED),
        "staircase": (flag, False),
    },
    "InverseTimeDecay": {
        "initial_learning_rate": (_RATE, REQUIRED),
        "decay_steps": (number(1e-6, 1e9), REQUIRED),
        "decay_rate": (_POSITIVE, REQUIRED),
        "staircase": (flag, False),
    },
    "PolynomialDecay": {
        "initial_learning_rate": (_RATE, REQUIRED),
        "decay_steps": (_STEPS, REQUIRED),
        "end_learning_rate": (_RATE, 0.0001),
        "power": (number(0, 100), 1.0),
        "cycle": (flag, False),
    },
    "CosineDecay": {
        "initial_learning_rate": (_RATE, REQUIRED),
        "decay_steps": (_STEPS, REQUIRED),
        "alpha": (_SHARE, 0.0),
        "warmup_target": (maybe(_RATE), None),
        "warmup_steps": (whole(0, 1_000_000_000), 0),
    },
    "PiecewiseConstantDecay": {
        "boundaries": (several(whole(0, 1_000_000_000), 1, 1_000), REQUIRED),
        "values": (several(_RATE, 2, 1_001), REQUIRED),
    },
}


def _schedule(value: Any) -> Any:
    """Accept a learning-rate schedule as the probe writes it, which leaves Keras's own module out."""
    module = "keras.optimizers.schedules"
    if not isinstance(value, Mapping):
        raise ValueError(value)
    return keras_object(module, SCHEDULES)({"module": module, **value})


_COMMON: Settings = {
    "learning_rate": (either(_RATE, _schedule), REQUIRED),
    "weight_decay": (maybe(_POSITIVE), None),
    "clipnorm": (maybe(_POSITIVE), None),
    "global_clipnorm": (maybe(_POSITIVE), None),
    "clipvalue": (maybe(_POSITIVE), None),
    "use_ema": (flag, False),
    "ema_momentum": (_SHARE, 0.99),
    "ema_overwrite_frequency": (maybe(_STEPS), None),
    "loss_scale_factor": (only(None), None),
    "gradient_accumulation_steps": (maybe(whole(2, 10_000)), None),
}
_EPSILON: Settings = {"epsilon": (_SHARE, 1e-7)}
_BETAS: Settings = {"beta_1": (_SHARE, 0.9), "beta_2": (_SHARE, 0.999), **_EPSILON}
OPTIMIZERS: dict[str, Settings] = {
    name: {**_COMMON, **own}
    for name, own in {
        "SGD": {"momentum": (_SHARE, 0.0), "nesterov": (flag, False)},
        "RMSprop": {"rho": (_SHARE, 0.9), "momentum": (_SHARE, 0.0), "centered": (flag, False), **_EPSILON},
        "Adam": {**_BETAS, "amsgrad": (flag, False)},
        "AdamW": {**_BETAS, "amsgrad": (flag, False), "weight_decay": (maybe(_POSITIVE), 0.004)},
        "Adagrad": {"initial_accumulator_value": (_POSITIVE, 0.1), **_EPSILON},
        "Adadelta": {"rho": (_SHARE, 0.95), **_EPSILON},
        "Adamax": _BETAS,
        "Nadam": _BETAS,
        "Ftrl": {
            "learning_rate_power": (number(-1e3, 0), -0.5),
            "initial_accumulator_value": (_POSITIVE, 0.1),
            "l1_regularization_strength": (_POSITIVE, 0.0),
            "l2_regularization_strength": (_POSITIVE, 0.0),
            "l2_shrinkage_regularization_strength": (_POSITIVE, 0.0),
            "beta": (_POSITIVE, 0.0),
        },
        "Lion": {"beta_1": (_SHARE, 0.9), "beta_2": (_SHARE, 0.99)},
    }.items()
}
_INERT_OPTIMIZER = frozenset({"is_legacy_optimizer", "jit_compile", "decay"})
"""Keras 3 accepts and ignores these; an old listing's ``decay=1e-6`` changes nothing."""

_LOGITS: Settings = {"from_logits": (flag, False)}
_SMOOTH: Settings = {**_LOGITS, "label_smoothing": (_SHARE, 0.0), "axis": (only(-1), -1)}
LOSSES: dict[str, Settings] = {
    "binary_crossentropy": _SMOOTH,
    "categorical_crossentropy": _SMOOTH,
    "sparse_categorical_crossentropy": {**_LOGITS, "ignore_class": (only(None), None), "axis": (only(-1), -1)},
    "mean_squared_error": {},
    "mean_absolute_error": {},
    "mean_squared_logarithmic_error": {},
    "kl_divergence": {},
    "poisson": {},
    "hinge": {},
    "squared_hinge": {},
    "categorical_hinge": {},
    "log_cosh": {},
    "huber": {"delta": (_POSITIVE, 1.0)},
}
_LOSS_NAMES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "msle": "mean_squared_logarithmic_error",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
}

_ACCURACIES = ("binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "acc")
_MONITOR = choice(
    *("loss", "accuracy", "val_loss", "val_accuracy"),
    **{f"{part}{name}": f"{part}accuracy" for part in ("", "val_") for name in _ACCURACIES},
)
_WATCHING: Settings = {
    "monitor": (_MONITOR, "val_loss"),
    "mode": (choice("auto", "min", "max"), "auto"),
    "patience": (whole(0, 1_000_000), 0),
}
CALLBACKS: dict[str, Settings] = {
    "EarlyStopping": {
        **_WATCHING,
        "min_delta": (number(-1e6, 1e6), 0.0),
        "baseline": (maybe(number(-1e6, 1e6)), None),
        "restore_best_weights": (flag, False),
        "start_from_epoch": (whole(0, 1_000_000), 0),
    },
    "ReduceLROnPlateau": {
        **_WATCHING,
        "patience": (whole(0, 1_000_000), 10),
        "factor": (number(0, 0.999999), 0.1),
        "min_delta": (number(-1e6, 1e6), 0.0001),
        "cooldown": (whole(0, 1_000_000), 0),
        "min_lr": (_RATE, 0.0),
    },
    "LearningRateScheduler": {"rates": (several(_RATE, 1, 10_000), REQUIRED)},
    "TerminateOnNaN": {},
}
_ONLOOKERS = frozenset(
    {"History", "ProgbarLogger", "TensorBoard", "ModelCheckpoint", "CSVLogger", "BackupAndRestore", "RemoteMonitor"}
)
"""Callbacks that watch a training without changing it."""


def optimizer_of(facts: CompileFacts) -> dict[str, Any]:
    """Write the optimizer canonically.

    Raises:
        NotRebuildable: It is the student's own, or has a setting outside the bounds.
    """
    if facts.optimizer_custom or facts.optimizer not in OPTIMIZERS:
        raise NotRebuildable(msg("the optimizer {name} is not among those we rebuild", name=facts.optimizer))
    config = {name: value for name, value in facts.optimizer_config.items() if name not in _INERT_OPTIMIZER}
    config.setdefault("learning_rate", 0.01 if facts.optimizer == "SGD" else 0.001)
    try:
        return {"kind": facts.optimizer, "config": settings(config, OPTIMIZERS[facts.optimizer])}
    except ValueError as wrong:
        raise NotRebuildable(
            msg(
                "{setting} of the optimizer {name} has a value we do not rebuild",
                setting=str(wrong.args[0]),
                name=facts.optimizer,
            )
        ) from None


def loss_of(facts: CompileFacts) -> dict[str, Any]:
    """Write the loss canonically.

    Raises:
        NotRebuildable: It is the student's own, or has a setting outside the bounds.
    """
    name = _LOSS_NAMES.get(facts.loss, facts.loss)
    if facts.loss_custom or name not in LOSSES:
        raise NotRebuildable(msg("the loss {name} is not among those we rebuild", name=facts.loss or "?"))
    config = {key: value for key, value in facts.loss_config.items() if key != "reduction"}
    if facts.loss_config.get("reduction", "sum_over_batch_size") != "sum_over_batch_size":
        raise NotRebuildable(
            msg("{setting} of the loss {name} has a value we do not rebuild", setting="reduction", name=name)
        )
    try:
        return {"kind": name, "config": settings(config, LOSSES[name])}
    except ValueError as wrong:
        raise NotRebuildable(
            msg("{setting} of the loss {name} has a value we do not rebuild", setting=str(wrong.args[0]), name=name)
        ) from None


def callbacks_of(fit: FitFacts, *, validated: bool) -> list[dict[str, Any]]:
    """Write the callbacks that change a training, in their order.

    One that watches a figure this fit does not have is left out, as Keras only warns about it.

    Raises:
        NotRebuildable: One is the student's own, or not on the list.
    """
    epochs = range(fit.initial_epoch, fit.epochs)
    found = [
        callback
        for facts in fit.callbacks
        if facts.custom or facts.kind not in _ONLOOKERS
        if _has_figure(callback := _callback(facts), fit, validated=validated)
    ]
    if any(len(one["config"].get("rates", epochs)) != len(epochs) for one in found):
        raise _untold()
    return found


def _untold() -> NotRebuildable:
    return NotRebuildable(msg("the learning rates of the epochs cannot be told before the training"))


def _callback(facts: CallbackFacts) -> dict[str, Any]:
    if facts.custom or facts.kind not in CALLBACKS:
        raise NotRebuildable(msg("the callback {name} is not among those we rebuild", name=facts.kind))
    allowed = CALLBACKS[facts.kind]
    if "rates" in allowed and "rates" not in facts.config:
        raise _untold()
    config = {name: value for name, value in facts.config.items() if name in allowed}
    try:
        found = settings(config, allowed)
    except ValueError as wrong:
        raise NotRebuildable(
            msg(
                "{setting} of the callback {name} has a value we do not rebuild",
                setting=str(wrong.args[0]),
                name=facts.kind,
            )
        ) from None
    if "min_delta" in found:
        found["min_delta"] = abs(found["min_delta"])  # Keras flips its sign when the training starts
    return {"kind": facts.kind, "config": found}


def _has_figure(callback: Mapping[str, Any], fit: FitFacts, *, validated: bool) -> bool:
    monitor = callback["config"].get("monitor", "loss")
    measured = bool(fit.compile and fit.compile.metrics)
    return (validated or not monitor.startswith("val_")) and (measured or not monitor.endswith("accuracy"))
