"""Recipes trained by the real trainer process, on a budget of a few steps."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

import grader.train as train_package
from grader.errors import TrainerError
from grader.inside.rowhash import row_hashes
from grader.recipe import recipe_of
from grader.records import CallbackFacts, DataSet, Profile, TrainingLimits
from grader.train import TrainerPool
from grader.train import worker as worker_module
from tests.recipes import BINARY, conv, dense, fitted, inputs, layer, mnist_rows, model, sequential
from tests.test_sandbox import needs_seal
from tests.timing import on_a_clock

QUICK = Profile(name="quick", steps=4)
FULL = Profile(name="full")
TRAIN_ROWS, TEST_ROWS = 600, 200


def write_data(folder, name, x, y, test):
    folder.mkdir()
    for split, part in (("train", slice(0, -test)), ("test", slice(-test, None))):
        np.save(folder / f"x_{split}.npy", x[part])
        np.save(folder / f"y_{split}.npy", y[part])
        np.save(folder / f"{split}_hash.npy", row_hashes(x[part].view(np.uint8)))
    (folder / "dataset.json").write_text(json.dumps({"name": name}))
    train = len(x) - test
    return DataSet(
        name=name, edition="sample", fingerprint=f"fake-{name}", folder=str(folder), num_train=train, num_test=test
    )


@pytest.fixture(scope="module")
def mnist(tmp_path_factory):
    """Digits as bright bars whose place tells the class: learnable within a few steps."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 10, TRAIN_ROWS + TEST_ROWS).astype(np.uint8)
    x = rng.integers(0, 60, (len(y), 28, 28)).astype(np.uint8)
    for image, digit in zip(x, y, strict=True):
        image[2 * digit : 2 * digit + 4, 5:20] += 150
    return write_data(tmp_path_factory.mktemp("store") / "mnist", "mnist", x, y, TEST_ROWS)


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    """Twenty numbers and a label that follows from them, 1 a little more often than 0."""
    x = np.random.default_rng(1).random((1500, 20))
    y = (x.sum(axis=1, keepdims=True) > 9.7).astype(np.int64)
    return write_data(tmp_path_factory.mktemp("store") / "binary20", "binary20", x, y, 500)


@pytest.fixture(scope="module")
def pool():
    """One worker process for all tests that do not need their own."""
    with TrainerPool(bounds=TrainingLimits(parameters=3_000_000, steps=2_000, seconds=120), cache=None) as shared:
        yield shared


def dense_recipe(units=32, **changes):
    config = sequential(inputs(784), dense(units, "relu"), dense(10, "softmax"))
    rows = mnist_rows(TRAIN_ROWS)
    changes = {"batch_size": 32, "epochs": 2, **changes}
    data = {name: {**rows[name], **changes.pop(name, {})} for name in rows}
    return recipe_of(fitted(**data, **changes), model(config))


def words(training):
    return training.reason.text.format_map(training.reason.values)


def test_a_recipe_is_trained_and_told_in_full(pool, mnist):
    """A training gives test accuracy, history, true layers and versions."""
    training = pool.train(dense_recipe(epochs=8, validation_split=0.1), mnist, FULL, seed=1)
    assert (training.outcome, training.reason, training.cached) == ("trained", None, False)
    assert training.test_accuracy > 0.5
    assert training.test_accuracy * TEST_ROWS == pytest.approx(round(training.test_accuracy * TEST_ROWS))
    assert set(training.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in training.history.values()} == {8}
    assert training.train_accuracy == training.history["accuracy"][-1]
    assert [(facts.kind, facts.output_shape, facts.num_params) for facts in training.layers] == [
        ("Dense", (None, 32), 784 * 32 + 32),
        ("Dense", (None, 10), 32 * 10 + 10),
    ]
    assert training.num_params == 784 * 32 + 32 + 330
    assert training.num_test == TEST_ROWS
    assert training.versions["keras"].startswith("3.")
    assert (training.dataset, training.seed, training.profile) == ("mnist", 1, "full")


def test_quick_cuts_the_steps_and_keeps_the_epochs(pool, mnist):
    """A budget leaves the history as long as it was, and the model worse trained."""
    recipe = dense_recipe(batch_size=8, epochs=3)
    quick, full = (pool.train(recipe, mnist, profile, seed=2) for profile in (QUICK, FULL))
    assert len(quick.history["loss"]) == len(full.history["loss"]) == 3
    assert quick.history["loss"][-1] > full.history["loss"][-1]


def test_a_convolutional_network_trains_on_one_hot_labels(pool, mnist):
    """Reshaped images, one-hot labels and layers with state go through the trainer."""
    pooling = layer("MaxPooling2D", pool_size=[2, 2], strides=[2, 2], padding="valid", data_format="channels_last")
    flatten = layer("Flatten", data_format="channels_last")
    dropout = layer("Dropout", rate=0.5, seed=None, noise_shape=None)
    config = sequential(inputs(28, 28, 1), conv(4), pooling, flatten, dropout, dense(10, "softmax"))
    rows = mnist_rows(TRAIN_ROWS, (28, 28, 1))
    labels = {"encoding": "onehot", "shape": (TRAIN_ROWS, 10), "dtype": "float32"}
    compiled = {"loss": "categorical_crossentropy"}
    fit = fitted(x=rows["x"], y=labels, compiled=compiled, batch_size=100, epochs=1)
    training = pool.train(recipe_of(fit, model(config)), mnist, QUICK, seed=0)
    assert training.outcome == "trained"
    assert [facts.output_shape for facts in training.layers[:2]] == [(None, 26, 26, 4), (None, 13, 13, 4)]


def test_one_softmax_unit_says_one(pool, binary):
    """Task 1's network always says 1: its accuracy is the share of class 1; a sigmoid learns."""
    share = float(np.load(f"{binary.folder}/y_test.npy").mean())
    for last, learns in (("softmax", False), ("sigmoid", True)):
        config = sequential(inputs(20), dense(128, "tanh"), dense(1, last))
        training = pool.train(recipe_of(BINARY, model(config)), binary, FULL, seed=3)
        assert (training.test_accuracy == share) is not learns
        assert (training.test_accuracy > share + 0.05) is learns


def test_callbacks_act(pool, mnist):
    """Early stopping that sees no gain ends the training early."""
    stop = CallbackFacts(kind="EarlyStopping", config={"monitor": "loss", "min_delta": 1000.0, "patience": 1})
    training = pool.train(dense_recipe(epochs=9, callbacks=(stop,)), mnist, FULL, seed=0)
    assert len(training.history["loss"]) == 2


@pytest.mark.parametrize(("restores", "epoch"), [(True, 0), (False, -1)])
def test_the_training_accuracy_is_that_of_the_weights_that_were_tested(pool, mnist, restores, epoch):
    """With weights restored it is the best epoch's, counted from the first one trained; else the last one's."""
    config = {"monitor": "loss", "min_delta": 1000.0, "patience": 3, "restore_best_weights": restores}
    stop = CallbackFacts(kind="EarlyStopping", config=config)
    training = pool.train(dense_recipe(initial_epoch=2, epochs=9, callbacks=(stop,)), mnist, FULL, seed=0)
    accuracies = training.history["accuracy"]
    assert training.train_accuracy == accuracies[epoch]
    assert accuracies[0] < accuracies[-1]


@pytest.mark.slow
def test_seeds_decide(pool, mnist):
    """One seed gives one training, another seed another."""
    recipe = dense_recipe(units=16)
    first = pool.train(recipe, mnist, QUICK, seed=1)
    other = pool.train(recipe, mnist, QUICK, seed=2)
    with TrainerPool(bounds=TrainingLimits(), cache=None) as fresh:
        again = fresh.train(recipe, mnist, QUICK, seed=1)
    assert first.history["loss"] == pytest.approx(again.history["loss"], rel=1e-4)
    assert first.history["loss"] != pytest.approx(other.history["loss"], rel=1e-4)


def test_a_loss_that_is_no_number_has_diverged(pool, mnist):
    """An absurd learning rate is an outcome, not a crash; the gap in the history is None."""
    compiled = {"optimizer": "SGD", "optimizer_config": {"learning_rate": 10000.0}, "loss": "mean_squared_error"}
    labels = {"encoding": "onehot", "shape": (TRAIN_ROWS, 10)}
    config = sequential(inputs(784), dense(32), dense(10))
    fit = fitted(x=mnist_rows(TRAIN_ROWS)["x"], y=labels, compiled=compiled, batch_size=32, epochs=4)
    training = pool.train(recipe_of(fit, model(config)), mnist, FULL, seed=0)
    assert training.outcome == "diverged"
    assert training.test_accuracy is None
    assert None in training.history["loss"]
    assert "no longer a number" in words(training)


@on_a_clock
@pytest.mark.parametrize(
    ("layers", "changes", "expected"),
    [
        ((dense(1_000_000), dense(1_000_000), dense(10)), {}, "parameters; we train at most 3000000"),
        (
            (layer("Reshape", target_shape=[28, 28, 1]), layer("RepeatVector", n=4096), dense(10)),
            {},
            "could not be trained",
        ),
        ((layer("Reshape", target_shape=[784, 1]), dense(1_000_000), layer("GlobalMaxPooling1D")), {}, "MB"),
        ((dense(10),), {"epochs": 1000, "batch_size": 1}, "takes 600000 steps; we run at most 2000"),
        ((dense(10), dense(11, "softmax"), layer("Reshape", target_shape=[7])), {}, "could not be trained"),
    ],
)
def test_what_is_too_large_or_does_not_fit_is_refused_at_once(pool, mnist, layers, changes, expected):
    """Bombs are measured, never allocated; shapes that do not fit give Keras's words."""
    config = sequential(inputs(784), *layers)
    fit = fitted(**mnist_rows(TRAIN_ROWS), **{"batch_size": 32, "epochs": 1, **changes})
    training = pool.train(recipe_of(fit, model(config)), mnist, FULL, seed=0)
    assert training.outcome in ("refused", "failed")
    assert expected in words(training)
    assert training.seconds < 20


def test_rows_that_the_data_set_does_not_have_fail_the_recipe(pool, mnist):
    """A trace may claim any row numbers."""
    training = pool.train(dense_recipe(**mnist_rows(60_000)), mnist, QUICK, seed=0)
    assert training.outcome == "failed"
    assert "row 59999" in words(training)


@pytest.mark.slow
def test_a_training_that_takes_too_long_is_stopped(mnist):
    """The trainer watches the clock by itself."""
    with TrainerPool(bounds=TrainingLimits(seconds=1), cache=None) as pool:
        training = pool.train(dense_recipe(epochs=5000, units=512), mnist, FULL, seed=0)
    assert training.outcome == "refused"
    assert "more than 1 seconds" in words(training)


@pytest.mark.slow
def test_the_same_training_is_done_once(mnist, tmp_path):
    """Threads that ask at the same moment share one training; a later run finds it on disk; rubbish there is a miss."""
    recipe, found = dense_recipe(units=24), []
    with TrainerPool(bounds=TrainingLimits(), cache=tmp_path) as pool:
        threads = [
            threading.Thread(target=lambda: found.append(pool.train(recipe, mnist, QUICK, seed=5))) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (pool.trainings_run, pool.trainings_shared) == (1, 2)
        assert len({training.test_loss for training in found}) == 1
    with TrainerPool(bounds=TrainingLimits(), cache=tmp_path) as later:
        again = later.train(recipe, mnist, QUICK, seed=5)
        assert again.cached
        assert again.layers == found[0].layers
        assert again.history == found[0].history
        [entry] = tmp_path.rglob("*.training")
        entry.write_text(entry.read_text()[:100])
        later._single_flight._flights.clear()  # this run would remember it otherwise
        assert not later.train(recipe, mnist, QUICK, seed=5).cached
        assert (later.trainings_run, later.trainings_shared) == (1, 1)


def test_two_machines_with_one_shared_cache_train_once(mnist, tmp_path):
    """The second pool, with a folder of its own, finds at the URL what the first one trained, and its model's state."""
    recipe, found = dense_recipe(units=4, epochs=1), []
    for machine in ("one", "two"):
        with TrainerPool(
            bounds=TrainingLimits(), cache=tmp_path / machine, shared_cache=f"file://{tmp_path}/far", keeps_states=True
        ) as pool:
            found.append((pool.train_with_state(recipe, mnist, QUICK, seed=5), pool.trainings_run))
    ((first, state), trained), ((second, same), again) = found
    assert (trained, again, second.cached) == (1, 0, True)
    assert (replace(second, cached=False), same) == (first, state)


ONE_BY_ONE = """
import json, sys
from grader.inside.trainer import fitting, training
request = json.load(sys.stdin)
found = []
for steps in (1, 16):
    fitting._AT_ONCE = steps
    found.append(training.train(request, training.ArrayCache())[0])
print(json.dumps(found))
"""


@pytest.mark.slow
@pytest.mark.parametrize("budget", [None, 48])
def test_steps_in_one_go_make_the_same_training(mnist, budget):
    """Shuffling, dropout, batch statistics, validation and early stopping come out as step by step, to the last digit."""
    stopping = CallbackFacts(kind="EarlyStopping", config={"monitor": "val_loss", "patience": 1, "min_delta": 0.02})
    network = sequential(
        inputs(784), dense(24, "relu"), layer("BatchNormalization"), layer("Dropout", rate=0.3), dense(10, "softmax")
    )
    fit = fitted(**mnist_rows(TRAIN_ROWS), epochs=12, batch_size=7, validation_split=0.2, callbacks=(stopping,))
    recipe = recipe_of(fit, model(network))
    request = {
        "recipes": [{name: getattr(recipe, name) for name in ("layers", "optimizer", "loss", "data", "fit")}],
        "seed": 3,
        "steps": budget,
        "folder": mnist.folder,
        "bounds": asdict(TrainingLimits()),
        "state": False,
    }
    told = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE], input=json.dumps(request), capture_output=True, text=True, check=True
    )
    one, many = json.loads(told.stdout.splitlines()[-1])
    assert one["outcome"] == "trained", one
    for found in (one, many):
        found.pop("seconds")
    assert one["history"] == many["history"]
    assert one["test_accuracy"] == many["test_accuracy"]


@pytest.mark.slow
def test_a_model_is_handed_out_and_trained_again_only_when_its_state_is_gone(mnist, tmp_path):
    """The state is that of the training that judges; an entry from before states were kept gets one when asked."""
    recipe = dense_recipe(units=12)
    with TrainerPool(bounds=TrainingLimits(), cache=tmp_path) as old:
        judged = old.train(recipe, mnist, QUICK, seed=5)
        assert old.train_with_state(recipe, mnist, QUICK, seed=5) == (replace(judged, cached=True), b"")
    with TrainerPool(bounds=TrainingLimits(), cache=tmp_path, keeps_states=True) as pool:
        training, state = pool.train_with_state(recipe, mnist, QUICK, seed=5)
        arrays = np.load(io.BytesIO(state), allow_pickle=False)
        assert arrays["w1_0"].shape == (784, 12)
        assert (training.test_accuracy, pool.trainings_run) == (judged.test_accuracy, 1)
        assert pool.train_with_state(recipe, mnist, QUICK, seed=5)[1] == state
        assert pool.trainings_run == 1
        platform = pool.platform_for(mnist)
    with TrainerPool(bounds=TrainingLimits(), cache=tmp_path, keeps_states=True, platform=platform) as later:
        assert later.train_with_state(recipe, mnist, QUICK, seed=5)[1] == state
        assert not later._idle  # no process was started for it


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced(mnist):
    """The first death costs nothing; a recipe that ends two workers is told to be the reason."""
    with TrainerPool(bounds=TrainingLimits(), cache=None) as pool:
        pool.train(dense_recipe(units=8), mnist, QUICK, seed=0)
        os.kill(pool._idle[0]._running.pid, signal.SIGKILL)
        assert pool.train(dense_recipe(units=9), mnist, QUICK, seed=0).outcome == "trained"


@pytest.mark.slow
def test_a_recipe_that_ends_two_workers_has_failed(mnist, monkeypatch):
    """A hang is a death: the wall clock ends the worker, and after the second one the recipe is to blame."""
    monkeypatch.setattr(worker_module, "_GRACE_SECONDS", 0.0)
    with TrainerPool(bounds=TrainingLimits(seconds=0), cache=None) as pool:
        training = pool.train(dense_recipe(units=7, epochs=500), mnist, FULL, seed=0)
    assert training.outcome == "failed"
    assert "ended twice" in words(training)


def test_a_python_without_keras_is_a_fault_of_the_machine(mnist, monkeypatch):
    """The message says what is missing and what to do."""
    bare = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if bare is None or not subprocess.run([bare, "-c", "import keras"], check=False, capture_output=True).returncode:
        pytest.skip("no second Python without Keras here")
    monkeypatch.setattr(sys, "executable", bare)
    with (
        TrainerPool(bounds=TrainingLimits(), cache=None) as pool,
        pytest.raises(TrainerError, match=r"(?s)pip install -e.*No module named 'keras'"),
    ):
        pool.train(dense_recipe(), mnist, QUICK, seed=0)


@needs_seal
def test_the_trainer_is_sealed_off(pool, mnist, tmp_path):
    """It runs without rights or network, sees its data sets and nothing else of this machine, and writes to memory only."""
    tmp_path.chmod(0o755)
    (tmp_path / "canary").write_text("canary")
    pool.train(dense_recipe(units=4, epochs=1), mnist, QUICK, seed=0)
    proc = Path(f"/proc/{pool._idle[0]._running.pid}")
    status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines() if ":" in line)
    assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip(), int(status["CapEff"], 16)) == ("1", "2", 0)
    assert (proc / "ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    assert {file.name for file in (proc / "root/data/0").iterdir()} == {
        file.name for file in Path(mnist.folder).iterdir()
    }
    assert not Path(f"{proc}/root{tmp_path}").exists()
    assert not Path(f"{proc}/root{Path(train_package.__file__).parent}").exists()
    writable = {fields[4]: fields[fields.index("-") + 1] for fields in map(str.split, (proc / "mountinfo").read_text().splitlines())
                if "rw" in fields[5].split(",")}  # fmt: skip
    assert set(writable.values()) <= {"tmpfs", "proc", "devtmpfs", "devpts", "mqueue"}, writable


@needs_seal
@pytest.mark.slow
def test_a_data_set_nobody_spoke_of_is_shown_to_a_new_process(mnist, binary):
    """A process sees the data sets it was started with; the next one sees the new one too."""
    with TrainerPool(bounds=TrainingLimits(), cache=None, datasets=[mnist]) as pool:
        assert pool.train(dense_recipe(units=8), mnist, QUICK, seed=0).outcome == "trained"
        first = pool._idle[0]
        config = sequential(inputs(20), dense(4, "tanh"), dense(1, "sigmoid"))
        assert pool.train(recipe_of(BINARY, model(config)), binary, QUICK, seed=0).outcome == "trained"
        assert pool._idle[0] is not first
        assert pool.train(dense_recipe(units=9), mnist, QUICK, seed=0).outcome == "trained"


@pytest.mark.slow
def test_the_thread_that_asked_first_may_end(mnist):
    """A sandbox ends with the thread that started it, so that is one of the pool's own."""
    with TrainerPool(bounds=TrainingLimits(), cache=None) as pool:
        thread = threading.Thread(target=lambda: pool.train(dense_recipe(units=8), mnist, QUICK, seed=0))
        thread.start()
        thread.join()
        time.sleep(0.5)
        assert pool._idle[0]._running.alive()


ALLOW_LISTS = """
import inspect, json
import keras
from grader.inside.trainer import kinds
from grader.recipe import table, values, wrapup
for mine, theirs in [
    (kinds.LAYERS, table.LAYERS), (kinds.OPTIMIZERS, wrapup.OPTIMIZERS), (kinds.LOSSES, wrapup.LOSSES),
    (kinds.CALLBACKS, wrapup.CALLBACKS), (kinds.PARTS["initializer"], table.INITIALIZERS),
    (kinds.PARTS["regularizer"], table.REGULARIZERS), (kinds.PARTS["constraint"], table.CONSTRAINTS),
    (kinds.PARTS["learning_rate"], wrapup.SCHEDULES),
]:
    assert set(mine) == set(theirs), set(mine) ^ set(theirs)
assert kinds.MERGING == table.MERGING
needed = dict(units=4, filters=4, kernel_size=3, target_shape=(-1,), dims=(1,), n=2, rate=.1, stddev=.1, scale=2,
              activation="relu", factor=.1, height_factor=.1, width_factor=.1, height=8, width=8, axes=1, pool_size=2)
for kind, cls in kinds.LAYERS.items():
    given = {p.name: needed[p.name] for p in inspect.signature(cls.__init__).parameters.values()
             if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"}
    def canonical(layer):
        raw = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
        return values.settings(raw["config"], table.LAYERS[kind])
    found = canonical(cls(**given))
    assert canonical(kinds.make(kinds.LAYERS, {"kind": kind, "config": found})) == found, kind
    for name, (_, default) in table.LAYERS[kind].items():
        assert name in given or default is values.REQUIRED or found[name] == default, (kind, name, default)
for kind, cls in kinds.OPTIMIZERS.items():
    found = values.settings(cls().get_config(), wrapup.OPTIMIZERS[kind])
    again = kinds.make(kinds.OPTIMIZERS, {"kind": kind, "config": found}).get_config()
    assert values.settings(again, wrapup.OPTIMIZERS[kind]) == found, kind
for part, own in (("initializer", table.INITIALIZERS), ("regularizer", table.REGULARIZERS), ("constraint", table.CONSTRAINTS)):
    for kind, cls in kinds.PARTS[part].items():
        raw = json.loads(json.dumps(keras.saving.serialize_keras_object(cls())))
        found = values.keras_object(f"keras.{part}s", own)(raw)
        assert found == {"kind": kind, "config": values.settings({}, own[kind])}, kind
asked = dict(rates=[.1])  # what a callback cannot be made without, in the recipe and in the class that plays it
for kind, own in wrapup.CALLBACKS.items():
    given = {name: asked[name] for name, (_, default) in own.items() if default is values.REQUIRED}
    kinds.make(kinds.CALLBACKS, {"kind": kind, "config": values.settings(given, own)})
    theirs = kinds.CALLBACKS[kind](**given)
    assert all(name in given or getattr(theirs, name) == default for name, (_, default) in own.items()), kind
for kind, own in wrapup.LOSSES.items():
    kinds.make(kinds.LOSSES, {"kind": kind, "config": values.settings({}, own)})
"""


@pytest.mark.slow
def test_both_sides_of_the_wall_know_the_same_kinds():
    """Every layer, optimizer, loss, ... of the host's tables can be made, and its defaults are this Keras's."""
    done = subprocess.run(
        [sys.executable, "-c", ALLOW_LISTS],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_epoch_is_told_as_it_ends(mnist):
    """Of a training alone, and of one that goes on from another: then the epochs of both are counted."""
    told = []
    first = dense_recipe(epochs=3)
    rows = mnist_rows(TRAIN_ROWS)
    config = sequential(inputs(784), dense(32, "relu"), dense(10, "softmax"))
    second = recipe_of(fitted(**rows, batch_size=32, epochs=2), model(config), first)
    with TrainerPool(bounds=TrainingLimits(), cache=None, on_epoch=told.append) as pool:
        pool.train(first, mnist, QUICK, seed=1)
        alone, told[:] = list(told), []
        pool.train(second, mnist, QUICK, seed=1)
    assert [(one.epoch, one.epochs) for one in alone] == [(1, 3), (2, 3), (3, 3)]
    assert [(one.epoch, one.epochs) for one in told] == [(number, 5) for number in range(1, 6)]
    assert {one.seed for one in told} == {1}
