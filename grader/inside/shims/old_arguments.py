"""Old arguments and what they are called today, as data: read by the kernel and by ``grader.legacy``."""

from __future__ import annotations

from .spellings import OPTIMIZERS

CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D", "SeparableConv2D")
AVERAGE_POOLINGS = {"AveragePooling1D": 1, "AveragePooling2D": 2, "AveragePooling3D": 3}
POOLINGS = ("MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "MaxPool2D", *AVERAGE_POOLINGS)
GLOBAL_POOLINGS = ("GlobalAveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling3D", "GlobalMaxPooling3D")
DROPOUTS = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "AlphaDropout")
RECURRENT = ("LSTM", "GRU", "SimpleRNN")
WITH_WEIGHTS = ("Dense", *CONVOLUTIONS, *RECURRENT)
FITS = ("fit", "fit_generator")

LOSSES = {
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "cosine": "cosine_similarity",
    "cosine_proximity": "cosine_similarity",
    "huber_loss": "huber",
}
"""Losses that ``compile`` took by another name."""

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
    ("pool_length", "pool_size", ("MaxPooling1D", "AveragePooling1D")),
    ("stride", "strides", ("MaxPooling1D", "AveragePooling1D")),
    ("init", "kernel_initializer", WITH_WEIGHTS),
    ("init", "embeddings_initializer", ("Embedding",)),
    ("init", "alpha_initializer", ("PReLU",)),
    ("W_regularizer", "kernel_regularizer", WITH_WEIGHTS),
    ("b_regularizer", "bias_regularizer", WITH_WEIGHTS),
    ("U_regularizer", "recurrent_regularizer", RECURRENT),
    ("W_constraint", "kernel_constraint", WITH_WEIGHTS),
    ("b_constraint", "bias_constraint", WITH_WEIGHTS),
    ("bias", "use_bias", ("Dense", *CONVOLUTIONS)),
    ("output_dim", "units", ("Dense", *RECURRENT)),
    ("p", "rate", DROPOUTS),
    ("sigma", "stddev", ("GaussianNoise",)),
    ("dropout_W", "dropout", RECURRENT),
    ("dropout_U", "recurrent_dropout", RECURRENT),
    ("inner_init", "recurrent_initializer", RECURRENT),
    ("inner_activation", "recurrent_activation", ("LSTM", "GRU")),
    ("beta_init", "beta_initializer", ("BatchNormalization",)),
    ("gamma_init", "gamma_initializer", ("BatchNormalization",)),
    ("dims", "target_shape", ("Reshape",)),
    ("m", "max_value", ("MaxNorm",)),
    ("l", "l1", ("L1",)),
    ("l", "l2", ("L2",)),
    ("nb_words", "num_words", ("Tokenizer",)),
    ("nb_classes", "num_classes", ("to_categorical",)),
    ("y", "x", ("to_categorical",)),
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
    *((name, ("TensorBoard",)) for name in ("write_grads", "batch_size", "embeddings_layer_names", "embeddings_data")),
    *((name, ("ProgbarLogger",)) for name in ("count_mode", "stateful_metrics")),
    *((name, ("compile",)) for name in ("class_mode", "sample_weight_mode", "target_tensors")),
    *((name, ("BatchNormalization",)) for name in ("mode", "fused", "renorm", "virtual_batch_size")),
    ("weights", (*WITH_WEIGHTS, "BatchNormalization", "Embedding", "PReLU")),
    ("consume_less", RECURRENT),
    ("forget_bias_init", ("LSTM",)),
    ("schedule_decay", ("Nadam",)),
    (
        "dim_ordering",
        (*CONVOLUTIONS, *POOLINGS, *GLOBAL_POOLINGS, "Flatten", "ZeroPadding2D", "Cropping2D", "UpSampling2D"),
    ),
)
"""Arguments with nothing in their place: a training is the same without them."""

SAY_NOTHING: dict[str, tuple[object, ...]] = {
    "dim_ordering": ("default",),
    "forget_bias_init": ("one", "ones"),
    "mode": (0,),
    "renorm": (False,),
    "sample_weight_mode": (None,),
    "target_tensors": (None,),
    "virtual_batch_size": (None,),
    "weights": (None,),
}
"""Of these, arguments that can be left out only when they have one of these values; any other is refused, as today."""
