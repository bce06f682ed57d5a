"""The same recipes on every backend of Keras that is installed here."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from grader.recipe import recipe_of
from grader.records import CallbackFacts, TrainingLimits
from grader.train import Hardware, TrainerPool
from grader.train.worker import _compiled_once
from tests.recipes import conv, dense, fitted, inputs, layer, mnist_rows, model, sequential
from tests.test_sandbox import needs_seal
from tests.test_train import FULL, QUICK, TRAIN_ROWS, dense_recipe, mnist, words  # noqa: F401 - mnist is a fixture

INSTALLED = {name: importlib.util.find_spec(name) is not None for name in ("tensorflow", "jax", "torch")}
BACKENDS = [
    pytest.param(name, marks=pytest.mark.skipif(not there, reason=f"{name} is not installed: pip install {name}"))
    for name, there in INSTALLED.items()
]


@pytest.fixture(scope="module", params=BACKENDS)
def pool(request):
    """A pool for each backend."""
    with TrainerPool(
        bounds=TrainingLimits(parameters=3_000_000), cache=None, hardware=Hardware(backend=request.param)
    ) as shared:
        shared.wanted = request.param
        yield shared


def test_a_recipe_learns_on_every_backend_and_says_on_which(pool, mnist):  # noqa: F811
    """Accuracy, history and layers are the same kind of facts; the backend and its version stand beside them."""
    training = pool.train(dense_recipe(epochs=8, validation_split=0.1), mnist, FULL, seed=1)
    assert (training.outcome, training.reason) == ("trained", None)
    assert training.test_accuracy > 0.5
    assert set(training.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert [facts.kind for facts in training.layers] == ["Dense", "Dense"]
    assert (training.platform.backend, training.platform.device) == (pool.wanted, "cpu")
    assert set(training.versions) == {"python", "keras", "backend", pool.wanted}


def test_images_state_and_one_hot_labels_work_on_every_backend(pool, mnist):  # noqa: F811
    """A convolutional network with dropout and batch normalisation, on a budget of steps."""
    pooling = layer("MaxPooling2D", pool_size=[2, 2], strides=[2, 2], padding="valid", data_format="channels_last")
    dropout = layer("Dropout", rate=0.5, seed=None, noise_shape=None)
    flatten = layer("Flatten", data_format="channels_last")
    config = sequential(inputs(28, 28, 1), conv(4), pooling, flatten, dropout, dense(10, "softmax"))
    rows = mnist_rows(TRAIN_ROWS, (28, 28, 1))
    labels = {"encoding": "onehot", "shape": (TRAIN_ROWS, 10), "dtype": "float32"}
    fit = fitted(x=rows["x"], y=labels, compiled={"loss": "categorical_crossentropy"}, batch_size=50, epochs=3)
    training = pool.train(recipe_of(fit, model(config)), mnist, QUICK, seed=0)
    assert (training.outcome, len(training.history["loss"])) == ("trained", 3), training.reason


def test_a_bomb_is_refused_on_every_backend(pool, mnist):  # noqa: F811
    """It is measured before anything is allocated."""
    config = sequential(inputs(784), dense(1_000_000), dense(1_000_000), dense(10))
    training = pool.train(
        recipe_of(fitted(**mnist_rows(TRAIN_ROWS), batch_size=32, epochs=1), model(config)), mnist, FULL, seed=0
    )
    assert training.outcome == "refused"
    assert "parameters" in words(training)


def test_a_loss_that_is_no_number_is_noticed_on_every_backend(pool, mnist):  # noqa: F811
    """An absurd learning rate is an outcome everywhere."""
    compiled = {"optimizer": "SGD", "optimizer_config": {"learning_rate": 10000.0}, "loss": "mean_squared_error"}
    labels = {"encoding": "onehot", "shape": (TRAIN_ROWS, 10)}
    config = sequential(inputs(784), dense(32), dense(10))
    fit = fitted(x=mnist_rows(TRAIN_ROWS)["x"], y=labels, compiled=compiled, batch_size=32, epochs=4)
    assert pool.train(recipe_of(fit, model(config)), mnist, FULL, seed=0).outcome == "diverged"


@needs_seal
def test_only_the_backend_is_loaded(pool, mnist):  # noqa: F811
    """The process of another backend never loads TensorFlow, whose threads and memory would be lost to the training."""
    pool.train(dense_recipe(units=4, epochs=1), mnist, QUICK, seed=0)
    loaded = Path(f"/proc/{pool._idle[0]._running.pid}/maps").read_text()
    assert ("libtensorflow" in loaded) is (pool.wanted == "tensorflow")
    assert ("libtorch" in loaded) is (pool.wanted == "torch")


BOTH_WAYS = """
import json, sys
from grader.inside.trainer.__main__ import keep_out_tensorflow
keep_out_tensorflow()
import keras
from grader.inside.trainer import fitting, training
request, found = json.load(sys.stdin), []
if "xla" in sys.argv:
    keras.Model._resolve_auto_jit_compile = lambda model: True
fitting._AT_ONCE_RESIDENT = 20
for device in ("cpu", "gpu"):
    fitting.device_class = lambda: device
    found.append(training.train(request, training.ArrayCache())[0])
print(json.dumps(found))
"""


@pytest.mark.parametrize("budget", [None, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("how", [*BACKENDS, pytest.param("xla", marks=BACKENDS[0].marks)])
def test_rows_kept_on_the_device_make_the_same_training(mnist, how, budget):  # noqa: F811
    """What a GPU is given: blocks of steps with a rest, batch statistics, class weights, validation, a callback."""
    slower = CallbackFacts(kind="ReduceLROnPlateau", config={"monitor": "val_loss", "patience": 0, "min_delta": 0.4})
    network = sequential(inputs(784), dense(24, "relu"), layer("BatchNormalization"), dense(10, "softmax"))
    fit = fitted(
        **mnist_rows(TRAIN_ROWS), epochs=4, batch_size=7, validation_split=0.2, callbacks=(slower,), shuffle=False,
        class_weight={"3": 2.0, "5": 0.5},
    )  # fmt: skip
    batch_by_batch, resident = both_ways(recipe_of(fit, model(network)), mnist, how, budget)
    assert (resident["outcome"], len(resident["history"]["loss"])) == ("trained", 4), resident
    same_training(batch_by_batch, resident)


@pytest.mark.slow
@pytest.mark.parametrize("how", [*BACKENDS, pytest.param("xla", marks=BACKENDS[0].marks)])
def test_a_second_fit_goes_on_the_same_way_with_rows_kept_on_the_device(mnist, how):  # noqa: F811
    """Weights and optimizer of the fit before are taken over, whichever way that and this one were trained."""
    network = model(sequential(inputs(784), dense(24, "relu"), dense(10, "softmax")))
    adam = {"optimizer": "Adam", "optimizer_config": {"learning_rate": 0.01}}
    first = recipe_of(fitted(**mnist_rows(TRAIN_ROWS), compiled=adam, epochs=2, batch_size=7, shuffle=False), network)
    again = fitted(
        **mnist_rows(TRAIN_ROWS), compiled=adam, epochs=2, batch_size=9, shuffle=False, fresh=False, follows=0
    )
    batch_by_batch, resident = both_ways(recipe_of(again, network, first), mnist, how)
    assert (resident["outcome"], len(resident["history"]["loss"])) == ("trained", 2), resident
    same_training(batch_by_batch, resident)
    [alone, _] = both_ways(first, mnist, how)
    assert resident["history"]["loss"][0] < 0.9 * alone["history"]["loss"][0]


def both_ways(recipe, mnist, how, budget=None):  # noqa: F811
    """Train as on a processor and as on a GPU, both here."""
    request = {
        "recipes": [asdict(one) for one in recipe.chain],
        "seed": 3, "steps": budget, "folder": mnist.folder, "bounds": asdict(TrainingLimits()), "state": False,
    }  # fmt: skip
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow" if how == "xla" else how, "CUDA_VISIBLE_DEVICES": "-1"}
    told = subprocess.run(
        [sys.executable, "-c", BOTH_WAYS, how],
        input=json.dumps(request), env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(told.stdout.splitlines()[-1])


def same_training(batch_by_batch, resident):
    for name, values in batch_by_batch["history"].items():
        assert resident["history"][name] == pytest.approx(values, rel=0.01), name
    assert resident["test_accuracy"] == pytest.approx(batch_by_batch["test_accuracy"], abs=0.02)


COMPILED_ONCE = """
import json, os, sys
from pathlib import Path
from grader.inside.trainer.__main__ import keep_out_tensorflow
keep_out_tensorflow()
from grader.inside.trainer import fitting, training
request, found = json.load(sys.stdin), []
fitting.device_class = lambda: "gpu"
for seed in (1, 2):
    reply, _ = training.train({**request, "seed": seed}, training.ArrayCache())
    found.append([reply["test_accuracy"], len(list(Path(os.environ["JAX_COMPILATION_CACHE_DIR"]).glob("*-cache")))])
print(json.dumps(found))
"""


@pytest.mark.skipif(not INSTALLED["jax"], reason="jax is not installed: pip install jax")
def test_jax_compiles_a_network_once_for_all_its_seeds(mnist, tmp_path):  # noqa: F811
    """The second seed of a network, a new model to Keras, adds no program to those that are compiled."""
    recipe = dense_recipe(units=16, epochs=1)
    request = {
        "recipes": [{name: getattr(recipe, name) for name in ("layers", "optimizer", "loss", "data", "fit")}],
        "steps": None, "folder": mnist.folder, "bounds": asdict(TrainingLimits()), "state": False,
    }  # fmt: skip
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"} | _compiled_once(str(tmp_path))
    told = subprocess.run(
        [sys.executable, "-c", COMPILED_ONCE],
        input=json.dumps(request), env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (first, programs), (second, same) = json.loads(told.stdout.splitlines()[-1])
    assert first != second
    assert programs == same > 0
