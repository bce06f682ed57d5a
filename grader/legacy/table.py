"""The old calls that students copy from listings, each tried out with Keras 3.15 and TensorFlow 2.21.

Sources: Keras's release notes (2.0: ``nb_epoch``, ``Convolution2D(32, 3, 3)``, ``border_mode``; 2.6:
``predict_classes``; 3.0: ``lr``, file names), the changelogs of SciPy 1.3, Matplotlib 3.8 and NumPy 1.24, and public
student notebooks.
"""

from __future__ import annotations

from grader.inside.shims.old_arguments import DROPPED_ARGUMENTS, RENAMED_ARGUMENTS
from grader.inside.shims.spellings import LAYER_MODULES, OPTIMIZERS, STYLES
from grader.legacy.model import (
    Argument,
    Effect,
    HistoryKey,
    Keyword,
    LinePattern,
    Method,
    Name,
    OldCall,
    Saved,
    Shape,
    Window,
)
from grader.records import Message, msg

_NO_MODULE = msg("Keras 3 has no such module.")
_NO_NAME = msg("Keras 3 has no such name.")
_NO_METHOD = msg("Models of Keras 3 have no such method.")
_NO_ARGUMENT = msg("Keras 3 does not know this argument.")
_NEW_NAME = msg("The argument has another name in Keras 3.")
_NO_TF1 = msg("This belongs to TensorFlow 1; TensorFlow 2 does not have it.")


def _module(old: str, new: str, why: Message = _NO_MODULE, write: str = "") -> OldCall:
    return OldCall(pattern=Name(old=old, new=new), write=write or new, why=why)


def _keyword(old: str, new: str, of: tuple[str, ...], why: Message = _NEW_NAME) -> OldCall:
    return OldCall(pattern=Keyword(old=old, new=new, of=of), write=f"{new}=...", why=why)


def _dropped(old: str, of: tuple[str, ...], why: Message = _NO_ARGUMENT, effect: Effect = Effect.FAILS) -> OldCall:
    return OldCall(pattern=Keyword(old=old, of=of, drop=True), write="", why=why, effect=effect)


_IMPORTS = (
    _module("keras.utils.np_utils", "keras.utils", write="from keras.utils import to_categorical"),
    _module("keras.utils.vis_utils", "keras.utils", write="from keras.utils import plot_model"),
    _module("keras.utils.generic_utils", "keras.utils"),
    OldCall(
        pattern=Name(
            old="keras.preprocessing.image.ImageDataGenerator",
            new="tensorflow.keras.preprocessing.image.ImageDataGenerator",
            only_plain_keras=True,
        ),
        write="from tensorflow.keras.preprocessing.image import ImageDataGenerator",
        why=msg("Keras 3 keeps ImageDataGenerator only under tensorflow.keras."),
    ),
    OldCall(
        pattern=Name(old="keras.preprocessing.text", new="tensorflow.keras.preprocessing.text", only_plain_keras=True),
        write="tensorflow.keras.preprocessing.text",
        why=msg("Keras 3 keeps the tools for texts only under tensorflow.keras."),
    ),
    *(_module(f"keras.layers.{name}", "keras.layers") for name in LAYER_MODULES),
    OldCall(
        pattern=Name(old="keras.layers.merge"),
        write="from keras.layers import add, concatenate",
        why=_NO_MODULE,
    ),
    OldCall(pattern=Name(old="keras.layers.Merge"), write="keras.layers.concatenate([a, b])", why=_NO_NAME),
    _module("keras.engine.topology", "keras.layers"),
    _module("keras.engine.training", "keras.models"),
    _module("keras.engine", "keras.layers"),
    _module("keras.objectives", "keras.losses"),
    _module("keras.backend.tensorflow_backend", "keras.backend"),
    OldCall(
        pattern=Name(old="keras.wrappers.scikit_learn"),
        write="from scikeras.wrappers import KerasClassifier",
        why=_NO_MODULE,
    ),
    _module("tensorflow.python.keras", "tensorflow.keras", msg("TensorFlow's own copy of Keras is not Keras 3.")),
    *(
        _module(f"keras.optimizers.{name.lower()}", f"keras.optimizers.{name}", _NO_NAME)
        for name in ("SGD", "Adam", "RMSprop")
    ),
    _module("keras.optimizers.legacy", "keras.optimizers", msg("Keras 3 has only one kind of optimizers.")),
    _module("keras.layers.CuDNNLSTM", "keras.layers.LSTM", _NO_NAME),
    _module("keras.layers.CuDNNGRU", "keras.layers.GRU", _NO_NAME),
    OldCall(pattern=Name(old="keras.utils.multi_gpu_model"), write="model", why=_NO_NAME),
    OldCall(
        pattern=Name(old="keras.backend.set_image_dim_ordering"),
        write='keras.config.set_image_data_format("channels_last")',
        why=_NO_NAME,
    ),
    _module("keras.backend.image_dim_ordering", "keras.backend.image_data_format", _NO_NAME),
    OldCall(
        pattern=Name(old="tensorflow.examples.tutorials"),
        write="keras.datasets.mnist.load_data()",
        why=_NO_TF1,
    ),
    *(
        OldCall(pattern=Name(old=f"tensorflow.{name}"), write=write, why=_NO_TF1)
        for name, write in (
            ("Session", "model.fit(...)"),
            ("placeholder", "keras.Input(shape=...)"),
            ("contrib", ""),
            ("global_variables_initializer", ""),
            ("app", ""),
        )
    ),
    _module("tensorflow.set_random_seed", "tensorflow.random.set_seed", _NO_TF1),
    _module("tensorflow.logging", "tensorflow.compat.v1.logging", _NO_TF1),
    *(
        OldCall(
            pattern=Name(old=f"scipy.misc.{name}"),
            write=write,
            why=msg("SciPy has had no functions for images since version 1.3."),
        )
        for name, write in (
            ("imread", "matplotlib.pyplot.imread(path)"),
            ("imresize", "PIL.Image.fromarray(image).resize(size)"),
            ("imsave", "matplotlib.pyplot.imsave(path, image)"),
            ("imshow", "matplotlib.pyplot.imshow(image)"),
            ("toimage", "PIL.Image.fromarray(image)"),
        )
    ),
    *(
        _module(f"numpy.{name}", new, msg("NumPy has had no such name since version 1.24; Python's own type does it."))
        for name, new in (("float", "numpy.float64"), ("int", "numpy.int64"), ("object", "numpy.object_"))
    ),
)
_LIBRARIES = (
    *(
        OldCall(
            pattern=Name(old=name),
            write=write,
            why=msg("This library may be missing where notebooks are graded."),
            effect=Effect.MISSING,
        )
        for name, write in (
            ("tensorflow_datasets", "keras.datasets.mnist.load_data()"),
            ("pydot", "model.summary()"),
            ("graphviz", "model.summary()"),
            ("seaborn", "import matplotlib.pyplot as plt"),
            ("cv2", "PIL.Image"),
        )
    ),
    OldCall(
        pattern=Name(old="keras.utils.plot_model"),
        write="model.summary()",
        why=msg("plot_model needs pydot and Graphviz, which may be missing where notebooks are graded."),
        effect=Effect.MISSING,
    ),
)
_METHODS = (
    OldCall(
        pattern=Method(old="predict_classes", new="predict", after=".argmax(axis=-1)"),
        write="model.predict(x).argmax(axis=-1)",
        why=_NO_METHOD,
    ),
    OldCall(pattern=Method(old="predict_proba", new="predict"), write="model.predict(x)", why=_NO_METHOD),
    *(
        OldCall(
            pattern=Method(old=f"{name}_generator", new=name, keywords=(("nb_epoch", "epochs"),)),
            write=f"model.{name}(generator)",
            why=_NO_METHOD,
        )
        for name in ("fit", "evaluate", "predict")
    ),
)
_ARGUMENTS = (
    *(_keyword(*row) for row in RENAMED_ARGUMENTS),
    *(_dropped(*row) for row in DROPPED_ARGUMENTS),
    _dropped("period", ("ModelCheckpoint",)),
    _dropped(
        "decay",
        OPTIMIZERS,
        msg("Keras 3 ignores decay and only warns; use a schedule of keras.optimizers.schedules where it matters."),
        Effect.DIFFERS,
    ),
)
_FORMS = (
    OldCall(
        pattern=Window(of=("Convolution2D", "Conv2D")),
        write="Conv2D(32, (3, 3))",
        why=msg("Keras reads the third number as strides today, so the image shrinks by it in every layer."),
        effect=Effect.DIFFERS,
    ),
    OldCall(
        pattern=Shape(keywords=("input_shape", "shape", "batch_input_shape")),
        write="input_shape=(784,)",
        why=msg("A shape must be a tuple, and a single number needs a comma in it."),
    ),
    *(
        OldCall(
            pattern=HistoryKey(old=old, new=new),
            write=f'history.history["{new}"]',
            why=msg("With metrics compiled as accuracy the history has the keys accuracy and val_accuracy."),
        )
        for old, new in (("acc", "accuracy"), ("val_acc", "val_accuracy"))
    ),
    OldCall(
        pattern=Saved(of="save", endings=(".keras", ".h5", ".hdf5")),
        write='model.save("model.keras")',
        why=msg("Keras 3 saves a model only to a file that ends in .keras or .h5."),
    ),
    OldCall(
        pattern=Saved(of="save_weights", endings=(".weights.h5",)),
        write='model.save_weights("model.weights.h5")',
        why=msg("Keras 3 saves weights only to a file that ends in .weights.h5."),
    ),
    OldCall(
        pattern=Saved(of="ModelCheckpoint", endings=(".keras", ".h5"), when=("save_weights_only", False)),
        write='ModelCheckpoint("model.keras")',
        why=msg("Keras 3 saves a model only to a file that ends in .keras or .h5."),
    ),
    OldCall(
        pattern=Saved(of="ModelCheckpoint", endings=(".weights.h5",), when=("save_weights_only", True)),
        write='ModelCheckpoint("model.weights.h5", save_weights_only=True)',
        why=msg("Keras 3 saves weights only to a file that ends in .weights.h5."),
    ),
    OldCall(
        pattern=Argument(of="use", begins=STYLES[0], new=STYLES[1], unless=STYLES[1]),
        write='plt.style.use("seaborn-v0_8-white")',
        why=msg("Matplotlib has named these styles anew in version 3.6."),
    ),
)
_LINES = (
    OldCall(
        pattern=LinePattern(
            line=r"^(?P<indent>\s*)print[ \t]+(?P<what>[^=(,.\s](?:[^#\\]*[^,\s#\\])?)\s*$", new="{indent}print({what})"
        ),
        write="print(...)",
        why=msg("print is a function in Python 3."),
    ),
    OldCall(
        pattern=LinePattern(
            line=r"^(?P<indent>\s*)except[ \t]+(?P<what>[\w.]+|\([\w., ]+\))\s*,\s*(?P<name>\w+)\s*:(?P<rest>.*)$",
            new="{indent}except {what} as {name}:{rest}",
        ),
        write="except Exception as error:",
        why=msg("Python 3 names a caught exception with as."),
    ),
    OldCall(
        pattern=LinePattern(
            line=r"^(?P<indent>\s*)raise[ \t]+(?P<what>[A-Za-z_][\w.]*)[ \t]*,[ \t]*(?P<text>[^#]+?)\s*$",
            new="{indent}raise {what}({text})",
        ),
        write="raise ValueError(text)",
        why=msg("Python 3 calls the exception it raises."),
    ),
    OldCall(
        pattern=LinePattern(line=r"^(?P<indent>\s*)exec[ \t]+(?P<what>[^=(\s][^#]*?)\s*$", new="{indent}exec({what})"),
        write="exec(...)",
        why=msg("exec is a function in Python 3."),
    ),
    OldCall(
        pattern=LinePattern(line=r"^\s*%tensorflow_version\b.*$", new="# TensorFlow 2 is the only one", magic=True),
        write="",
        why=msg("This line works in Google Colab alone, and there it does nothing any more."),
        effect=Effect.MISSING,
    ),
)

OLD_CALLS: tuple[OldCall, ...] = (*_IMPORTS, *_LIBRARIES, *_METHODS, *_ARGUMENTS, *_FORMS, *_LINES)
"""All of them."""
