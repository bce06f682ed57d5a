"""From one seed, the trainer makes of a recipe what plain Keras makes of the student's own lines."""

import json
import os
import subprocess
import sys

import pytest

from grader.datasets import DataStore
from tests.test_backends import BACKENDS

PLAIN = """
import json, math, sys, dataclasses
import keras, numpy as np, tensorflow as tf
from grader.inside.probe.channel import wire
from grader.inside.trainer.arrays import ArrayCache, shuffled
from grader.inside.trainer.training import train
from grader.recipe import recipe_of
from grader.records import CallbackFacts, TrainingLimits
from tests.recipes import fitted, mnist_rows, model as facts_of

folder = sys.argv[1]
rows = 3000
x = (np.load(f"{folder}/x_train.npy")[:rows].reshape(rows, 784) / 255).astype("float32")
y = np.load(f"{folder}/y_train.npy")[:rows]
L = keras.layers
FIT = fitted(**mnist_rows(rows), epochs=3, batch_size=50)

def plain(build, data=None, **more):
    keras.utils.set_random_seed(7)
    model = build()
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    given = {"x": x, "y": y, "batch_size": 50} if data is None else data
    return model, model.fit(**given, epochs=3, verbose=0, **more).history

pipeline = tf.data.Dataset.from_tensor_slices((x, y))
BARE = dataclasses.replace(FIT, shuffle=False)
def dealt(buffer, steps, size=50):
    # three epochs one after the other, each in the order that the trainer deals out
    orders = [shuffled(rows, buffer, 7 + epoch * 7_919)[:steps * size] for epoch in range(3)]
    assert len({tuple(order[:20]) for order in orders}) == 3
    order = np.concatenate(orders)
    one = tf.data.Dataset.from_tensor_slices((x[order], y[order])).batch(size)
    return {"x": one, "steps_per_epoch": steps}

def ours(model, fit, before=None):
    recipe = recipe_of(fit, facts_of(wire(model.get_config())), before)
    bounds = dataclasses.asdict(TrainingLimits())
    recipes = [dataclasses.asdict(one) for one in recipe.chain]
    request = {"recipes": recipes, "seed": 7, "steps": None, "folder": folder, "bounds": bounds}
    reply, state = train({**request, "state": True}, ArrayCache())
    if before is not None:  # the other way: from what the training before left
        _, left = train({**request, "recipes": recipes[:-1], "state": True}, ArrayCache())
        again, same = train({**request, "state": True}, ArrayCache(), left)
        assert np.allclose(again["history"]["loss"], reply["history"]["loss"], atol=2e-5)
        assert len(same) == len(state)
    return reply["history"]

def twice(again):
    model, _ = plain(stack)
    again(model)
    if keras.backend.backend() != "tensorflow":  # a model just compiled looks at a batch, which draws an order of rows
        model.compile(model.optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    keras.utils.set_random_seed(7 + 1_000_003)
    theirs = model.fit(x, y, epochs=2, batch_size=25, verbose=0).history
    return model, theirs, recipe_of(FIT, facts_of(wire(model.get_config())))

FOLLOWS = fitted(**mnist_rows(rows), epochs=2, batch_size=25, fresh=False, follows=0)
def at_rate(fit, rate):
    return dataclasses.replace(fit, compile=dataclasses.replace(fit.compile, optimizer_config={"learning_rate": rate}))
def compiled(model):
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
def slower(model):
    model.optimizer.learning_rate = 1e-4

def stack():
    return keras.Sequential([keras.Input((784,)), L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")])

def branches():
    i = keras.Input((784,))
    a = L.Dense(24, activation="relu")(i)
    b = L.Dense(24, activation="tanh")(i)
    r = L.Add()([a, b])
    j = L.Concatenate()([r, a])
    return keras.Model(i, L.Dense(10, activation="softmax")(j))

def schedule(epoch, rate):
    return rate * math.exp(-0.5) if epoch else rate
"""
CASES = {
    "a second fit": "model, theirs, first = twice(lambda model: None); mine = ours(model, FOLLOWS, first)",
    "a second fit at another rate": "model, theirs, first = twice(slower)\n"
    "mine = ours(model, at_rate(FOLLOWS, 1e-4), first)",
    "a second fit, compiled again": "model, theirs, first = twice(compiled)\n"
    "mine = ours(model, dataclasses.replace(FOLLOWS, recompiled=True), first)",
    "a stack": "model, theirs = plain(stack); mine = ours(model, FIT)",
    "branches": "model, theirs = plain(branches); mine = ours(model, FIT)",
    "a pipeline": "model, theirs = plain(stack, data=dict(x=pipeline.batch(50))); mine = ours(model, BARE)",
    "a pipeline without a short batch": "model, theirs = plain(stack, data=dict(x=pipeline.batch(64, drop_remainder=True)))\n"
    "mine = ours(model, fitted(**mnist_rows(46 * 64), epochs=3, batch_size=64, shuffle=False))",
    "a pipeline shuffled in a buffer": "model, theirs = plain(stack, data=dealt(100, 60))\n"
    "mine = ours(model, dataclasses.replace(BARE, shuffle=True, shuffle_buffer=100))",
    "a shuffled pipeline without a short batch": "model, theirs = plain(stack, data=dealt(3000, 46, 64))\n"
    "mine = ours(model, dataclasses.replace(BARE, shuffle=True, batch_size=64, drop_remainder=True))",
    "a schedule": "model, theirs = plain(stack, callbacks=[keras.callbacks.LearningRateScheduler(schedule)])\n"
    "rates = CallbackFacts(kind='LearningRateScheduler', config={'rates': theirs['learning_rate']})\n"
    "mine = ours(model, dataclasses.replace(FIT, callbacks=(rates,)))\n"
    "theirs.pop('learning_rate')",
}


ELSEWHERE = ("a stack", "a second fit at another rate", "a second fit, compiled again")
"""What is tried on other backends than TensorFlow."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "case"),
    [
        pytest.param(*backend.values, case, marks=backend.marks)
        for backend in BACKENDS
        for case in (CASES if "tensorflow" in backend.values else ELSEWHERE)
    ],
)
def test_one_seed_gives_one_history(backend, case):
    """Losses and accuracies of every epoch are the same numbers, on every backend also where a training goes on."""
    folder = DataStore().choose("mnist", "sample").folder
    code = f"{PLAIN}\n{CASES[case]}\nprint(json.dumps([theirs, mine]))"
    done = subprocess.run(
        [sys.executable, "-c", code, folder],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    theirs, mine = json.loads(done.stdout.splitlines()[-1])
    assert list(mine) == list(theirs)
    for name, values in theirs.items():
        assert mine[name] == pytest.approx(values, abs=2e-5), name
