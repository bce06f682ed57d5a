"""Subclassed models, described by what their ``call`` does where that is all it does."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from grader.recipe import NotRebuildable, recipe_of
from grader.recipe.graph import network_of
from tests.recipes import FIT, chain, dense, inputs
from tests.recipes import model as described

pytestmark = pytest.mark.xdist_group("subclassed models")  # what they look at is made once, in one process

CODE = """
import io, json, sys
import numpy as np, keras, tensorflow as tf
from keras import layers
from grader.inside.probe.describe import model_facts
x, y = np.random.rand(64, 12, 12, 1).astype("float32"), np.random.randint(0, 10, 64)
class Base(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.pool, self.flat = layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(2), layers.Flatten()
        self.drop, self.out, self.spare = layers.Dropout(0.3), layers.Dense(10, activation="softmax"), layers.Conv2D(9, 3)
class Plain(Base):
    def call(self, x):
        print("called")
        return self.out(self.flat(self.pool(self.conv(x))))
class Told(Base):
    def call(self, x, training=False):
        return self.out(self.drop(self.flat(self.conv(x)), training=training))
class Nested(Base):
    def __init__(self):
        super().__init__()
        self.head = keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])
    def call(self, x): return self.head(self.pool(self.conv(x)))
class Branches(Base):
    def call(self, x, training=False):
        x = self.flat(self.conv(x))
        return self.out(self.drop(x) if training else x)
class Twice(Base):
    def call(self, x): return self.out(self.flat(self.conv(x) * 2))
class Looks(Base):
    def call(self, x): return self.out(self.flat(self.conv(x * float(np.asarray(x.shape[1:]).sum() > 0 and x[0, 0, 0, 0] > 2))))
class Again(Base):
    def call(self, x): return self.out(self.flat(self.pool(self.conv(self.pool(x)))))
class Functions(Base):
    def call(self, x): return keras.activations.softmax(self.out(keras.activations.relu(self.flat(self.conv(x)))))
class Foreign(Base):
    def call(self, x): return tf.nn.softmax(self.out(self.flat(self.pool(self.conv(x)))))
class Steps(Plain):
    def train_step(self, data): return super().train_step(data)
found = {}
for kind in Plain, Told, Nested, Branches, Twice, Looks, Steps, Again, Functions, Foreign:
    model = kind()
    model.compile("adam", "sparse_categorical_crossentropy")
    try: model.fit(x, y, verbose=0)
    except Exception: model.built = True
    nodes = lambda: [len(one._inbound_nodes) + len(one._outbound_nodes) for one in model._flatten_layers()]
    before, known, said = [v.copy() for v in model.get_weights()], nodes(), io.StringIO()
    sys.stdout, real = said, sys.stdout
    facts = model_facts(model, (12, 12, 1))
    sys.stdout = real
    same = all((a == b).all() for a, b in zip(before, model.get_weights()))
    found[kind.__name__] = {"facts": facts, "untouched": same and nodes() == known and not said.getvalue()}
for name, act in ("Graph", keras.activations.softmax), ("Odd", lambda x: keras.activations.softmax(x * 2)), ("Slope", lambda x: keras.activations.relu(x, negative_slope=0.1)):
    i, pool = keras.Input((12, 12, 1)), layers.MaxPooling2D(2)
    found[name] = {"facts": model_facts(keras.Model(i, act(layers.Dense(10)(layers.Flatten()(pool(layers.Conv2D(4, 3)(pool(i)))))))), "untouched": True}
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def found():
    """What the probe says of each model after a fit."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=300, check=False)
    assert "FOUND" in done.stdout, done.stderr
    return json.loads(done.stdout.split("FOUND")[1])


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("Plain", ["Conv2D", "MaxPooling2D", "Flatten", "Dense"]),
        ("Told", ["Conv2D", "Flatten", "Dropout", "Dense"]),
        ("Nested", ["Conv2D", "MaxPooling2D", "Flatten", "Dense"]),
        ("Again", ["MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten", "Dense"]),
    ],
)
def test_a_call_that_passes_its_input_on_is_a_network_like_any_other(found, name, layers):
    """It has the layers it calls and no others, with their shapes, and can be built again."""
    facts = found[name]["facts"]
    assert [layer["kind"] for layer in facts["layers"]] == layers
    assert (facts["api"], facts["unportable"], facts["output_shape"]) == ("subclassed", "", [None, 10])
    network = network_of(facts["config"], "subclassed", (12, 12, 1))
    assert ([node["kind"] for node in network.nodes], network.shape) == (["InputLayer", *layers], (12, 12, 1))


@pytest.mark.parametrize("name", ["Branches", "Twice", "Looks", "Steps"])
def test_a_call_that_does_more_is_left_as_it_is(found, name):
    """Other layers in training, arithmetic, values looked at, steps of its own: nobody builds that again."""
    facts = found[name]["facts"]
    assert (facts["api"], facts["config"], facts["unportable"]) == ("subclassed", None, "subclassed")


@pytest.mark.parametrize("name", ["Again", "Graph"])
def test_a_pooling_called_twice_is_two_poolings(found, name):
    """Each has the shape of its own call, and together they have no more parameters."""
    facts = found[name]["facts"]
    assert [one["output_shape"] for one in facts["layers"] if one["kind"] == "MaxPooling2D"] == [
        [None, 6, 6, 1],
        [None, 2, 2, 4],
    ]
    assert facts["num_params"] == sum(one["num_params"] for one in facts["layers"]) == 40 + 170


@pytest.mark.parametrize(
    ("name", "activations", "unseen"),
    [
        ("Functions", ["relu", "softmax"], []),
        ("Graph", ["softmax"], []),
        ("Odd", ["softmax"], ["Multiply"]),
        ("Slope", [], ["ReLU"]),
        ("Foreign", [], ["call"]),
        ("Plain", [], []),
    ],
)
def test_an_activation_between_layers_is_seen_or_said_to_be_unseen(found, name, activations, unseen):
    """Keras's own, as they are without settings, stand among the layers; of all else it is said that it is there."""
    facts = found[name]["facts"]
    assert [one["config"]["activation"] for one in facts["layers"] if one["kind"] == "Activation"] == activations
    assert facts["unseen"] == unseen


def test_what_is_never_called_is_no_layer(found):
    """A convolution that waits in an attribute is not counted, whether or not the rest can be built again."""
    assert not any(layer["config"].get("filters") == 9 for one in found.values() for layer in one["facts"]["layers"])


def test_the_students_model_is_untouched(found):
    """Weights are as they were, no layer remembers a call, and a print in ``call`` stays unheard."""
    assert all(one["untouched"] for one in found.values())


def test_a_subclassed_spelling_shares_the_recipe_of_a_functional_one():
    """The same layers, written as a subclass or as a graph, are one training; without a twin there is no recipe."""
    graph = chain(inputs(784), dense(512, "relu", "a"), dense(10, "softmax", "b"))
    as_graph = described(graph, "functional")
    as_class = replace(as_graph, api="subclassed")
    assert recipe_of(FIT, as_class).digest == recipe_of(FIT, as_graph).digest
    with pytest.raises(NotRebuildable):
        recipe_of(FIT, replace(as_class, config=None, unportable="subclassed"))
