"""The allow-list of layers: which a recipe may have, with every setting's type, bounds and Keras's default.

:mod:`grader.recipe.wrapup` has those of optimizers, losses, metrics and callbacks.
"""

from __future__ import annotations

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
    several,
    sizes,
    whole,
)

WIDTH = 1_000_000
"""Most units or filters of one layer; the trainer's bound on parameters is far tighter for real inputs."""
_SIZE = 4_096
_ANY = number(-1e6, 1e6)
_POSITIVE = number(0, 1e6)
_SHARE = number(0, 1)
_AXIS = whole(-8, 8)

ACTIVATIONS = choice(
    *("linear", "relu", "sigmoid", "tanh", "softmax", "softplus", "softsign", "elu", "selu", "gelu", "silu", "mish"),
    *("exponential", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu", "relu6", "log_softmax", "log_sigmoid"),
    *("celu", "glu", "tanh_shrink", "hard_shrink", "soft_shrink", "squareplus", "sparse_plus", "sparsemax"),
    swish="silu",
    hard_swish="hard_silu",
)

_SEEDLESS: Settings = {}
INITIALIZERS: dict[str, Settings] = {
    "Zeros": {},
    "Ones": {},
    "Constant": {"value": (_ANY, 0.0)},
    "RandomNormal": {"mean": (_ANY, 0.0), "stddev": (_POSITIVE, 0.05)},
    "TruncatedNormal": {"mean": (_ANY, 0.0), "stddev": (_POSITIVE, 0.05)},
    "RandomUniform": {"minval": (_ANY, -0.05), "maxval": (_ANY, 0.05)},
    "VarianceScaling": {
        "scale": (_POSITIVE, 1.0),
        "mode": (choice("fan_in", "fan_out", "fan_avg"), "fan_in"),
        "distribution": (
            choice("truncated_normal", "untruncated_normal", "uniform", normal="truncated_normal"),
            "truncated_normal",
        ),
    },
    "Orthogonal": {"gain": (_ANY, 1.0)},
    "Identity": {"gain": (_ANY, 1.0)},
    **{f"{who}{what}": _SEEDLESS for who in ("Glorot", "He", "Lecun") for what in ("Normal", "Uniform")},
}

REGULARIZERS: dict[str, Settings] = {
    "L1": {"l1": (_POSITIVE, 0.01)},
    "L2": {"l2": (_POSITIVE, 0.01)},
    "L1L2": {"l1": (_POSITIVE, 0.0), "l2": (_POSITIVE, 0.0)},
}

_AXES = either(_AXIS, several(_AXIS, 1, 8))
CONSTRAINTS: dict[str, Settings] = {
    "NonNeg": {},
    "MaxNorm": {"max_value": (_POSITIVE, 2), "axis": (_AXES, 0)},
    "MinMaxNorm": {
        "min_value": (_POSITIVE, 0.0),
        "max_value": (_POSITIVE, 1.0),
        "rate": (_SHARE, 1.0),
        "axis": (_AXES, 0),
    },
    "UnitNorm": {"axis": (_AXES, 0)},
}

_INITIALIZER = keras_object("keras.initializers", INITIALIZERS)
_REGULARIZER = maybe(keras_object("keras.regularizers", REGULARIZERS))
_CONSTRAINT = maybe(keras_object("keras.constraints", CONSTRAINTS))


def _weight(name: str, initializer: str) -> Settings:
    start = {"kind": initializer, "config": {"gain": 1.0} if initializer == "Orthogonal" else {}}
    return {
        f"{name}_initializer": (_INITIALIZER, start),
        f"{name}_regularizer": (_REGULARIZER, None),
        f"{name}_constraint": (_CONSTRAINT, None),
    }


def _inert(**values: object) -> Settings:
    """Settings that must stay as they are."""
    return {name: (only(value), value) for name, value in values.items()}


_LAST = _inert(data_format="channels_last")
_ACTIVITY: Settings = {"activity_regularizer": (_REGULARIZER, None)}
_KERNEL = {**_weight("kernel", "GlorotUniform"), **_weight("bias", "Zeros")}


def _activation(default: str) -> Settings:
    return {"activation": (ACTIVATIONS, default)}


_DENSE: Settings = {
    "units": (whole(1, WIDTH), REQUIRED),
    **_activation("linear"),
    "use_bias": (flag, True),
    **_KERNEL,
    **_ACTIVITY,
}


def _slide(axes: int, paddings: tuple[str, ...] = ("valid", "same")) -> Settings:
    return {
        "kernel_size": (sizes(axes, 1, 512), REQUIRED),
        "strides": (sizes(axes, 1, 512), [1] * axes),
        "padding": (choice(*paddings), "valid"),
        **_LAST,
        "dilation_rate": (sizes(axes, 1, 512), [1] * axes),
        **_activation("linear"),
        "use_bias": (flag, True),
        **_ACTIVITY,
    }


def _conv(axes: int) -> Settings:
    return {
        "filters": (whole(1, WIDTH), REQUIRED),
        "groups": (whole(1, WIDTH), 1),
        **_slide(axes, ("valid", "same", "causal") if axes == 1 else ("valid", "same")),
        **_KERNEL,
    }


def _depthwise(axes: int) -> Settings:
    return {
        "depth_multiplier": (whole(1, 512), 1),
        **_slide(axes),
        **_weight("depthwise", "GlorotUniform"),
        **_weight("bias", "Zeros"),
    }


def _separable(axes: int) -> Settings:
    return {"filters": (whole(1, WIDTH), REQUIRED), **_depthwise(axes), **_weight("pointwise", "GlorotUniform")}


def _transposed(axes: int) -> Settings:
    return {
        "filters": (whole(1, WIDTH), REQUIRED),
        **_slide(axes),
        "output_padding": (maybe(sizes(axes, 0, 512)), None),
        **_KERNEL,
    }


def _pool(axes: int) -> Settings:
    size = sizes(axes, 1, 512)
    return {
        "pool_size": (size, [2] * axes),
        "strides": (size, REQUIRED),  # Keras writes the pool size here when the student gave none
        "padding": (choice("valid", "same"), "valid"),
        **_LAST,
    }


_GLOBAL_POOL: Settings = {**_LAST, "keepdims": (flag, False)}
_NORM: Settings = {
    "axis": (_AXES, -1),
    "epsilon": (_SHARE, 0.001),
    "center": (flag, True),
    "scale": (flag, True),
    **_weight("beta", "Zeros"),
    **_weight("gamma", "Ones"),
}
_BATCH_NORM: Settings = {
    **_NORM,
    "momentum": (_SHARE, 0.99),
    "moving_mean_initializer": (_INITIALIZER, {"kind": "Zeros", "config": {}}),
    "moving_variance_initializer": (_INITIALIZER, {"kind": "Ones", "config": {}}),
    **_inert(synchronized=False, renorm=False, renorm_clipping=None, renorm_momentum=0.99),
}
_RECURRENT: Settings = {
    "units": (whole(1, 8_192), REQUIRED),
    **_activation("tanh"),
    "use_bias": (flag, True),
    **_KERNEL,
    **_weight("recurrent", "Orthogonal"),
    **_ACTIVITY,
    "dropout": (_SHARE, 0.0),
    "recurrent_dropout": (_SHARE, 0.0),
    "return_sequences": (flag, False),
    "go_backwards": (flag, False),
    **_inert(return_state=False, stateful=False, unroll=False, zero_output_for_mask=False),
}
_DROPOUT: Settings = {"rate": (number(0, 0.9999), REQUIRED)}
_SHAPED_DROPOUT: Settings = {**_DROPOUT, "noise_shape": (maybe(several(maybe(whole(1, _SIZE)), 1, 8)), None)}
_FILL: Settings = {
    "fill_mode": (choice("reflect", "constant", "wrap", "nearest"), "reflect"),
    "fill_value": (_ANY, 0.0),
    "interpolation": (choice("bilinear", "nearest"), "bilinear"),
    **_LAST,
}
_FACTOR = either(number(-1, 1), several(number(-1, 1), 2, 2))
_VALUE_RANGE = (several(_ANY, 2, 2), [0.0, 255.0])
_PER_CHANNEL = either(_ANY, several(_ANY, 1, 4))
_EDGES = several(whole(0, _SIZE), 2, 2)
_FRAME = {axes: several(_EDGES, axes, axes) for axes in (2, 3)} | {1: either(_EDGES, several(_EDGES, 1, 1))}
_BOX: Settings = {"height": (whole(1, _SIZE), REQUIRED), "width": (whole(1, _SIZE), REQUIRED), **_LAST}
_INTERPOLATION = choice("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")

LAYERS: dict[str, Settings] = {
    "Dense": _DENSE,
    **{f"Conv{axes}D": _conv(axes) for axes in (1, 2, 3)},
    **{f"Conv{axes}DTranspose": _transposed(axes) for axes in (1, 2)},
    **{f"DepthwiseConv{axes}D": _depthwise(axes) for axes in (1, 2)},
    **{f"SeparableConv{axes}D": _separable(axes) for axes in (1, 2)},
    **{f"{how}Pooling{axes}D": _pool(axes) for how in ("Max", "Average") for axes in (1, 2, 3)},
    **{f"Global{how}Pooling{axes}D": _GLOBAL_POOL for how in ("Max", "Average") for axes in (1, 2, 3)},
    "Flatten": _LAST,
    "Reshape": {"target_shape": (several(whole(-1, 1_000_000), 1, 8), REQUIRED)},
    "Permute": {"dims": (several(whole(1, 8), 1, 8), REQUIRED)},
    "RepeatVector": {"n": (whole(1, _SIZE), REQUIRED)},
    "Identity": {},
    "Dropout": _SHAPED_DROPOUT,
    "AlphaDropout": _SHAPED_DROPOUT,
    "GaussianDropout": _DROPOUT,
    "GaussianNoise": {"stddev": (number(0, 1_000), REQUIRED)},
    "SpatialDropout1D": _DROPOUT,
    "SpatialDropout2D": {**_DROPOUT, **_LAST},
    "BatchNormalization": _BATCH_NORM,
    "LayerNormalization": {**_NORM, **_inert(rms_scaling=False)},
    "GroupNormalization": {**_NORM, "groups": (whole(-1, 4_096), 32)},
    "UnitNormalization": {"axis": (_AXES, -1)},
    "ActivityRegularization": {"l1": (_POSITIVE, 0.0), "l2": (_POSITIVE, 0.0)},
    "Activation": {"activation": (ACTIVATIONS, REQUIRED)},
    "ReLU": {"max_value": (maybe(_POSITIVE), None), "negative_slope": (_POSITIVE, 0.0), "threshold": (_POSITIVE, 0.0)},
    "LeakyReLU": {"negative_slope": (_POSITIVE, 0.3)},
    "ELU": {"alpha": (_POSITIVE, 1.0)},
    "PReLU": {**_weight("alpha", "Zeros"), "shared_axes": (maybe(several(whole(1, 8), 1, 8)), None)},
    "Softmax": {"axis": (_AXES, -1)},
    **{f"ZeroPadding{axes}D": {"padding": (_FRAME[axes], REQUIRED), **_LAST} for axes in (1, 2)},
    **{f"Cropping{axes}D": {"cropping": (_FRAME[axes], REQUIRED), **(_LAST if axes > 1 else {})} for axes in (1, 2)},
    "UpSampling1D": {"size": (whole(1, 64), 2)},
    "UpSampling2D": {"size": (sizes(2, 1, 64), [2, 2]), "interpolation": (_INTERPOLATION, "nearest"), **_LAST},
    "Rescaling": {"scale": (_PER_CHANNEL, REQUIRED), "offset": (_PER_CHANNEL, 0.0)},
    "RandomFlip": {
        "mode": (choice("horizontal", "vertical", "horizontal_and_vertical"), "horizontal_and_vertical"),
        **_LAST,
    },
    "RandomRotation": {"factor": (_FACTOR, REQUIRED), **_FILL},
    "RandomZoom": {"height_factor": (_FACTOR, REQUIRED), "width_factor": (maybe(_FACTOR), None), **_FILL},
    "RandomTranslation": {"height_factor": (_FACTOR, REQUIRED), "width_factor": (_FACTOR, REQUIRED), **_FILL},
    "RandomContrast": {"factor": (_FACTOR, REQUIRED), "value_range": _VALUE_RANGE, **_LAST},
    "RandomBrightness": {"factor": (_FACTOR, REQUIRED), "value_range": _VALUE_RANGE, **_LAST},
    "RandomCrop": _BOX,
    "CenterCrop": _BOX,
    "Resizing": {
        **_BOX,
        "interpolation": (_INTERPOLATION, "bilinear"),
        **_inert(crop_to_aspect_ratio=False, pad_to_aspect_ratio=False, antialias=False),
        **_inert(fill_mode="constant", fill_value=0.0),
    },
    **{name: {} for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    "Concatenate": {"axis": (_AXIS, -1)},
    "Dot": {"axes": (_AXES, REQUIRED), "normalize": (flag, False)},
    "SimpleRNN": _RECURRENT,
    "LSTM": {
        **_RECURRENT,
        "recurrent_activation": (ACTIVATIONS, "sigmoid"),
        "unit_forget_bias": (flag, True),
    },
    "GRU": {**_RECURRENT, "recurrent_activation": (ACTIVATIONS, "sigmoid"), "reset_after": (flag, True)},
}
"""Layer class -> its settings."""

MERGING = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"})
"""Layers that take a list of tensors; all others take one."""

WEIGHTLESS = frozenset(
    kind for kind, known in LAYERS.items() if not any(setting.endswith("_initializer") for setting in known)
)
"""Layers without weights: one that is called twice is the same network as two of them, called once each."""
