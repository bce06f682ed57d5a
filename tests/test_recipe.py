"""Traced fits as recipes: what is the same gets one digest, what we cannot repeat gets a reason."""

import base64
import contextlib
import dataclasses
import random
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.recipe import NotRebuildable, recipe_of
from grader.records import CallbackFacts, RowFacts
from tests.recipes import (
    BINARY,
    COMPILED,
    EXAMPLE2,
    FIT,
    LABELS,
    MNIST,
    chain,
    conv,
    dense,
    fitted,
    functional,
    inputs,
    keras_object,
    layer,
    mnist_rows,
    model,
    sequential,
    wired,
)
from tests.timing import within


def digest(fit=FIT, config=EXAMPLE2, api=None):
    return recipe_of(fit, model(config, api)).digest


def reason(fit=FIT, config=EXAMPLE2, **facts):
    with pytest.raises(NotRebuildable) as refused:
        recipe_of(fit, model(config, **facts))
    message = refused.value.reason
    return message.text.format_map(message.values)


def shuffled_keys(value, rng):
    if isinstance(value, dict):
        items = [(key, shuffled_keys(item, rng)) for key, item in value.items()]
        rng.shuffle(items)
        return dict(items)
    return [shuffled_keys(item, rng) for item in value] if isinstance(value, list) else value


names = st.text(alphabet="abc_1", min_size=1, max_size=8)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(names, names, st.none() | st.integers(), st.randoms(use_true_random=False))
def test_names_seeds_and_the_order_of_keys_do_not_matter(first, second, seed, rng):
    """Students who call their layers otherwise share one training."""
    config = sequential(inputs(784, name=first), dense(512, "relu", first, seed), dense(10, "softmax", second, seed))
    assert digest(config=shuffled_keys(config, rng)) == digest()


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(1, 2000), st.sampled_from(["relu", "tanh", "sigmoid"]), st.integers(1, 500), st.integers(1, 99))
def test_what_is_trained_decides_the_digest(units, activation, batch_size, epochs):
    """Units, activation, batch size and epochs change the digest exactly when they differ."""
    config = sequential(inputs(784), dense(units, activation), dense(10, "softmax"))
    same = (units, activation, batch_size, epochs) == (512, "relu", 128, 5)
    assert (digest(fitted(batch_size=batch_size, epochs=epochs), config) == digest()) is same


@pytest.mark.parametrize(
    "change",
    [
        {"compiled": {"optimizer": "Adam", "optimizer_config": {"learning_rate": 0.001}}},
        {"compiled": {"optimizer_config": {"learning_rate": 0.002}}},
        {"compiled": {"optimizer_config": {"learning_rate": 0.001, "momentum": 0.9}}},
        {"compiled": {"loss": "mean_squared_error"}},
        {"compiled": {"loss_config": {"from_logits": True}}},
        {"initial_epoch": 1},
        {"shuffle": False},
        {"validation_split": 0.1},
        {"class_weight": {"0": 2.0}},
        {"steps_per_epoch": 10},
        {"x": {"scale": 1.0}},
        {"x": {"transform": "centred"}},
        {"x": {"shift": -0.5}},
        {"x": {"split": "test"}},
        {"x": {"rows": RowFacts(count=60000, ranges=((30000, 60000), (0, 30000)))}},
        mnist_rows(50000),
        {"y": {"encoding": "column", "shape": (60000, 1)}},
        {"callbacks": (CallbackFacts(kind="TerminateOnNaN"),)},
    ],
)
def test_other_trainings_have_other_digests(change):
    """Whatever changes the training changes the digest."""
    assert digest(fitted(**change)) != digest()


@pytest.mark.parametrize(
    "change",
    [
        {"compiled": {"optimizer_config": {"learning_rate": 0.001}}},
        {"compiled": {"optimizer_config": {"learning_rate": 0.001, "decay": 1e-6, "jit_compile": True}}},
        {"compiled": {"metrics": ("acc", "auc")}},
        {"compiled": {"loss_config": {"from_logits": False}}},
        {"x": {"scale": 1 / 255}},
        {"x": {"scale": 0.00392156}},
        {"x": {"shift": 1e-9}},
        {"x": {"dtype": "float64"}},
        {"x": {"rows": RowFacts(count=60000, ranges=((0, 9), (9, 60000)))}},
        {"steps_per_epoch": 469},
        {"callbacks": (CallbackFacts(kind="ModelCheckpoint", config={"filepath": "x.h5"}),)},
        {"callbacks": (CallbackFacts(kind="EarlyStopping", config={"monitor": "val_loss"}),)},
        {"cell": 9, "seconds": 3.0, "history": {"loss": (0.1,)}},
    ],
)
def test_what_makes_no_difference_does_not_enter(change):
    """Two spellings of one training share it."""
    assert digest(fitted(**change)) == digest()


def test_sequential_and_functional_spellings_are_one():
    """A plain stack has the same digest however it was written, also with a dead branch beside it."""
    stack = (inputs(784), dense(512, "relu", "a"), dense(10, "softmax", "b"))
    assert digest(config=chain(*stack)) == digest()
    dead = wired(dense(3, name="dead"), "a")
    assert digest(config=functional(*chain(*stack)["layers"], dead, last="b")) == digest()


def test_nested_models_are_opened():
    """A model inside a model counts as its layers, Sequential or functional."""
    inner = keras_object("keras", "Sequential", **sequential(inputs(784), dense(512, "relu")))
    assert digest(config=sequential(inputs(784), inner, dense(10, "softmax"))) == digest()
    block = chain(inputs(784, name="i"), dense(512, "relu", "a")) | {"input_layers": ["i", 0, 0], "name": "block"}
    nested = {
        **keras_object("keras.src.models.functional", "Functional", **block),
        "registered_name": "Functional",
    }
    outer = functional(
        wired(inputs(784)), wired(nested, "input_layer", mask=None), wired(dense(10, "softmax", "b"), ("block", 1))
    )
    assert digest(config=outer) == digest()


def test_a_dropout_is_the_same_in_both_spellings():
    """Functional configs write the default of its argument ``training``, which ``fit`` sets anyway."""
    dropout = layer("Dropout", rate=0.5, seed=None, noise_shape=None)
    last = wired(dense(10, "softmax", "b"), "dropout")
    one = functional(wired(inputs(784)), wired(dropout, "input_layer", training=False), last)
    assert digest(config=one) == digest(config=sequential(inputs(784), dropout, dense(10, "softmax")))


SECOND = {"fit": 1, "fresh": False, "follows": 0}


@pytest.mark.parametrize(
    ("first", "second", "network", "words"),
    [
        ({}, {}, sequential(inputs(784), dense(9, "softmax")), "another one than"),
        ({}, {"compiled": {"optimizer": "SGD", "optimizer_config": {}}}, EXAMPLE2, "the optimizer is another one"),
        (
            {"callbacks": (CallbackFacts(kind="ReduceLROnPlateau", config={"monitor": "loss"}),)},
            {},
            EXAMPLE2,
            "lowered",
        ),
    ],
)
def test_a_second_training_that_does_not_follow_from_the_first_says_why(first, second, network, words):
    """The network is the same, the optimizer too, and its learning rate does not depend on how well the first went."""
    before = recipe_of(fitted(**first), model(EXAMPLE2))
    with pytest.raises(NotRebuildable) as refused:
        recipe_of(fitted(**SECOND, **second), model(network), before)
    assert words in str(refused.value)


def test_a_second_training_holds_the_first():
    """Its digest is that of all trainings one after the other; a new optimizer makes it another one."""
    first, other = (recipe_of(fitted(epochs=epochs), model(EXAMPLE2)) for epochs in (5, 6))
    digests = [recipe_of(fitted(**SECOND), model(EXAMPLE2), before).digest for before in (first, other)]
    digests += [recipe_of(fitted(**SECOND, recompiled=True), model(EXAMPLE2), first).digest, first.digest, other.digest]
    assert len(set(digests)) == 5


def test_branches_do_not_depend_on_the_order_of_definition():
    """The same graph listed in another order is the same graph."""
    start, left, right = (
        wired(inputs(784)),
        wired(dense(5, name="l"), "input_layer"),
        wired(dense(6, name="r"), "input_layer"),
    )
    join = wired(layer("Concatenate", "c", axis=-1), "l", "r")
    one, two = functional(start, left, right, join), functional(start, right, left, join)
    assert digest(config=one) == digest(config=two)
    nodes = recipe_of(FIT, model(one)).layers
    assert [(node["kind"], node["inputs"]) for node in nodes] == [
        ("InputLayer", []),
        ("Dense", [0]),
        ("Dense", [0]),
        ("Concatenate", [1, 2]),
    ]


def test_the_recipe_of_example_two_reads_as_the_workbook_writes_it():
    """A recipe is plain JSON in the documented form."""
    recipe = recipe_of(fitted(epochs=5), model(EXAMPLE2))
    assert recipe.layers[0] == {"kind": "InputLayer", "config": {"shape": [784]}, "inputs": []}
    assert recipe.layers[1]["config"]["units"] == 512
    assert recipe.optimizer["config"]["learning_rate"] == 0.001
    assert recipe.loss == {
        "kind": "sparse_categorical_crossentropy",
        "config": {"from_logits": False, "ignore_class": None, "axis": -1},
    }
    assert recipe.data == {
        "dataset": "mnist",
        "split": "train",
        "rows": {"count": 60000, "ranges": [[0, 60000]]},
        "scale": 0.003921569,
        "shift": 0.0,
        "shape": [784],
        "dtype": "float32",
        "labels": "integer",
        "num_classes": None,
    }
    assert recipe.fit["validation"] is None
    assert recipe.fit["callbacks"] == []


def test_a_missing_last_axis_follows_the_model():
    """Keras adds a last axis of length one by itself, so rows of (28, 28) fit an input of (28, 28, 1)."""
    config = sequential(inputs(28, 28, 1), conv(4), layer("Flatten", data_format="channels_last"), dense(10))
    given_ = recipe_of(fitted(**mnist_rows(60000, (28, 28, 1))), model(config))
    left_out = recipe_of(fitted(**mnist_rows(60000, (28, 28))), model(config))
    assert left_out.data["shape"] == [28, 28, 1]
    assert given_.digest == left_out.digest


def test_a_schedule_is_kept():
    """A learning-rate schedule enters with its numbers."""
    numbers = {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9, "name": "ExponentialDecay"}
    schedule = {"class_name": "ExponentialDecay", "config": numbers}
    recipe = recipe_of(fitted(compiled={"optimizer_config": {"learning_rate": schedule}}), model(EXAMPLE2))
    assert recipe.optimizer["config"]["learning_rate"]["config"]["decay_steps"] == 10


def test_early_stopping_is_kept_where_it_has_something_to_watch():
    """A callback that changes the training is part of it."""
    stop = CallbackFacts(kind="EarlyStopping", config={"monitor": "val_acc", "min_delta": -0.1, "verbose": 1})
    callbacks = recipe_of(fitted(callbacks=(stop,), validation_split=0.2), model(EXAMPLE2)).fit["callbacks"]
    assert callbacks[0]["config"]["monitor"] == "val_accuracy"
    assert callbacks[0]["config"]["min_delta"] == 0.1


def test_shuffled_rows_survive_packing_and_are_spelled_once():
    """Row numbers come back as they were; how well the probe compressed them does not matter."""
    numbers = np.random.default_rng(0).permutation(60000).astype("<u4")
    packed = [base64.b64encode(zlib.compress(numbers.tobytes(), level)).decode() for level in (1, 9)]
    one, two = (recipe_of(fitted(x={"rows": RowFacts(count=60000, packed=text)}), model(EXAMPLE2)) for text in packed)
    assert one.digest == two.digest
    again = np.frombuffer(zlib.decompress(base64.b64decode(one.data["rows"]["packed"])), "<u4")
    assert (again == numbers).all()


def test_random_data_of_task_one_needs_no_rows():
    """The synthetic data set is taken by its number of rows."""
    config = sequential(inputs(20), dense(128, "tanh"), dense(1, "softmax"))
    data = recipe_of(BINARY, model(config)).data
    assert (data["dataset"], data["rows"], data["labels"]) == ("binary20", {"count": 1000}, "column")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fresh": False, "not_fresh_because": "load_weights"}, "fresh weights: load_weights"),
        ({"sample_weight": True}, "weighs its rows"),
        ({"completed": False, "error": "ValueError: no"}, "ValueError: no"),
        ({"batch_size": None}, "batch size"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": 10**9}, "epochs"),
        ({"validation_split": float("nan")}, "validation split"),
        ({"x": {"dataset": "", "why": "a tf.data pipeline"}}, "a tf.data pipeline"),
        ({"x": {"split": "mixed", "rows": None, "train_rows": 9, "test_rows": 3}}, "mixes training rows (9)"),
        ({"x": {"unknown_rows": 5}}, "not the data set's: 5"),
        ({"x": {"scale": float("inf")}}, "scaling"),
        ({"x": {"transform": "whitened"}}, "scaling"),
        ({"x": {"dtype": "complex64"}}, "complex64"),
        ({"x": {"shape": (60000, 783)}}, "783"),
        ({"x": {"rows": RowFacts(count=60000, ranges=((0, 50),))}}, "does not add up"),
        ({"x": {"rows": RowFacts(count=60000, packed="AAAA")}}, "does not add up"),
        ({"y": {"agree": 0.5}}, "labels are not the data set's: 50.0%"),
        ({"y": {"agree": None}}, "could not be compared"),
        ({"y": {"encoding": "other"}}, "labels"),
        ({"compiled": {"optimizer_custom": True}}, "RMSprop"),
        ({"compiled": {"optimizer": "Muon"}}, "Muon"),
        ({"compiled": {"optimizer_config": {"learning_rate": float("nan")}}}, "learning_rate"),
        ({"compiled": {"loss": "my_loss", "loss_custom": True}}, "my_loss"),
        ({"compiled": {"loss_config": {"reduction": "sum"}}}, "reduction"),
        ({"callbacks": (CallbackFacts(kind="Mine", custom=True),)}, "Mine"),
        ({"callbacks": (CallbackFacts(kind="LearningRateScheduler"),)}, "learning rates of the epochs"),
        (
            {"callbacks": (CallbackFacts(kind="LearningRateScheduler", config={"rates": [0.1]}),)},
            "learning rates of the",
        ),
        ({"class_weight": {"cat": 1.0}}, "class weights"),
    ],
)
def test_a_fit_we_cannot_repeat_says_why(change, words):
    """The reason names what stands in the way."""
    assert words in reason(fitted(**change))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (sequential(inputs(784), keras_object("keras.layers", "Lambda", function={})), "Lambda"),
        (sequential(inputs(784), keras_object("__main__", "Mine", units=3)), "Mine is not one of Keras's own"),
        (sequential(inputs(784), {**dense(3), "registered_name": "Mine>Dense"}), "Dense is not one of Keras's own"),
        (sequential(inputs(784), dense(10**9)), "units of the layer Dense"),
        (sequential(inputs(784), dense(float("nan"))), "units"),
        (sequential(inputs(784), dense(True)), "units"),
        (sequential(inputs(784), dense(3, "x" * 10**6)), "activation"),
        (sequential(inputs(784), dense(3, {"class_name": "function", "config": "os.system"})), "activation"),
        (sequential(inputs(784), layer("Dense", units=3, brand_new=2)), "brand_new"),
        (sequential(inputs(784), layer("Flatten", data_format="channels_first")), "data_format"),
        (sequential(inputs(784), {**dense(3), "config": {"units": 3, "dtype": "float16"}}), "float32"),
        (sequential(inputs(32, 32, 3), dense(3)), "(32, 32, 3)"),
        (sequential(inputs(784)), "no layers"),
        (sequential(inputs(784), *[dense(1)] * 2000), "at most 1000"),
        (sequential(inputs(784), *[dense(1)] * 10_000), "at most 1000"),
        ({"layers": [None]}, "not one of Keras's"),
        ({"layers": [{"class_name": "Dense", "config": 3, "module": "keras.layers"}]}, "not one of Keras's"),
        ({}, "not one of Keras's"),
        (functional(wired(inputs(784)), wired(dense(3, name="d"), "elsewhere")), "from outside the model"),
        (functional(wired(inputs(784)), wired(dense(3, name="d"), "d")), "from outside the model"),
        (functional(wired(inputs(784)), wired(dense(3, name="d"), "input_layer", training=True)), "training"),
        (functional(wired(inputs(784)), last="nowhere"), "not one of Keras's"),
        ({**functional(wired(inputs(784))), "output_layers": [["a", 0, 0], ["b", 0, 0]]}, "several outputs"),
    ],
)
def test_a_model_we_cannot_rebuild_says_why(config, words):
    """Bombs, strangers and nonsense end in a reason, quickly."""
    with within(2):
        text = reason(config=config)
    assert words in text
    assert len(text) < 300


def test_a_layer_used_twice_is_refused():
    """Shared weights are not part of a recipe."""
    shared = wired(dense(784, name="d"), "input_layer")
    shared["inbound_nodes"] += wired(dense(784, name="d"), "d")["inbound_nodes"]
    assert "more than once" in reason(config=functional(wired(inputs(784)), shared, last="d", node=1))


def test_a_layer_without_weights_is_as_many_layers_as_it_has_calls():
    """One pooling called twice, a Dropout too, is the network with two of each, also when listed as Keras does."""

    def stack(pools, drops):
        pooling = {"pool_size": [2, 2], "strides": [2, 2], "padding": "same", "data_format": "channels_last"}
        steps = [*(("Pool", one) for one in pools), *(("Drop", one) for one in drops)]
        made = {
            name: layer(
                "MaxPooling2D" if kind == "Pool" else "Dropout", name, **(pooling if kind == "Pool" else {"rate": 0.1})
            )
            for kind, name in steps
        }
        convs = [conv(4, f"c{number}") for number in range(4)]
        listed, source = {"input_layer": wired(inputs(28, 28, 1))}, ("input_layer", 0)
        for one, (_, name) in zip(convs, steps, strict=True):
            own = one["config"]["name"]
            listed[own] = wired(one, source)
            again = wired(made[name], own)
            if name in listed:
                listed[name]["inbound_nodes"] += again["inbound_nodes"]
            listed.setdefault(name, again)
            source = (name, len(listed[name]["inbound_nodes"]) - 1)
        return functional(*listed.values(), last=source[0], node=source[1])

    fit = fitted(**mnist_rows(60000, (28, 28, 1)))
    one, two = stack(["p", "p"], ["d", "d"]), stack(["p", "q"], ["d", "e"])
    assert digest(fit, one) == digest(fit, two)
    assert [node["kind"] for node in recipe_of(fit, model(one)).layers].count("MaxPooling2D") == 2


def test_models_nested_without_end_are_refused():
    """Depth is bounded."""
    config = sequential(dense(3))
    for _ in range(300):
        config = sequential(keras_object("keras", "Sequential", **config))
    assert "nested" in reason(config=config)


def test_a_model_without_a_config_gives_the_probes_reason():
    """What the probe could not carry is told in its words."""
    assert "a custom train_step" in reason(config=None, api="subclassed", unportable="a custom train_step")


def test_frozen_layers_are_part_of_the_recipe():
    """A layer that does not learn makes another training."""
    frozen = dense(512, "relu")
    frozen["config"]["trainable"] = False
    assert digest(config=sequential(inputs(784), frozen, dense(10, "softmax"))) != digest()


def test_test_rows_as_validation_data_are_kept():
    """Validation on recognised data is repeated, on other data it is left out unless a callback watches it."""
    shape = {"shape": (10000, 784), "split": "test", "rows": RowFacts(count=10000, ranges=((0, 10000),))}
    known = dataclasses.replace(MNIST, train_rows=0, test_rows=10000, **shape)
    labels = dataclasses.replace(LABELS, shape=(10000,))
    fit = fitted(validation_x=known, validation_y=labels)
    assert recipe_of(fit, model(EXAMPLE2)).fit["validation"]["split"] == "test"
    unknown = fitted(validation_x=dataclasses.replace(known, dataset=""), validation_y=labels)
    assert recipe_of(unknown, model(EXAMPLE2)).fit["validation"] is None
    watched = dataclasses.replace(unknown, callbacks=(CallbackFacts(kind="EarlyStopping"),))
    assert "watches validation data" in reason(watched)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, 2**32), json_values, st.sampled_from(["sequential", "functional"]))
def test_any_vandalised_config_is_a_recipe_or_a_reason(seed, value, api):
    """Replacing any one value of a config by anything never ends in another exception."""
    rng = random.Random(seed)
    config = chain(inputs(784), conv(3, "a"), dense(10, "softmax", "b")) if api == "functional" else EXAMPLE2
    config = shuffled_keys(config, rng)
    here = config
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        key = rng.choice(keys)
        if rng.random() < 0.3 or not isinstance(here[key], dict | list) or not here[key]:
            here[key] = value
            break
        here = here[key]
    with contextlib.suppress(NotRebuildable):
        recipe_of(FIT, model(config, api))


def test_compile_facts_of_other_optimizers_are_taken():
    """The example of task 4 is a recipe: SGD with an ignored decay."""
    config = {"learning_rate": 0.01, "decay": 1e-6, "momentum": 0.9, "nesterov": True}
    compiled = dataclasses.replace(COMPILED, optimizer="SGD", optimizer_config=config)
    recipe = recipe_of(dataclasses.replace(FIT, compile=compiled), model(EXAMPLE2))
    assert recipe.optimizer["config"]["momentum"] == 0.9
