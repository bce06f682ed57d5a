"""The probe sees models, trainings and failures, and changes nothing. One process per group of cases: Keras is slow."""

import base64
import math

import numpy as np
import pytest

from tests.probing import make_data, run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


def of(events, name):
    return [event for event in events if event["event"] == name]


HONEST = """
import random
import numpy as np
import keras
from keras import layers
keras.utils.set_random_seed(3)
x, y = np.random.rand(200, 28, 28, 1).astype("float32"), np.random.randint(10, size=200)
model = keras.Sequential([layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dropout(0.3),
                          layers.Dense(10, activation="softmax")])
model.compile("rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, epochs=3, validation_split=0.2, verbose=0)
print(history.history, model.evaluate(x, y, verbose=0), model.predict(x, verbose=0).sum())
print(random.random(), np.random.rand(), float(keras.random.uniform(())))
print(sorted(name for name in globals() if name not in {"_probe"}))
try:
    layers.Conv2D(4, 99)(keras.Input((9, 9, 1)))
except ValueError as error:
    print(error)
try:
    model.fit(x[:, :5], y)
except Exception as error:
    print(type(error), str(error)[:60])
"""


def test_a_notebook_runs_the_same_with_the_probe_off():
    """Histories to the last bit, random states, names, prints and exceptions are those of a run without the probe."""
    events, watched = run(HONEST, ipython=True)
    _, alone = run(HONEST, probe=False, ipython=True)
    assert watched == alone
    assert len(of(events, "fit")) == 2
    assert not [note for note in of(events, "note") if note["what"] == "probe-fault"]


UNREADABLE = """
import numpy as np
import keras
import scipy.sparse
x, y = scipy.sparse.csr_matrix(np.eye(40, 20, dtype="float32")), np.random.randint(2, size=40)
model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(1, activation="sigmoid")])
model.compile("rmsprop", "binary_crossentropy")
model.fit(x, y, epochs=2, verbose=0)

from grader.inside.probe import calls
def fault(*_, **__):
    raise KeyError("a mistake of the probe's own")
calls.order_of = fault
model.fit(x, y, epochs=2, verbose=0)
calls._results = fault
model.evaluate(x, y, verbose=0)
"""


def test_a_fit_on_data_that_nobody_can_look_at_is_recorded():
    """A sparse matrix has a length that may not be asked for: the training is there, its data unrecognised.

    Where the probe breaks all the same, a note says which event is missing.
    """
    events, _ = run(UNREADABLE)
    (fit,) = of(events, "fit")
    assert (fit["completed"], fit["epochs"], fit["x"].get("dataset"), fit["x"]["why"]) == (
        True,
        2,
        None,
        "other-object: csr_matrix",
    )
    lost = [note["detail"] for note in of(events, "note") if note["what"] in {"probe-fault", "lost-event"}]
    assert [detail.partition(":")[0] for detail in lost] == ["fit", "evaluate"]


MODELS = """
import numpy as np
from tensorflow.keras.datasets import mnist, cifar10
from tensorflow.keras.models import Sequential
from tensorflow import keras
from tensorflow.keras import layers

(x, y), (xt, yt) = mnist.load_data()
assert type(x) is np.ndarray and x.flags.writeable and mnist.load_data(path="mnist.npz")
x = x.reshape(-1, 784).astype("float32") / 255
xt = xt.reshape(-1, 784).astype("float32") / 255

late = Sequential()                                               # fit 0: built by fit, positional arguments
late.add(layers.Dense(16, activation="relu"))
late.add(layers.Dense(10, activation="softmax"))
late.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["acc"])
late.fit(x, y, 64, 2, 0)
late.fit(x, y, epochs=1, verbose=0)                               # fit 1: trained before
late.evaluate(xt, yt, verbose=0)
late.predict(xt[:1], verbose=0)

inputs = keras.Input((28, 28, 1))
z = layers.Flatten()(layers.Conv2D(2, 3, activation="relu", kernel_regularizer="l2")(inputs))
graph = keras.Model(inputs, layers.Dense(10, activation="softmax")(z))
graph.compile(keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
              keras.losses.CategoricalCrossentropy(label_smoothing=0.1), metrics=[keras.metrics.CategoricalAccuracy()])
graph.fit(x.reshape(-1, 28, 28, 1)[::-1], keras.utils.to_categorical(y[::-1]), verbose=0, epochs=3,   # fit 2
          validation_split=0.1, shuffle=False, class_weight={0: 2.0},
          callbacks=[keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=0.01)])

clone = keras.models.clone_model(graph)                           # fits 3 and 4: a loop
for size in (16, 32):
    clone = keras.models.clone_model(clone)
    clone.compile("adam", "categorical_crossentropy")
    clone.fit(x.reshape(-1, 28, 28, 1), keras.utils.to_categorical(y), batch_size=size, verbose=0)

clone.set_weights(graph.get_weights())
other = Sequential([layers.Input((784,)), layers.Dense(10)])
other.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
other.save_weights("/tmp/{pid}.weights.h5".format(pid=__import__("os").getpid()))
other.load_weights("/tmp/{pid}.weights.h5".format(pid=__import__("os").getpid()))
other.fit(np.concatenate([x, xt]), np.concatenate([y, yt]), verbose=0)                    # fit 5: leak, weights loaded

class Mine(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(8, activation="relu"), layers.Dense(10, activation="softmax")
    def call(self, x):
        return self.second(self.first(x))
    def fit(self, *args, **kwargs):
        return super().fit(*args, **kwargs)
mine = Mine()
mine.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
mine.fit(x, y, verbose=0, validation_data=(xt, yt))                                       # fit 6: subclassed

class Stop(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt
broken = Sequential([layers.Input((20,)), layers.Dense(1, activation="softmax")])
broken.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
try:
    broken.fit(np.random.rand(1000, 20), np.random.randint(2, size=(1000, 1)), epochs=5, verbose=0, callbacks=[Stop()])
except KeyboardInterrupt:                                                                 # fit 7
    print("interrupted")
broken.compile("rmsprop", "binary_crossentropy")
import tensorflow as tf
pipeline = tf.data.Dataset.from_tensor_slices((x, y)).batch(50)
last = Sequential([layers.Dense(10, activation=lambda t: t)])
last.compile("adam", "sparse_categorical_crossentropy")
last.fit(pipeline, verbose=0)                                                             # fit 8
last.fit((x[i:i + 10], y[i:i + 10]) for i in range(0, 40, 10))                            # fit 9
"""


@pytest.fixture(scope="module")
def models(data):
    return run(MODELS, data=data)[0]


def test_layers_and_shapes_of_a_model_built_by_fit(models):
    """A fit refers to a snapshot with the shapes that only the fit made known."""
    fit = of(models, "fit")[0]
    model = of(models, "model")[fit["snapshot"]]
    assert (model["api"], model["unportable"], model["num_params"]) == ("sequential", "", 12730)
    assert [(one["kind"], one["output_shape"]) for one in model["layers"]] == [
        ("Dense", [None, 16]),
        ("Dense", [None, 10]),
    ]
    assert model["layers"][0]["config"] == {"units": 16, "activation": "relu", "use_bias": True}


def test_positional_arguments_and_history(models):
    """fit(x, y, 64, 2, 0) is read as Keras binds it; the history comes along by epoch."""
    fit = of(models, "fit")[0]
    assert (fit["batch_size"], fit["epochs"], fit["fresh"], fit["completed"]) == (64, 2, True, True)
    assert set(fit["history"]) == {"loss", "acc"} or set(fit["history"]) == {"loss", "accuracy"}
    assert all(len(values) == 2 for values in fit["history"].values())
    assert (fit["x"]["dataset"], fit["x"]["rows"]["ranges"], fit["y"]["agree"]) == ("mnist", [[0, 300]], 1.0)
    assert math.isclose(fit["x"]["scale"], 1 / 255)
    assert (fit["compile"]["optimizer"], fit["compile"]["metrics"]) == ("RMSprop", ["accuracy"])
    assert fit["compile"]["optimizer_config"]["learning_rate"] == 0.001


def test_evaluate_and_predict_know_their_training(models):
    """Results come by metric name, with the split they were measured on and the fit before."""
    evaluation, prediction = of(models, "evaluate")[0], of(models, "predict")[0]
    assert (evaluation["x"]["split"], evaluation["after_fit"]) == ("test", 1)
    assert len(evaluation["results"]) == 2
    assert "loss" in evaluation["results"]
    assert prediction["x"]["rows"]["ranges"] == [[0, 1]]


def test_functional_model_with_everything_given(models):
    """Arguments, objects instead of names, one-hot labels and callbacks are described."""
    fit = of(models, "fit")[2]
    assert fit["compile"]["loss"] == "categorical_crossentropy"
    assert fit["compile"]["loss_config"] == {"label_smoothing": 0.1}
    assert fit["compile"]["metrics"] == ["categorical_accuracy"]
    assert fit["compile"]["optimizer_config"]["nesterov"] is True
    assert (fit["y"]["encoding"], fit["y"]["agree"], fit["shuffle"]) == ("onehot", 1.0, False)
    assert (fit["validation_split"], fit["class_weight"]) == (0.1, {"0": 2.0})
    assert fit["callbacks"][0]["kind"] == "EarlyStopping"
    assert fit["callbacks"][0]["config"]["patience"] == 1
    model = of(models, "model")[fit["snapshot"]]
    assert (model["api"], [one["kind"] for one in model["layers"]]) == ("functional", ["Conv2D", "Flatten", "Dense"])
    assert model["layers"][0]["config"]["kernel_regularizer"] == "L2(l2=0.01)"
    assert model["config"]["layers"]


def test_models_in_a_loop_are_told_apart(models):
    """Clones are models of their own, fresh, each with its own arguments."""
    loop = of(models, "fit")[3:5]
    assert [fit["batch_size"] for fit in loop] == [16, 32]
    assert loop[0]["model"] != loop[1]["model"]
    assert all(fit["fresh"] for fit in loop)


def test_weights_that_are_not_fresh(models):
    """Training again and loading weights make a fit not fresh, and say why."""
    fits = of(models, "fit")
    assert [fits[at]["not_fresh_because"] for at in (1, 5, 9)] == [
        "trained-before",
        "weights-loaded",
        "trained-before",
    ]
    assert (fits[5]["x"]["split"], fits[5]["x"]["test_rows"]) == ("mixed", 100)


def test_subclassed_model_and_its_predictions(models):
    """A subclassed model is described in attribute order and asked for its classes on the test split."""
    fit = of(models, "fit")[6]
    model = of(models, "model")[fit["snapshot"]]
    assert (model["api"], model["config"], model["unportable"]) == ("subclassed", None, "subclassed")
    assert [(one["config"]["units"], one["output_shape"]) for one in model["layers"]] == [
        (8, [None, 8]),
        (10, [None, 10]),
    ]
    assert fit["validation_x"]["split"] == "test"
    (prediction,) = [one for one in of(models, "predictions") if one["model"] == fit["model"]]
    assert (prediction["dataset"], prediction["after_fit"]) == ("mnist", 6)
    classes = np.frombuffer(base64.b64decode(prediction["classes"]), np.uint8)
    assert len(classes) == 100
    assert classes.max() < 10


def test_an_interrupted_fit_keeps_its_epochs(models):
    """A training broken off is recorded with what it got through, also when it is a KeyboardInterrupt."""
    fit = of(models, "fit")[7]
    assert (fit["completed"], fit["error"].split(":")[0], fit["x"]["dataset"]) == (
        False,
        "KeyboardInterrupt",
        "binary20",
    )
    assert len(fit["history"]["loss"]) >= 1
    assert fit["callbacks"][0]["custom"]
    assert not of(models, "failure")


def test_pipelines_say_so(models):
    """tf.data is read, a generator is named; a lambda activation cannot be rebuilt elsewhere."""
    fits = of(models, "fit")
    assert [fits[at]["x"].get("why") for at in (8, 9)] == [None, "generator"]
    assert (fits[8]["x"]["dataset"], fits[8]["batch_size"], fits[8]["shuffle"]) == ("mnist", 50, False)
    assert of(models, "model")[fits[8]["snapshot"]]["config"] is None


def test_the_probe_itself_never_failed(models):
    """No guarded fault was hidden behind the facts."""
    assert not [note for note in of(models, "note") if note["what"] == "probe-fault"]
    assert of(models, "start")[0]["versions"].keys() >= {"python", "keras", "tensorflow", "backend"}
    assert [note["detail"] for note in of(models, "note") if note["what"] == "data"] == ["mnist sample"] * 2


CELLS = """
cell("import keras; from keras import layers; x = keras.Input((28, 28, 1)); import numpy as np")
cell("m = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(8, 3), layers.MaxPooling2D(), layers.Conv2D(8, 15)])")
cell("m = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(8, 3)])\\nm.add(layers.Conv2D(9, 7))")
cell("y = layers.Conv2D(4, 3, activation='relu')(x)\\ny = layers.Conv2D(5, 30)(y)")
cell("layers.Dense(10, activation='sofmax')")
cell("layers.Conv2D(64)")
cell("layers.Dense(10, units_=3)")
cell("m = keras.Sequential([layers.Dense(2)]); m.compile('adum', 'mse')")
cell("m = keras.Sequential([keras.Input((20,)), layers.Dense(2)]); m.compile('adam', 'mse'); m.fit(np.zeros((9, 7)), np.zeros(9))")
cell("m.add(layers.Dense)")
cell("1 / 0")
cell("%tensorflow_version 2.x\\n!pip install keras==2.4\\n%pip install numpy\\n!echo shell\\nlisted = !pip list")
cell("from google.colab import drive, files\\ndrive.mount('/content/drive')\\nprint(files.upload())")
cell("keras.datasets.fashion_mnist.load_data()")
cell("path = keras.utils.get_file('mnist.npz', 'https://x/mnist.npz'); print(np.load(path)['x_test'].shape)")
cell("import pickle\\np = keras.utils.get_file('cifar', 'https://x/cifar-10-python.tar.gz', extract=True)\\n"
     "print(pickle.load(open(p + '/cifar-10-batches-py/data_batch_5', 'rb'), encoding='bytes')[b'data'].shape)")
cell("(a, b), (c, d) = keras.datasets.cifar10.load_data(); print(a.shape, b.shape); a[0] = 0")
cell("kept = keras._tf_keras.keras.datasets.cifar10.load_data()[0][0]; print(kept[0].any())")
"""


@pytest.fixture(scope="module")
def cells(data):
    return run(CELLS, data=data, ipython=True)


def test_failures_show_the_layers_that_stood(cells):
    """A model that does not fit is reported with its layers so far, the failing one last, and its cell."""
    found = {event["cell"]: event for event in of(cells[0], "failure")}
    kinds = {number: [one["kind"] for one in event["layers"]] for number, event in found.items()}
    assert kinds[2] == ["Conv2D", "MaxPooling2D", "Conv2D"]
    assert found[2]["layers"][1]["output_shape"] == [None, 13, 13, 8]
    assert found[2]["layers"][2]["config"]["kernel_size"] == [15, 15]
    assert [one["config"]["filters"] for one in found[3]["layers"]] == [8, 9]
    assert [one["config"]["filters"] for one in found[4]["layers"]] == [4, 5]
    assert {found[number]["stage"] for number in (2, 3, 4, 5, 6, 7, 10)} == {"build"}
    assert len(of(cells[0], "failure")) == len(found)


def test_layers_that_could_not_be_made(cells):
    """A layer whose constructor raises is reported with the arguments it got."""
    found = {event["cell"]: event for event in of(cells[0], "failure")}
    assert found[5]["layers"][0]["kind"] == "Dense"
    assert found[5]["layers"][0]["config"]["activation"] == "sofmax"
    assert found[5]["layers"][0]["config"]["units"] == 10
    assert found[6]["layers"][0]["kind"] == "Conv2D"
    assert found[7]["layers"][0]["config"]["units_"] == 3


def test_failing_compile_and_fit(cells):
    """Stages are told apart; an error that has nothing to do with Keras is none of the probe's business."""
    found = {event["cell"]: event for event in of(cells[0], "failure")}
    assert (found[8]["stage"], found[9]["stage"]) == ("compile", "fit")
    assert 11 not in found
    assert of(cells[0], "fit")[0]["completed"] is False


def test_colab_and_installs_are_passed_over(cells):
    """Pip lines, Colab's magics and modules do nothing and leave a note; other shell lines run."""
    notes = {(note["what"], note["cell"]) for note in of(cells[0], "note")}
    assert {("install", 12), ("colab-magic", 12), ("colab-drive", 13), ("colab-files", 13)} <= notes
    assert "shell" in cells[1]
    assert "keras==2.4" not in cells[1]


def test_data_sets_without_a_network(cells):
    """Data come from disk under every name, changes stay in the cell, and absent ones say what is there."""
    assert "keras.datasets.fashion_mnist is not available here" in cells[1]
    assert "(100, 28, 28)" in cells[1]
    assert "(60, 3072)" in cells[1]
    assert "(300, 32, 32, 3) (300, 1)" in cells[1]
    assert cells[1].rstrip().endswith("True")
    assert not [note for note in of(cells[0], "note") if note["what"] == "probe-fault"]


QUICK = """
import warnings
warnings.simplefilter("error", UserWarning)
import keras, numpy as np
from keras import layers
x, y = np.random.rand(6400, 20), np.random.randint(2, size=6400)
def model():
    m = keras.Sequential([layers.Input((20,)), layers.Dense(1, activation="sigmoid")])
    m.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    return m
def sizes(m, *args, **kwargs):
    steps = []
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: steps.append(batch))
    history = m.fit(*args, callbacks=[count], verbose=0, **kwargs)
    print(len(steps), len(history.history["loss"]))
sizes(model(), x, y, epochs=4)                                 # 200 steps an epoch, 10 allowed
sizes(model(), x, y, epochs=1, batch_size=100)                 # 64 steps: left alone
sizes(model(), x, y, epochs=2, steps_per_epoch=100)            # the student's own steps
sizes(model(), x, y, epochs=2, validation_split=0.5)
sizes(model(), x[:320], y[:320], epochs=20)                    # the cut runs out of data and goes round
m = model()
m.evaluate(x, y, verbose=0)
print(m.predict(x, verbose=0).shape)
"""


def test_the_quick_profile_cuts_steps_and_keeps_epochs():
    """Steps are spread over the same epochs, silently; short fits are left alone; predict is never cut."""
    events, out = run(QUICK, quick=40)
    fits = of(events, "fit")
    assert [fit["steps_per_epoch"] for fit in fits] == [None, None, 100, None, None]
    assert [fit["batch_size"] for fit in fits] == [32, 100, 64, 32, 32]
    assert out.splitlines() == ["40 4", "64 1", "40 2", "40 2", "40 20", "(6400, 1)"]
    assert of(events, "evaluate")[0]["x"]["shape"] == [6400, 20]
