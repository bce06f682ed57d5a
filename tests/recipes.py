"""Keras 3 configs and traced fits, as literals: the shapes in which they come out of a kernel."""

import dataclasses

from grader.records import ArrayFacts, CompileFacts, FitFacts, LabelFacts, ModelFacts, RowFacts

POLICY = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}


def keras_object(module, kind, **config):
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


def weights(seed=None):
    return {
        "kernel_initializer": keras_object(
            "keras.initializers", "GlorotUniform", seed=seed, input_axes=None, output_axes=None
        ),
        "bias_initializer": keras_object("keras.initializers", "Zeros"),
        "kernel_regularizer": None,
        "bias_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
    }


def layer(kind, name=None, **config):
    common = {"name": name or kind.lower(), "trainable": True, "dtype": POLICY}
    return keras_object("keras.layers", kind, **common, **config)


def inputs(*shape, name="input_layer"):
    config = {"batch_shape": [None, *shape], "dtype": "float32", "sparse": False, "ragged": False, "name": name}
    return keras_object("keras.layers", "InputLayer", **config)


def dense(units, activation="linear", name=None, seed=None):
    config = {"units": units, "activation": activation, "use_bias": True, "quantization_config": None}
    return layer("Dense", name, **config, **weights(seed))


def conv(filters, name=None, padding="valid"):
    config = {"filters": filters, "kernel_size": [3, 3], "strides": [1, 1], "padding": padding, "groups": 1}
    more = {"data_format": "channels_last", "dilation_rate": [1, 1], "activation": "relu", "use_bias": True}
    return layer("Conv2D", name, **config, **more, **weights(), activity_regularizer=None)


def sequential(*layers, name="sequential"):
    return {"name": name, "trainable": True, "dtype": POLICY, "layers": list(layers)}


def tensor(name, node=0):
    config = {"shape": [None, 1], "dtype": "float32", "keras_history": [name, node, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def wired(layer, *sources, **kwargs):
    """A layer as functional configs list it, called on the named layers' outputs."""
    arguments = [tensor(source) if isinstance(source, str) else tensor(*source) for source in sources]
    call = {"args": arguments if len(arguments) == 1 else [arguments], "kwargs": kwargs}
    return {**layer, "name": layer["config"]["name"], "inbound_nodes": [call] if sources else []}


def functional(*layers, first="input_layer", last=None, node=0):
    last = last or layers[-1]["name"]
    return {
        "name": "functional",
        "trainable": True,
        "layers": list(layers),
        "input_layers": [first, 0, 0],
        "output_layers": [last, node, 0],
    }


def chain(*layers):
    """The functional spelling of a plain stack."""
    names = [each["config"]["name"] for each in layers]
    return functional(wired(layers[0]), *(wired(each, source) for source, each in zip(names, layers[1:], strict=False)))


def model(config, api=None, **facts):
    api = api or ("functional" if "input_layers" in config else "sequential")
    return ModelFacts(**{"snapshot": 0, "model": 0, "api": api, "layers": (), "config": config, **facts})


EXAMPLE2 = sequential(inputs(784), dense(512, "relu", "dense"), dense(10, "softmax", "dense_1"))

MNIST = ArrayFacts(
    shape=(60000, 784),
    dtype="float32",
    dataset="mnist",
    split="train",
    rows=RowFacts(count=60000, ranges=((0, 60000),)),
    train_rows=60000,
    scale=0.003921569,
)
LABELS = LabelFacts(shape=(60000,), dtype="uint8", encoding="integer", num_classes=10, agree=1.0)
COMPILED = CompileFacts(
    model=0,
    optimizer="RMSprop",
    optimizer_config={"name": "rmsprop", "learning_rate": 0.0010000000474974513, "rho": 0.9},
    loss="sparse_categorical_crossentropy",
    metrics=("accuracy",),
)
FIT = FitFacts(fit=0, model=0, snapshot=0, x=MNIST, y=LABELS, compile=COMPILED, epochs=5, batch_size=128)

BINARY = FitFacts(
    fit=0,
    model=0,
    snapshot=0,
    x=ArrayFacts(shape=(1000, 20), dtype="float64", dataset="binary20", split="train"),
    y=LabelFacts(shape=(1000, 1), dtype="int64", encoding="column"),
    compile=dataclasses.replace(COMPILED, loss="binary_crossentropy"),
    epochs=10,
    batch_size=32,
)


def fitted(base=FIT, *, x=None, y=None, compiled=None, **changes):
    """A fit with some facts changed, also inside its data, labels and compile."""
    return dataclasses.replace(
        base,
        x=dataclasses.replace(base.x, **(x or {})),
        y=dataclasses.replace(base.y, **(y or {})),
        compile=dataclasses.replace(base.compile, **(compiled or {})),
        **changes,
    )


def mnist_rows(count, shape=(784,), **facts):
    """Array and label facts of the first rows of MNIST, for :func:`fitted`."""
    rows = RowFacts(count=count, ranges=((0, count),))
    return {"x": {"shape": (count, *shape), "rows": rows, "train_rows": count, **facts}, "y": {"shape": (count,)}}
