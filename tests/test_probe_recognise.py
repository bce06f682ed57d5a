"""Arrays are recognised as rows of a data set, whatever a notebook did to them."""

import base64
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.inside.facts import DataFacts
from grader.inside.probe.recognise import Recogniser, label_facts, row_facts
from grader.inside.probe.scoring import as_the_notebook_did
from grader.inside.probe.stored import stored_datasets
from grader.inside.rowhash import row_hashes
from grader.inside.trainer.arrays import ArrayCache
from tests.probing import TOLD, make_data


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def stored(data):
    return stored_datasets(data)["mnist"]


@pytest.fixture
def recogniser(data):
    return Recogniser(stored_datasets(data), [DataFacts(**one) for one in TOLD if one["drawn"]])


SCALINGS = {
    "as they are": lambda x: x,
    "int32": lambda x: x.astype(np.int32),
    "float": lambda x: x.astype("float32"),
    "/ 255": lambda x: x.astype("float32") / 255,
    "/ 255 in double precision": lambda x: x / 255.0,
    "/ 255 in half precision": lambda x: (x / 255).astype(np.float16),
    "/ 256": lambda x: x.astype("float32") / 256,
    "/ 127.5 - 1": lambda x: x.astype("float32") / 127.5 - 1,
    "/ 255 - 0.5": lambda x: x.astype("float32") / 255 - 0.5,
    "standardised": lambda x: (x.astype("float32") - 33.318) / 78.567,
    "standardised in half precision": lambda x: ((x - 33.318) / 78.567).astype(np.float16),
    "inverted": lambda x: 255 - x,
    "inverted and scaled": lambda x: 1 - x.astype("float32") / 255,
    "an odd scale": lambda x: x * 0.731 + 12.25,
    "integers shifted": lambda x: x.astype(int) - 128,
}


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("shape", [(-1, 784), (-1, 28, 28), (-1, 28, 28, 1)])
def test_scaling_and_shape_are_seen_through(recogniser, stored, scaling, shape):
    """Rows, scale and shift are found for every usual scaling and reshape."""
    u = stored.array("x_train")[40:140]
    x = SCALINGS[scaling](u).reshape(shape)
    facts = recogniser.recognise(x).facts
    assert (facts["dataset"], facts["split"], facts["train_rows"], facts["unknown_rows"]) == ("mnist", "train", 100, 0)
    assert facts["rows"]["ranges"] == [[40, 140]]
    np.testing.assert_allclose(u.reshape(shape) * facts["scale"] + facts["shift"], x, atol=2e-3)


@pytest.fixture(scope="module")
def strokes(tmp_path_factory):
    """Data sets whose images are mostly black, as drawings are."""
    folder = make_data(tmp_path_factory.mktemp("strokes"))
    random = np.random.default_rng(5)
    for split in ("train", "test"):
        file = folder / "mnist" / f"x_{split}.npy"
        images = np.where(random.random(np.load(file).shape) < 0.2, np.load(file), 0).astype(np.uint8)
        images[:, 0] = 0  # an edge that no drawing touches
        np.save(file, images)
        np.save(folder / "mnist" / f"{split}_hash.npy", row_hashes(images))
    return folder


def per_pixel(x, of):
    deviation = of.std(axis=0)
    return (x - of.mean(axis=0)) / np.where(deviation == 0, 1, deviation)


TRANSFORMS = {
    "centred": lambda x, of: x.astype("float32") / 255 - (of.astype("float32") / 255).mean(axis=0),
    "centred whole levels": lambda x, of: x - of.mean(axis=0),
    "standardised": per_pixel,
    "standardised after / 255": lambda x, of: per_pixel(x.astype("float32") / 255, of.astype("float32") / 255),
    "unit-1": lambda x, of: keras_normalize(x, axis=1),
    "unit-2": lambda x, of: keras_normalize(x.astype("float32") / 255, axis=-1),
    "unit-all": lambda x, of: keras_normalize(x.reshape(len(x), 784), axis=1),
}


def keras_normalize(x, axis):
    """``keras.utils.normalize``, without Keras; the lesson task2-normalised-by-length calls Keras itself."""
    length = np.atleast_1d(np.linalg.norm(x, 2, axis))
    length[length == 0] = 1
    return x / np.expand_dims(length, axis)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("rows", [slice(40, 140), slice(None)], ids=["some", "all"])
def test_more_than_scaling_is_seen_through(strokes, transform, rows):
    """Mean images, deviations and lengths are named; the trainer makes the same numbers of what was found."""
    recogniser, stored = Recogniser(stored_datasets(strokes)), stored_datasets(strokes)["mnist"]
    u = stored.array("x_train")
    x = TRANSFORMS[transform](u[rows], u).reshape(-1, 28, 28, 1)
    facts = recogniser.recognise(x).facts
    assert (facts["dataset"], facts["split"], facts["unknown_rows"]) == ("mnist", "train", 0)
    assert facts["rows"]["ranges"] == [list(rows.indices(300)[:2])]
    assert transform.startswith(facts["transform"])
    wanted = {**facts, "shape": list(x.shape[1:]), "labels": "integer", "num_classes": None, "dtype": "float32"}
    ((prepared, _),) = ArrayCache().prepare(str(strokes / "mnist"), wanted)
    np.testing.assert_allclose(prepared, x, atol=2e-4)
    np.testing.assert_allclose(as_the_notebook_did(u[rows], dict(facts), stored), x, atol=2e-4)


def test_a_mean_of_other_images_is_not_the_mean_image(strokes):
    """Numbers that lost another mean are not those we could make again."""
    u = stored_datasets(strokes)["mnist"].array("x_train")
    x = u / 255 - u[:50].mean(axis=0) / 255
    assert not Recogniser(stored_datasets(strokes)).recognise(x).facts.get("dataset")


def test_lengths_of_images_without_outlines_are_not_tried(recogniser, stored):
    """Where nearly every number is above 0, images cannot be told apart by their outlines."""
    assert stored.outlines is None
    assert not recogniser.recognise(keras_normalize(stored.array("x_train"), axis=1)).facts.get("dataset")


@given(rows=st.lists(st.integers(0, 299), min_size=1, max_size=60), scale=st.floats(0.001, 4), shift=st.floats(-3, 3))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_choice_of_rows_comes_back(recogniser, stored, rows, scale, shift):
    """Whatever rows are taken, in whatever order and scale, the same row numbers are found."""
    x = (stored.array("x_train")[rows] * scale + shift).astype("float32")
    found = recogniser.recognise(x)
    assert found.rows.tolist() == rows
    assert [r for a, b in found.facts["rows"]["ranges"] for r in range(a, b)] == rows


def test_colour_images_standardised_by_channel(recogniser, data):
    """A mean and deviation per channel come back as one scale and shift per channel."""
    u = stored_datasets(data)["cifar10"].array("x_train")
    mean, deviation = np.array([125.3, 122.9, 113.8]), np.array([62.9, 62.0, 66.7])
    facts = recogniser.recognise(((u - mean) / deviation).astype("float32")).facts
    assert facts["dataset"] == "cifar10"
    assert facts["rows"]["ranges"] == [[0, 300]]
    np.testing.assert_allclose(facts["scale"], 1 / deviation, rtol=1e-4)
    np.testing.assert_allclose(facts["shift"], -mean / deviation, rtol=1e-4)


def test_one_image_is_enough(recogniser, stored):
    """A single test image, as in predict(x_test[:1]), is recognised."""
    facts = recogniser.recognise(stored.array("x_test")[7:8].astype("float32") / 255).facts
    assert (facts["split"], facts["rows"]["ranges"]) == ("test", [[7, 8]])


def test_train_and_test_together_are_mixed(recogniser, stored):
    """Rows of both splits are counted apart; no row numbers are given."""
    facts = recogniser.recognise(np.concatenate([stored.array("x_train"), stored.array("x_test")])).facts
    assert (facts["split"], facts["train_rows"], facts["test_rows"], facts["rows"]) == ("mixed", 300, 100, None)


def test_changed_rows_are_unknown(recogniser, stored):
    """Rows changed by more than scaling are counted as unknown, the others still found."""
    x = stored.array("x_train") / 255
    x[:30] += np.random.default_rng(0).normal(0, 0.1, x[:30].shape)
    facts = recogniser.recognise(x).facts
    assert (facts["dataset"], facts["train_rows"], facts["unknown_rows"], facts["rows"]) == ("mnist", 270, 30, None)


def test_slight_noise_is_not_overlooked(recogniser, stored):
    """Noise of a fifth of a grey level is not the data set, although rounding would hide it."""
    noise = np.random.default_rng(0).normal(0, 0.2 / 255, (300, 28, 28))
    assert not recogniser.recognise(stored.array("x_train") / 255 + noise).facts.get("dataset")


@pytest.mark.parametrize(
    ("x", "why"),
    [
        (np.random.default_rng(1).integers(0, 256, (50, 28, 28), dtype=np.uint8), "other-rows: mnist"),
        (np.random.default_rng(1).random((50, 784)), "other-rows: mnist"),
        (np.full((50, 784), np.nan), "other-rows: mnist"),
        (np.zeros((50, 784), "float32"), "other-rows: mnist"),
        (np.ones((50, 13)), "other-size"),
        (np.array([["a"]]), "numbers-of-type: "),
        (np.arange(5), "no-rows"),
    ],
)
def test_other_arrays_are_not_recognised(recogniser, x, why):
    """Arrays of other images or other kinds say why they were not recognised."""
    facts = recogniser.recognise(x).facts
    assert why in facts["why"]
    assert not facts.get("dataset")


def test_twins_carry_on_the_run_they_stand_in(tmp_path):
    """An image that occurs twice is taken as the row that continues its neighbours."""
    folder = make_data(tmp_path)
    x = np.load(folder / "mnist/x_train.npy")
    x[200] = x[100]
    hashes = np.load(folder / "mnist/train_hash.npy")
    hashes[200] = hashes[100]
    np.save(folder / "mnist/x_train.npy", x)
    np.save(folder / "mnist/train_hash.npy", hashes)
    recogniser = Recogniser(stored_datasets(folder))
    assert recogniser.recognise(x).facts["rows"]["ranges"] == [[0, 300]]
    assert recogniser.recognise(x[150:250]).facts["rows"]["ranges"] == [[150, 250]]
    assert recogniser.recognise(x[200:250]).facts["rows"]["ranges"] == [[200, 250]]
    order = np.random.default_rng(3).permutation(300)
    assert sorted(recogniser.recognise(x[order]).rows.tolist()) == list(range(300))


@pytest.mark.parametrize("encoding", ["integer", "column", "onehot"])
def test_label_encodings(recogniser, stored, encoding):
    """Integer, column and one-hot labels are told apart and compared with the truth of their rows."""
    found = recogniser.recognise(stored.array("x_train")[::-1])
    y = stored.array("y_train")[::-1]
    encoded = {"integer": y, "column": y[:, None], "onehot": np.eye(10, dtype="float32")[y]}[encoding]
    facts = label_facts(encoded, found)
    assert (facts["encoding"], facts["num_classes"], facts["agree"]) == (encoding, 10, 1.0)
    assert label_facts(np.roll(encoded, 1, axis=0), found)["agree"] < 0.5


@pytest.mark.parametrize("y", [np.full((5, 3), 0.5), np.array([0.5, 1.5]), np.array(["a"])])
def test_other_labels(y):
    """Labels that are no classes are called other."""
    assert label_facts(y)["encoding"] == "other"


def test_twenty_random_features_with_two_labels_are_binary20(recogniser):
    """Floats of shape (n, 20) with labels of 0 and 1 are the workbook's synthetic data."""
    x, y = np.random.default_rng(0).random((1000, 20)), np.random.default_rng(0).integers(2, size=(1000, 1))
    facts = recogniser.recognise_with(x, y).facts
    assert (facts["dataset"], facts["rows"]["ranges"], facts["train_rows"]) == ("binary20", [[0, 1000]], 1000)
    assert not recogniser.recognise_with(x, y + 1).facts.get("dataset")
    assert not recogniser.recognise_with(x[:, :19], y).facts.get("dataset")


def test_an_array_changed_in_place_is_looked_up_again(recogniser, stored):
    """The cache does not answer for an array that was shuffled in place."""
    x = stored.array("x_train") / 255
    assert recogniser.recognise(x) is recogniser.recognise(x)
    np.random.default_rng(0).shuffle(x)
    assert recogniser.recognise(x).facts["rows"]["ranges"] != [[0, 300]]


def test_many_runs_are_packed():
    """More than 1,000 runs are packed, and unpack to the same rows."""
    rows = np.arange(5000)[::-1]
    facts = row_facts(rows)
    assert facts["ranges"] is None
    assert np.frombuffer(zlib.decompress(base64.b64decode(facts["packed"])), "<u4").tolist() == rows.tolist()
