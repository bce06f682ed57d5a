"""Pipelines of ``tf.data`` are read: rows, order and batches; what cannot be told is said."""

import json

import pytest

from grader.inside.reasons import Reason
from tests.probing import make_data, run

pytestmark = pytest.mark.xdist_group("pipelines")  # what they look at is made once, in one process

SCRIPT = """
import json
import numpy as np, tensorflow as tf
from grader.inside.probe.batches import look_at
from grader.inside.probe.batching import order_of
from grader.inside.probe.stored import stored_datasets
from grader.inside.probe.recognise import Recogniser

data = Path({data!r})
recogniser = Recogniser(stored_datasets(data))
u, y = np.load(data / "mnist/x_train.npy"), np.load(data / "mnist/y_train.npy")
x = (u / 255).astype("float32")
D = tf.data.Dataset
rows = D.from_tensor_slices((x, y))
raw = D.from_tensor_slices((u, y))
normal = lambda i, l: (tf.cast(i, tf.float32) / 255.0, l)

def told(made, epochs=2, steps=None):
    batch = look_at(recogniser, made, None)
    facts = {{**batch.facts, **order_of({{"epochs": epochs, "steps_per_epoch": steps}}, batch.rows, batch.batching)}}
    facts["labels"] = batch.labels and [batch.labels["encoding"], batch.labels.get("agree")]
    facts["size"] = batch.batching and batch.batching.size
    return facts

found = {{}}
for name, (made, *more) in eval({cases!r}).items():
    found[name] = told(made, *more)
print(json.dumps(found, default=float))
"""

SAME = {
    "plain": "rows.batch(64)",
    "the tutorial's": "rows.shuffle(300).batch(64)",
    "a buffer larger than the data": "rows.shuffle(10_000).batch(64)",
    "a buffer of unknown size": "rows.shuffle(rows.cardinality()).batch(64)",
    "with everything around": "rows.cache().shuffle(300, seed=3).batch(64).prefetch(tf.data.AUTOTUNE)"
    ".with_options(tf.data.Options())",
    "zipped": "D.zip((D.from_tensor_slices(x), D.from_tensor_slices(y))).shuffle(300).batch(64)",
    "shuffled twice": "rows.shuffle(20).shuffle(300).batch(64)",
    "in parallel": "rows.shuffle(300).batch(64, num_parallel_calls=2)",
}
MAPPED = {
    "row by row": "raw.map(normal).shuffle(300).batch(64)",
    "in parallel": "raw.map(normal, num_parallel_calls=tf.data.AUTOTUNE).cache().shuffle(300).batch(64)",
    "after the shuffle": "raw.shuffle(300).map(normal).batch(64)",
    "by batch": "raw.shuffle(300).batch(64).map(normal)",
    "by whole batches": "raw.shuffle(300).batch(50, drop_remainder=True).map(normal)",
    "from names": "D.from_tensor_slices({'image': u, 'label': y})"
    ".map(lambda one: normal(one['image'], one['label'])).shuffle(300).batch(64)",
    "by Keras": "raw.map(lambda i, l: (tf.keras.layers.Rescaling(1 / 255)(i), l)).shuffle(300).batch(64)",
    "what goes row by row only": "raw.map(lambda i, l: (tf.cast(tf.io.decode_raw(tf.strings.join("
    "[tf.io.encode_base64(tf.strings.as_string(tf.reduce_sum(tf.cast(i, tf.int32))))]), tf.uint8)[:1], tf.float32)"
    " * 0 + tf.cast(tf.reshape(i, [784]), tf.float32) / 255, l)).shuffle(300).batch(64)",
}
ROWS = {
    "take": ("rows.take(100).shuffle(100).batch(64)", [[0, 100]]),
    "skip": ("rows.skip(200).batch(64)", [[200, 300]]),
    "take of all": ("rows.shuffle(300).take(300).batch(64)", [[0, 300]]),
    "batches": ("rows.batch(64).skip(1).take(2)", [[64, 192]]),
    "no remainder": ("rows.batch(64, drop_remainder=True)", [[0, 256]]),
    "mapped then taken": ("raw.map(normal).take(30).batch(64)", [[0, 30]]),
}
ORDERS = {
    "none": ("rows.batch(64)", (False, None, False, "")),
    "small buffer": ("rows.shuffle(50).batch(64)", (True, 50, False, "")),
    "buffer of one": ("rows.shuffle(1).batch(64)", (False, None, False, "")),
    "remainder at random": ("rows.shuffle(300).batch(64, drop_remainder=True)", (True, 300, True, "")),
    "no remainder there": ("rows.shuffle(300).batch(50, drop_remainder=True)", (True, 300, False, "")),
    "repeated": ("rows.shuffle(300).batch(64).repeat(), 2, 5", (True, 300, False, "")),
    "repeated often enough": ("rows.batch(64).repeat(2), 2, 5", (False, None, False, "")),
    "repeated row by row": ("rows.shuffle(300).repeat().batch(50), 2, 6", (True, 300, False, "")),
    "all steps named": ("rows.shuffle(300).batch(64), 2, 5", (True, 300, False, "")),
}
UNLIKE = {
    "batches shuffled": ("rows.batch(64).shuffle(10)", "shuffles-batches"),
    "no batches": ("rows.shuffle(300)", "no-batches"),
    "repeated, then shuffled": ("rows.repeat().shuffle(300).batch(50), 2, 6",
                                "shuffles-epochs"),
    "cached after the shuffle": ("rows.shuffle(300).cache().batch(64)",
                                 "one-order"),
    "small buffers": ("rows.shuffle(20).shuffle(20).batch(64)", "shuffles-twice"),
    "across epochs": ("rows.shuffle(300).repeat().batch(64), 2, 5", "across-epochs"),
    "endless": ("rows.batch(64).repeat()", "other-epochs"),
    "part of a pass": ("rows.batch(64), 2, 3", "other-epochs"),
    "too few passes": ("rows.batch(64).repeat(1).repeat(2), 3, 5",
                       "other-epochs"),
    "several passes": ("rows.batch(64).repeat(2)", "other-epochs"),
}  # fmt: skip
UNREAD = {
    "chance": ("raw.map(lambda i, l: (normal(tf.image.random_flip_left_right(i[..., None]), l))).batch(64)",
               "impure-map"),
    "Python": ("raw.map(lambda i, l: (tf.ensure_shape(tf.numpy_function(np.sqrt, [i], tf.float16), [28, 28]), l)).batch(64)",
               "impure-map"),
    "pure Python": ("raw.map(lambda i, l: (tf.ensure_shape(tf.numpy_function(np.sqrt, [i], tf.float16, False), [28, 28]), l))",
                    "impure-map"),
    "a variable": ("(lambda v: raw.map(lambda i, l: (tf.cast(i, tf.float32) * v, l)).batch(64))(tf.Variable(2.0))",
                   "impure-map"),
    "too large": ("raw.map(lambda i, l: (tf.zeros([4000, 4000]), l)).batch(64)",
                  "large-map"),
    "mixed": ("raw.batch(64).map(lambda i, l: (tf.cast(i, tf.float32) - tf.reduce_mean(tf.cast(i, tf.float32)), l))",
              "mixing-map"),
    "taken by chance": ("rows.shuffle(300).take(100).batch(64)",
                        "part-of-shuffled"),
    "taken of many": ("rows.repeat().take(100).batch(64)", "part-of-repeated"),
    "filtered": ("rows.filter(lambda i, l: l < 5).batch(64)", "pipeline-step: Filter"),
    "generated": ("D.from_generator(lambda: iter([]), output_signature=rows.element_spec).batch(64)",
                  "pipeline-step: FlatMap"),
    "batches of batches": ("rows.batch(10).batch(10)", "pipeline-step: two batches"),
    "kept in a file": ("rows.cache('/tmp/kept').batch(64)", "pipeline-step: a cache in a file"),
    "three parts": ("D.from_tensor_slices((x, y, y)).batch(64)", "pipeline"),
}  # fmt: skip
ALL = {
    **{f"same: {name}": made for name, made in SAME.items()},
    **{f"mapped: {name}": made for name, made in MAPPED.items()},
    **{f"rows: {name}": made for name, (made, _) in ROWS.items()},
    **{f"order: {name}": made for name, (made, _) in ORDERS.items()},
    **{f"unlike: {name}": made for name, (made, _) in UNLIKE.items()},
    **{f"unread: {name}": made for name, (made, _) in UNREAD.items()},
    "fixed: whole": "rows.shuffle(300, seed=5, reshuffle_each_iteration=False).batch(64)",
    "fixed: train": "fixed.take(200).shuffle(200).batch(64)",
    "fixed: rest": "fixed.skip(200).batch(64)",
    "labels: one-hot": "raw.map(lambda i, l: (tf.reshape(i, [784]), tf.one_hot(l, 10))).batch(64)",
    "labels: none": "D.from_tensor_slices(x).batch(64)",
    "labels: wrong": "D.from_tensor_slices((x, (y + 1) % 10)).batch(64)",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What is told of every pipeline, by its name."""
    folder = make_data(tmp_path_factory.mktemp("data"))
    cases = "{" + ", ".join(f"{name!r}: ({made},)" for name, made in ALL.items()) + "}"
    script = SCRIPT.format(data=str(folder), cases=cases).replace(
        "found = {}", "fixed = rows.shuffle(300, reshuffle_each_iteration=False)\nfound = {}"
    )
    return json.loads(run(script, probe=False)[1].splitlines()[-1])


@pytest.mark.parametrize("name", SAME)
def test_usual_pipelines_are_their_rows(told, name):
    """Whatever stands around it, it is these rows in batches of 64 with their labels."""
    facts = told[f"same: {name}"]
    assert (facts["dataset"], facts["rows"]["ranges"], facts.get("why")) == ("mnist", [[0, 300]], None)
    assert (facts["size"], facts["labels"], facts["unrepeatable"]) == (64, ["integer", 1.0], "")
    assert (facts["shuffle"], facts["shuffle_buffer"]) == ((False, None) if name == "plain" else (True, 300))


@pytest.mark.parametrize("name", MAPPED)
def test_functions_of_rows_are_seen_through(told, name):
    """A map that scales, casts or reshapes comes to the rows that it makes, in their order before the shuffle."""
    facts = told[f"mapped: {name}"]
    assert (facts["dataset"], facts.get("why"), facts["dtype"]) == ("mnist", None, "float32")
    assert facts["rows"]["ranges"] == [[0, 300]]
    assert facts["scale"] == pytest.approx(1 / 255)
    assert (facts["shuffle"], facts["shuffle_buffer"], facts["unrepeatable"]) == (True, 300, "")


@pytest.mark.parametrize("name", ROWS)
def test_parts_are_told_by_their_rows(told, name):
    """take, skip and a remainder that is left out come to other rows."""
    assert told[f"rows: {name}"]["rows"]["ranges"] == ROWS[name][1]


@pytest.mark.parametrize("name", ORDERS)
def test_the_order_is_told(told, name):
    """Whether rows are shuffled, in which buffer, and whether the last batch is left out."""
    facts = told[f"order: {name}"]
    asked = ("shuffle", "shuffle_buffer", "drop_remainder", "unrepeatable")
    assert tuple(facts[one] for one in asked) == ORDERS[name][1]
    assert facts["rows"]["ranges"] == [[0, 300]]


@pytest.mark.parametrize("name", UNLIKE)
def test_what_cannot_be_made_elsewhere_says_so(told, name):
    """Rows and batch size are known, but not an order that the trainer could make."""
    facts = told[f"unlike: {name}"]
    assert (facts["dataset"], facts["rows"]["ranges"], facts["unrepeatable"]) == ("mnist", [[0, 300]], UNLIKE[name][1])
    assert facts["unrepeatable"] in set(Reason)


@pytest.mark.parametrize("name", UNREAD)
def test_what_cannot_be_told_says_so(told, name):
    """No rows are claimed, and the reason is given."""
    facts = told[f"unread: {name}"]
    assert (facts.get("rows"), facts["why"], facts["size"]) == (None, UNREAD[name][1], None)


def test_an_order_that_stays_is_taken_as_it_is(told):
    """Rows shuffled once and for all are told in that order, and split without overlap."""
    whole = told["fixed: whole"]
    assert (whole["shuffle"], whole["train_rows"], whole["rows"]["ranges"] != [[0, 300]]) == (False, 300, True)
    parts = [told[f"fixed: {name}"] for name in ("train", "rest")]
    numbers = [[row for a, b in part["rows"]["ranges"] for row in range(a, b)] for part in parts]
    assert [len(one) for one in numbers] == [200, 100]
    assert sorted(numbers[0] + numbers[1]) == list(range(300))
    assert [part["labels"] for part in parts] == [["integer", 1.0]] * 2
    assert [part["shuffle"] for part in parts] == [True, False]


def test_labels_are_compared(told):
    """One-hot labels made by a map, wrong ones, and none at all."""
    assert told["labels: one-hot"]["labels"] == ["onehot", 1.0]
    assert told["labels: wrong"]["labels"] == ["integer", 0.0]
    assert told["labels: none"]["labels"] is None
