"""The Keras classes a recipe may name. Nothing is ever looked up by name anywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

_layers = keras.layers

LAYERS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        _layers.Dense,
        *(_layers.Conv1D, _layers.Conv2D, _layers.Conv3D, _layers.Conv1DTranspose, _layers.Conv2DTranspose),
        *(_layers.DepthwiseConv1D, _layers.DepthwiseConv2D, _layers.SeparableConv1D, _layers.SeparableConv2D),
        *(_layers.MaxPooling1D, _layers.MaxPooling2D, _layers.MaxPooling3D),
        *(_layers.AveragePooling1D, _layers.AveragePooling2D, _layers.AveragePooling3D),
        *(_layers.GlobalMaxPooling1D, _layers.GlobalMaxPooling2D, _layers.GlobalMaxPooling3D),
        *(_layers.GlobalAveragePooling1D, _layers.GlobalAveragePooling2D, _layers.GlobalAveragePooling3D),
        *(_layers.Flatten, _layers.Reshape, _layers.Permute, _layers.RepeatVector, _layers.Identity),
        *(_layers.Dropout, _layers.AlphaDropout, _layers.GaussianDropout, _layers.GaussianNoise),
        *(_layers.SpatialDropout1D, _layers.SpatialDropout2D),
        *(_layers.BatchNormalization, _layers.LayerNormalization, _layers.GroupNormalization),
        *(_layers.UnitNormalization, _layers.ActivityRegularization),
        *(_layers.Activation, _layers.ReLU, _layers.LeakyReLU, _layers.ELU, _layers.PReLU, _layers.Softmax),
        *(_layers.ZeroPadding1D, _layers.ZeroPadding2D, _layers.Cropping1D, _layers.Cropping2D),
        *(_layers.UpSampling1D, _layers.UpSampling2D, _layers.Rescaling, _layers.Resizing),
        *(_layers.RandomFlip, _layers.RandomRotation, _layers.RandomZoom, _layers.RandomTranslation),
        *(_layers.RandomContrast, _layers.RandomBrightness, _layers.RandomCrop, _layers.CenterCrop),
        *(_layers.Add, _layers.Subtract, _layers.Multiply, _layers.Average, _layers.Maximum, _layers.Minimum),
        *(_layers.Concatenate, _layers.Dot, _layers.SimpleRNN, _layers.LSTM, _layers.GRU),
    )
}

MERGING = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"})

_initializers = keras.initializers
PARTS: dict[str, dict[str, Any]] = {
    "initializer": {
        "Zeros": _initializers.Zeros,
        "Ones": _initializers.Ones,
        "Constant": _initializers.Constant,
        "RandomNormal": _initializers.RandomNormal,
        "TruncatedNormal": _initializers.TruncatedNormal,
        "RandomUniform": _initializers.RandomUniform,
        "VarianceScaling": _initializers.VarianceScaling,
        "Orthogonal": _initializers.Orthogonal,
        "Identity": _initializers.Identity,
        "GlorotNormal": _initializers.GlorotNormal,
        "GlorotUniform": _initializers.GlorotUniform,
        "HeNormal": _initializers.HeNormal,
        "HeUniform": _initializers.HeUniform,
        "LecunNormal": _initializers.LecunNormal,
        "LecunUniform": _initializers.LecunUniform,
    },
    "regularizer": {
        "L1": keras.regularizers.L1,
        "L2": keras.regularizers.L2,
        "L1L2": keras.regularizers.L1L2,
    },
    "constraint": {
        "NonNeg": keras.constraints.NonNeg,
        "MaxNorm": keras.constraints.MaxNorm,
        "MinMaxNorm": keras.constraints.MinMaxNorm,
        "UnitNorm": keras.constraints.UnitNorm,
    },
    "learning_rate": {
        schedule.__name__: schedule
        for schedule in (
            keras.optimizers.schedules.ExponentialDecay,
            keras.optimizers.schedules.InverseTimeDecay,
            keras.optimizers.schedules.PolynomialDecay,
            keras.optimizers.schedules.CosineDecay,
            keras.optimizers.schedules.PiecewiseConstantDecay,
        )
    },
}

_optimizers = keras.optimizers
OPTIMIZERS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(_optimizers.SGD, _optimizers.RMSprop, _optimizers.Adam, _optimizers.AdamW, _optimizers.Adagrad),
        *(_optimizers.Adadelta, _optimizers.Adamax, _optimizers.Nadam, _optimizers.Ftrl, _optimizers.Lion),
    )
}

_losses = keras.losses
LOSSES: dict[str, Any] = {
    "binary_crossentropy": _losses.BinaryCrossentropy,
    "categorical_crossentropy": _losses.CategoricalCrossentropy,
    "sparse_categorical_crossentropy": _losses.SparseCategoricalCrossentropy,
    "mean_squared_error": _losses.MeanSquaredError,
    "mean_absolute_error": _losses.MeanAbsoluteError,
    "mean_squared_logarithmic_error": _losses.MeanSquaredLogarithmicError,
    "kl_divergence": _losses.KLDivergence,
    "poisson": _losses.Poisson,
    "hinge": _losses.Hinge,
    "squared_hinge": _losses.SquaredHinge,
    "categorical_hinge": _losses.CategoricalHinge,
    "log_cosh": _losses.LogCosh,
    "huber": _losses.Huber,
}


class Rates(keras.callbacks.Callback):  # type: ignore[misc]
    """Sets the learning rates of a scheduler whose function stayed in the notebook, one an epoch."""

    def __init__(self, rates: Sequence[float]) -> None:
        super().__init__()
        self._rates = iter(rates)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Set the next one."""
        self.model.optimizer.learning_rate = next(self._rates)


CALLBACKS: dict[str, Any] = {
    "LearningRateScheduler": Rates,
    "EarlyStopping": keras.callbacks.EarlyStopping,
    "ReduceLROnPlateau": keras.callbacks.ReduceLROnPlateau,
    "TerminateOnNaN": keras.callbacks.TerminateOnNaN,
}


def make(table: Mapping[str, Any], description: Mapping[str, Any]) -> Any:
    """Make the object that ``{"kind", "config"}`` describes, its initializers and the like with it.

    Raises:
        KeyError: A kind that is in no table.
    """
    config = {name: _part(name, value) for name, value in description["config"].items()}
    return table[description["kind"]](**config)


def _part(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return make(PARTS[name.rsplit("_", 1)[-1] if name != "learning_rate" else name], value)
