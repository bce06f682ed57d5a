"""Configurations that would cost or do something if they were believed: each is left to a person, with the reason.

They come as a kernel would send them: lines of a trace.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import sys
import zlib

import pytest

from grader.candidates import candidates_of
from grader.measure import recipe_for
from grader.recipe import NotRebuildable
from grader.records import Ending, Execution, Profile, Recipe, TrainingLimits
from grader.trace import read_trace
from grader.train import TrainerPool
from tests.recipes import dense, fitted, inputs, keras_object, layer, model, sequential
from tests.test_train import mnist  # noqa: F401 - the fixture
from tests.timing import within

_LONGEST_SECONDS = 20
LOST = "nothing of it can be read"


def lines(config, **fit):
    """Return a model and its training as events, one JSON object a line."""
    events = [("model", dataclasses.asdict(model(config))), ("fit", dataclasses.asdict(fitted(**fit)))]
    return "\n".join(json.dumps({"event": event, **facts}) for event, facts in events) + "\n"


def stack(*layers):
    return sequential(inputs(784), *layers, dense(10, "softmax"))


def nested(depth):
    config = stack(dense(4))
    for number in range(depth):
        config = stack(keras_object("keras", "Sequential", **{**config, "name": f"n{number}"}))
    return config


def with_part(name, value):
    one = dense(8)
    one["config"][name] = value
    return stack(one)


def foreign(module, kind, **config):
    return stack({"module": module, "class_name": kind, "config": {"name": "x", **config}, "registered_name": None})


LAMBDA = {"class_name": "__lambda__", "config": {"value": ["4wAAAAA=", None, None]}}


def zipped():
    return base64.b64encode(zlib.compress(bytes(1 << 26))).decode()


BOMBS = {
    "a million layers": (lambda: lines(stack(*[{}] * 1_000_000)), LOST),
    "six thousand layers": (lambda: lines(stack(*[dense(2)] * 6_000)), "more layers than we rebuild"),
    "sixty models in each other": (lambda: lines(nested(12)), "nested|not one of Keras"),
    "a million brackets": (lambda: '{"event": "model", "config": ' + "[" * 1_000_000 + "\n", LOST),
    "not a number": (lambda: lines(stack(dense(8))).replace('"units": 8', '"units": NaN'), LOST),
    "more than any number": (lambda: lines(stack(dense(8))).replace('"units": 8', '"units": 1e999'), LOST),
    "digits without end": (lambda: lines(stack(dense(8))).replace('"units": 8', '"units": ' + "9" * 5_000), LOST),
    "a name of three megabytes": (lambda: lines(stack(dense(8, name="x" * (3 << 20)))), LOST),
    "a lambda": (lambda: lines(stack(layer("Lambda", function=LAMBDA))), "Lambda is not among"),
    "a lambda as activation": (lambda: lines(with_part("activation", LAMBDA)), "activation"),
    "an expression as initializer": (lambda: lines(with_part("kernel_initializer", keras_object("builtins", "eval", source="1"))), "kernel_initializer"),
    "a function of the system": (lambda: lines(foreign("os", "system", command="true")), "not one of Keras's own"),
    "a module that is not there": (lambda: lines(foreign("hostile_module", "Layer")), "not one of Keras's own"),
    "a class of the student's": (lambda: lines(stack({**dense(8), "module": None, "registered_name": "Custom>Dense"})), "not one of Keras's own"),
    "a model from a file": (lambda: lines(stack(layer("TFSMLayer", filepath="/etc", call_endpoint="x"))), "not among"),
    "a pickled module": (lambda: lines(stack(layer("TorchModuleWrapper", code="gASVAA=="))), "not among"),
    "a vocabulary from a file": (lambda: lines(stack(layer("StringLookup", vocabulary="/etc/passwd"))), "not among"),
    "a dictionary as units": (lambda: lines(stack(dense({"class_name": "Dense"}))), "units"),
    "units below nothing": (lambda: lines(stack(dense(-5))), "units"),
    "units like the sea": (lambda: lines(stack(dense(10**9))), "units|parameters"),
    "a kernel larger than the world": (lambda: lines(stack(layer("Conv1D", filters=10**9, kernel_size=[10**9]))), "filters|kernel_size|shape"),
    "repeats without end": (lambda: lines(stack(layer("RepeatVector", n=10**9))), "MB|n of|could not be trained|RepeatVector"),
    "images larger than memory": (lambda: lines(stack(layer("Reshape", target_shape=[28, 28, 1]), layer("UpSampling2D", size=[10**4, 10**4], data_format="channels_last", interpolation="nearest"), layer("Flatten", data_format="channels_last"))),
        "MB|parameters|size|could not be trained|UpSampling2D"),
    "a square of weights": (lambda: lines(stack(dense(10**5), dense(10**5))), "parameters"),
    "epochs without end": (lambda: lines(stack(dense(8)), epochs=10**12), "epochs|steps"),
    "no rows in a batch": (lambda: lines(stack(dense(8)), batch_size=0), "batch"),
    "a batch beyond memory": (lambda: lines(stack(dense(10**4)), batch_size=10**9), "batch|MB"),
    "rows that unpack for ever": (lambda: lines(stack(dense(8)), x={"rows": {"count": 60_000, "packed": zipped(), "ranges": None}}).replace('"ranges": null, ', ""),
        "rows|training data"),
    "an optimizer of the student's": (lambda: lines(stack(dense(8)), compiled={"optimizer": "os.system"}), "optimizer"),
    "a learning rate from a module": (lambda: lines(stack(dense(8)), compiled={"optimizer_config": {"learning_rate": keras_object("os", "system", command="true")}}),
        "learning_rate|optimizer"),
}  # fmt: skip
"""What a kernel may claim, and what the reason must say."""


def outcome(text, folder) -> Recipe | str:
    """Read a trace as grading does; gives the recipe that would be trained, or why there is none."""
    path = folder / "trace.jsonl"
    path.write_text(text, encoding="utf-8")
    execution = Execution(notebook="a.ipynb", ending=Ending.COMPLETED, trace=read_trace(path))
    trained = [one for one in candidates_of([execution]) if one.fit is not None]
    if not trained:
        return LOST
    try:
        return recipe_for(trained[0], [execution])
    except NotRebuildable as refusal:
        return refusal.reason.text.format(**refusal.reason.values)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_no_recipe_or_one_that_the_trainer_measures(name, tmp_path):
    """It is read in bounded time, imports nothing that it names, and ends in a reason or in plain numbers."""
    write, words = BOMBS[name]
    text = write()
    modules = set(sys.modules)
    with within(_LONGEST_SECONDS):
        found = outcome(text, tmp_path)
    assert not {"hostile_module", "keras", "tensorflow"} & (set(sys.modules) - modules)
    assert isinstance(found, Recipe) or any(word in found for word in words.split("|")), found


@pytest.mark.slow
def test_what_gets_as_far_as_the_trainer_is_refused_there(mnist, tmp_path):  # noqa: F811
    """Bounds on parameters, memory and steps hold before anything is allocated, and the reason has the figures."""
    recipes = {name: (found, words) for name, (write, words) in BOMBS.items()
               if isinstance(found := outcome(write(), tmp_path), Recipe)}  # fmt: skip
    with TrainerPool(bounds=TrainingLimits(), cache=None, datasets=[mnist]) as pool:
        for name, (recipe, words) in recipes.items():
            training = pool.train(recipe, mnist, Profile(name="full"), seed=1)
            reason = training.reason.text.format(**training.reason.values)
            assert training.outcome in {"refused", "failed"}, name
            assert any(word in reason for word in words.split("|")), (name, reason)
            assert training.seconds < _LONGEST_SECONDS
