"""Old names and what they are called today, as data: the kernel runs them, and ``grader.legacy`` finds them in source.

``keras`` stands for ``tensorflow.keras`` as well.
"""

from __future__ import annotations

OPTIMIZERS = ("SGD", "RMSprop", "Adam", "AdamW", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl")
CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D", "SeparableConv2D")
POOLINGS = ("MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "MaxPool2D", "AveragePooling2D", "AveragePooling1D")
RECURRENT = ("LSTM", "GRU", "SimpleRNN")
WITH_WEIGHTS = ("Dense", *CONVOLUTIONS, *RECURRENT)
FITS = ("fit", "fit_generator")

LAYER_MODULES = (
    *("core", "convolutional", "normalization", "pooling", "recurrent", "embeddings", "advanced_activations"),
    *("wrappers", "noise", "local", "convolutional_recurrent"),
)
"""Modules that ``keras.layers`` once consisted of."""

MODULES: dict[str, str] = {
    "keras.utils.np_utils": "keras.utils",
    "keras.utils.vis_utils": "keras.utils",
    "keras.utils.generic_utils": "keras.utils",
    "keras.utils.data_utils": "keras.utils",
    "keras.utils.layer_utils": "keras.utils",
    "keras.utils.visualize_util": "keras.utils",
    **{f"keras.layers.{name}": "keras.layers" for name in LAYER_MODULES},
    "keras.layers.merge": "keras.layers",
    "keras.layers.experimental.preprocessing": "keras.layers",
    "keras.layers.experimental": "keras.layers",
    "keras.engine.topology": "keras.layers",
    "keras.engine.training": "keras.models",
    "keras.engine.sequential": "keras.models",
    "keras.engine": "keras.layers",
    "keras.objectives": "keras.losses",
    "keras.initializations": "keras.initializers",
    "keras.backend.tensorflow_backend": "keras.backend",
    "keras.callbacks.callbacks": "keras.callbacks",
    "keras.optimizer_v2": "keras.optimizers",
    "keras.optimizers.experimental": "keras.optimizers",
    "keras.optimizers.legacy": "keras.optimizers",
    "keras.preprocessing.text": "tensorflow.keras.preprocessing.text",
    "sklearn.cross_validation": "sklearn.model_selection",
    "sklearn.grid_search": "sklearn.model_selection",
    "sklearn.externals.joblib": "joblib",
    "keras.api._v2.keras": "keras",
    "keras.api._v2": "keras",
    "keras.api.keras": "keras",
    "keras.api": "keras",
}
"""Modules that went, and the one that has their contents now; a module below an old one counts as that one."""

HOLLOW = frozenset({"keras.optimizers.legacy"})
"""Of these, modules that are still there, with nothing in them but errors."""

NAMES: dict[str, str] = {
    **{f"keras.optimizers.{name.lower()}": f"keras.optimizers.{name}" for name in OPTIMIZERS},
    "keras.constraints.maxnorm": "keras.constraints.MaxNorm",
    "keras.constraints.max_norm": "keras.constraints.MaxNorm",
    "keras.constraints.nonneg": "keras.constraints.NonNeg",
    "keras.constraints.unitnorm": "keras.constraints.UnitNorm",
    "keras.layers.CuDNNLSTM": "keras.layers.LSTM",
    "keras.layers.CuDNNGRU": "keras.layers.GRU",
    "keras.layers.Deconvolution2D": "keras.layers.Conv2DTranspose",
    "keras.utils.plot": "keras.utils.plot_model",
    "tensorflow.set_random_seed": "tensorflow.random.set_seed",
    "tensorflow.logging": "tensorflow.compat.v1.logging",
    "tensorflow.ConfigProto": "tensorflow.compat.v1.ConfigProto",
    "tensorflow.GPUOptions": "tensorflow.compat.v1.GPUOptions",
    "tensorflow.Session": "tensorflow.compat.v1.Session",
    "tensorflow.gfile": "tensorflow.compat.v1.gfile",
    "tensorflow.random_normal": "tensorflow.random.normal",
    "tensorflow.random_uniform": "tensorflow.random.uniform",
    "tensorflow.log": "tensorflow.math.log",
    "tensorflow.to_float": "tensorflow.compat.v1.to_float",
    "time.clock": "time.process_time",
    "PIL.Image.ANTIALIAS": "PIL.Image.LANCZOS",
    "matplotlib.cm.get_cmap": "matplotlib.pyplot.get_cmap",
    "scipy.misc.comb": "scipy.special.comb",
    "scipy.misc.factorial": "scipy.special.factorial",
    "scipy.misc.logsumexp": "scipy.special.logsumexp",
    "numpy.float": "builtins.float",
    "numpy.int": "builtins.int",
    "numpy.object": "builtins.object",
    "numpy.str": "builtins.str",
    "numpy.complex": "builtins.complex",
    "numpy.float_": "numpy.float64",
    "numpy.unicode_": "numpy.str_",
    "numpy.Inf": "numpy.inf",
    "numpy.infty": "numpy.inf",
    "numpy.NaN": "numpy.nan",
    "numpy.NAN": "numpy.nan",
    "numpy.product": "numpy.prod",
    "numpy.cumproduct": "numpy.cumprod",
    "numpy.alltrue": "numpy.all",
    "numpy.sometrue": "numpy.any",
    "numpy.row_stack": "numpy.vstack",
    "numpy.in1d": "numpy.isin",
    "numpy.trapz": "numpy.trapezoid",
}
"""Functions, classes and constants with another name today, or in another place, that take and give the same."""

REFUSED: dict[str, str] = {
    "keras.layers.Merge": "keras.layers.concatenate([a, b]) and keras.Model(inputs, outputs)",
    "keras.layers.MaxoutDense": "keras.layers.Dense",
    "keras.layers.Highway": "keras.layers.Dense",
    "keras.layers.TimeDistributedDense": "keras.layers.TimeDistributed(keras.layers.Dense(...))",
    "keras.layers.AtrousConvolution2D": "keras.layers.Conv2D(filters, size, dilation_rate=...)",
    "keras.layers.LocallyConnected2D": "keras.layers.Conv2D",
    "keras.layers.LocallyConnected1D": "keras.layers.Conv1D",
    "keras.models.Graph": "keras.Model(inputs, outputs)",
    "keras.wrappers.scikit_learn": "keras.wrappers.SKLearnClassifier",
    "keras.utils.multi_gpu_model": "model",
    "keras.backend.get_session": "model.predict(x)",
    "tensorflow.placeholder": "keras.Input(shape=...)",
    "tensorflow.InteractiveSession": "model.fit(x, y)",
    "tensorflow.global_variables_initializer": "model.fit(x, y)",
    "tensorflow.contrib": "keras",
    "tensorflow.train.GradientDescentOptimizer": "keras.optimizers.SGD",
    "tensorflow.train.RMSPropOptimizer": "keras.optimizers.RMSprop",
    "tensorflow.app": "",
    "scipy.misc.imshow": "matplotlib.pyplot.imshow(image)",
    "scipy.misc.face": "scipy.datasets.face()",
    "scipy.misc.ascent": "scipy.datasets.ascent()",
}
"""What has no equal: the shim's error names what to write."""

RENAMED_ARGUMENTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("lr", "learning_rate", OPTIMIZERS),
    ("nb_epoch", "epochs", FITS),
    ("samples_per_epoch", "steps_per_epoch", FITS),
    ("nb_val_samples", "validation_steps", FITS),
    ("border_mode", "padding", (*CONVOLUTIONS, *POOLINGS)),
    ("subsample", "strides", CONVOLUTIONS),
    ("nb_filter", "filters", CONVOLUTIONS),
    ("filter_length", "kernel_size", ("Conv1D", "Convolution1D")),
    ("subsample_length", "strides", ("Conv1D", "Convolution1D")),
    ("init", "kernel_initializer", WITH_WEIGHTS),
    ("init", "embeddings_initializer", ("Embedding",)),
    ("W_regularizer", "kernel_regularizer", WITH_WEIGHTS),
    ("b_regularizer", "bias_regularizer", WITH_WEIGHTS),
    ("W_constraint", "kernel_constraint", WITH_WEIGHTS),
    ("bias", "use_bias", ("Dense", *CONVOLUTIONS)),
    ("output_dim", "units", ("Dense", *RECURRENT)),
    ("p", "rate", ("Dropout", "SpatialDropout2D")),
    ("dropout_W", "dropout", RECURRENT),
    ("dropout_U", "recurrent_dropout", RECURRENT),
    ("inner_init", "recurrent_initializer", RECURRENT),
    ("nb_words", "num_words", ("Tokenizer",)),
    ("nb_classes", "num_classes", ("to_categorical",)),
    ("epsilon", "min_delta", ("ReduceLROnPlateau",)),
    ("input", "inputs", ("Model",)),
    ("output", "outputs", ("Model",)),
)
"""Arguments: old name, new name, of what."""

DROPPED_ARGUMENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    *((name, FITS) for name in ("show_accuracy", "workers", "use_multiprocessing", "max_queue_size", "max_q_size")),
    *((name, FITS) for name in ("nb_worker", "pickle_safe")),
    *((name, ("predict", "evaluate")) for name in ("workers", "use_multiprocessing", "max_queue_size")),
    ("show_accuracy", ("evaluate",)),
    *((name, ("TensorBoard",)) for name in ("write_grads", "batch_size", "embeddings_layer_names")),
    ("class_mode", ("compile",)),
    ("mode", ("BatchNormalization",)),
    ("period", ("ModelCheckpoint",)),
    ("dim_ordering", (*CONVOLUTIONS, *POOLINGS, "Flatten", "ZeroPadding2D", "UpSampling2D")),
)
"""Arguments with nothing in their place: a training is the same without them."""

STYLES = ("seaborn", "seaborn-v0_8")
"""How the names of Matplotlib's styles after seaborn began, and begin."""
