"""Recording reference trainings: the real notebook, the real trainer, a kill in the middle; and spoiled recipes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from grader.calibrate import recording
from grader.calibrate.plan import PlannedRecord
from grader.calibrate.progress import TrainingsUnderWay
from grader.calibrate.spoil import KINDS, spoil, spoiled
from grader.cli.root import group
from grader.datasets import DataStore, with_shuffled_labels
from grader.errors import MachineError, WorkbookError
from grader.places import shipped
from grader.recipe import digest_of, recipe_of
from grader.records import CompileFacts, DataSet, Platform, Profile, TrainingLimits
from grader.reference import Bands, load_record
from grader.train import TrainerPool
from tests.recipes import BINARY, conv, dense, fitted, inputs, layer, mnist_rows, model, sequential
from tests.test_cli import grader


def call(folder, seeds, *more):
    where = ("--only", "example1", "--seeds", seeds, "--into", folder, "--data", "sample", "--profile", "quick")
    return ("reference", "run", *where, "--lang", "en", *more)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Example 1: killed after the first of many trainings, then asked for three more than were done."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("reference")
    shutil.copy(shipped("reference") / "example1.ipynb", folder)
    environment = {**os.environ, "GRADER_HOME": str(home)}
    command = [sys.executable, "-m", "grader", *map(str, call(folder, 100))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as killed:
        assert any("seed 1," in line for line in killed.stdout)
        killed.send_signal(signal.SIGKILL)
    (path,) = (folder / "results").glob("*.json")
    before = load_record(path)
    done = grader(*call(folder, len(before.trainings) + 1), home=home, timeout=240)
    assert done.returncode == 0, done.stderr
    return path, before, done.stdout, home


@pytest.mark.slow
def test_a_record_names_its_conditions_and_holds_every_seed(recorded):
    """One file for reference, data, profile and device; one training a seed, all converged, with all that is known."""
    path, *_ = recorded
    record = load_record(path)
    assert path.name.startswith("example1-sample-quick-")
    assert min(record.usable) > 0.9
    assert [one.kind for one in record.layers] == ["Dense", "Dense"]
    for training in record.trainings:
        assert training.train_accuracy > 0.9
        assert len(training.history["loss"]) == 10
        assert training.seconds > 0
        assert {"keras", "tensorflow"} <= set(training.versions)
        assert (training.fingerprint[:6], training.recipe) == ("f455e7", record.recipe.digest)


@pytest.mark.slow
def test_a_record_that_was_deleted_comes_back_as_it_was(recorded):
    """The notebook still gives the recipe on record, and its trainings lie in the band on record."""
    path, *_ = recorded
    anew, bands = load_record(path), Bands(shipped("reference"), risk=0.2 / 300)
    (ours,) = (one for one in bands.records if one.reference == "example1" and one.conditions == anew.conditions)
    assert anew.recipe.digest == ours.recipe.digest
    assert bands.band_for(ours).clearly_below < min(anew.usable)
    assert anew.usable[0] == pytest.approx(ours.usable[0], abs=0.002)


@pytest.mark.slow
def test_another_seed_of_example_3_lands_in_its_band(tmp_path):
    """The committed recipe, trained once more on data drawn once more: the same data, and an accuracy in the band."""
    bands = Bands(shipped("reference"), risk=0.2 / 300)
    (record,) = (
        one for one in bands.records if one.reference == "example3" and one.conditions == ("sample", "quick", "cpu")
    )
    data = DataStore(tmp_path).choose("mnist", "sample")
    with TrainerPool(bounds=TrainingLimits(), cache=None, datasets=(data,)) as pool:
        training = pool.train(record.recipe, data, record.profile, seed=501)
    assert training.fingerprint == record.trainings[0].fingerprint
    band = bands.band_for(record)
    assert band.clearly_below < training.test_accuracy < band.upper


@pytest.mark.slow
def test_a_killed_recording_goes_on_where_it_stopped(recorded):
    """What was recorded before the kill stays as it is; the next call trains only what is missing."""
    path, before, said, _ = recorded
    record = load_record(path)
    assert record.trainings[: len(before.trainings)] == before.trainings
    assert [one.seed for one in record.trainings] == list(range(1, len(before.trainings) + 2))
    assert said.count("test accuracy") == 1
    assert "about 0 s left" in said


@pytest.mark.slow
def test_a_changed_notebook_is_refused_until_it_is_meant(recorded):
    """Trainings of two recipes never share a record; nothing is overwritten unasked."""
    path, _, _, home = recorded
    folder, before = path.parent.parent, path.read_bytes()
    notebook = folder / "example1.ipynb"
    notebook.write_text(notebook.read_text().replace("Dense(64", "Dense(32"))
    refused = grader(*call(folder, 3), home=home, timeout=240)
    assert refused.returncode == 65
    assert "--restart" in refused.stderr
    assert path.read_bytes() == before
    anew = grader(*call(folder, 1, "--restart"), home=home, timeout=240)
    assert anew.returncode == 0, anew.stderr
    assert load_record(path).num_test == 2000
    assert [one.seed for one in load_record(path).trainings] == [1]


def test_trainings_of_another_keras_are_refused_before_any_is_made_and_restart_begins_anew(tmp_path):
    """The record says what it was made with; with --restart it does not count."""
    path = tmp_path / "example1-sample-quick-cpu.json"
    shutil.copy(shipped("reference") / "results" / path.name, path)
    record = load_record(path)
    data = DataSet(
        name="binary20", edition="sample", fingerprint=record.fingerprint, folder="", num_train=1, num_test=1
    )
    item = PlannedRecord(reference="example1", recipe=record.recipe, dataset=data, source=data, folder=tmp_path)
    here, later = ({"binary20": Platform(keras=version)} for version in (record.trainings[0].platform.keras, "4.0.0"))
    assert recording._known({path: item}, record.profile, here, restart=True) == {path: record}
    with pytest.raises(WorkbookError, match=r"(?s)this is 4\.0\.0.*--restart"):
        recording._known({path: item}, record.profile, later, restart=False)
    assert load_record(path) == record
    assert recording._known({path: item}, record.profile, later, restart=True) == {path: None}
    assert load_record(path) == record  # stays until a training is there to take its place


def test_where_records_cannot_be_written_nothing_is_trained(tmp_path):
    """Found out before the first training, with what to do."""
    (tmp_path / "results").write_text("a file")
    with pytest.raises(MachineError, match=r"results.*cannot be written.*--workbook"):
        recording._require_writable(tmp_path / "results")
    recording._require_writable(tmp_path / "deeper" / "results")
    assert list((tmp_path / "deeper" / "results").iterdir()) == []


# -- spoiled recipes ----------------------------------------------------------------------------------------------

POOLING = layer("MaxPooling2D", pool_size=[2, 2], strides=[2, 2], padding="valid", data_format="channels_last")
FLATTEN = layer("Flatten", data_format="channels_last")
CONVOLUTIONS = recipe_of(
    fitted(x=mnist_rows(60_000, (28, 28, 1))["x"]),
    model(sequential(inputs(28, 28, 1), conv(64), POOLING, FLATTEN, dense(64, "relu"), dense(10, "softmax"))),
)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"shuffled-labels"}))
def test_a_recipe_is_spoiled_in_one_respect(kind):
    """Each kind changes its own part and leaves the others, and the digest is that of the new recipe."""
    spoiled = spoil(CONVOLUTIONS, kind)
    names = ("layers", "optimizer", "loss", "data", "fit")
    changed = [name for name in names if getattr(spoiled, name) != getattr(CONVOLUTIONS, name)]
    assert (
        changed
        == {
            "one-epoch": ["fit"],
            "fast": ["optimizer"],
            "half-data": ["data"],
            "no-activation": ["layers"],
            "tiny": ["layers"],
        }[kind]
    )
    again = {name: json.loads(json.dumps(getattr(spoiled, name))) for name in names}
    assert spoiled.digest == digest_of(**again) != CONVOLUTIONS.digest


def test_what_is_spoiled_is_spoiled_as_named():
    """Numbers of each kind; the output layer keeps its classes and its activation."""
    assert spoil(CONVOLUTIONS, "one-epoch").fit["epochs"] == 1
    assert spoil(CONVOLUTIONS, "fast").optimizer["config"]["learning_rate"] == pytest.approx(0.03)
    assert spoil(CONVOLUTIONS, "half-data").data["rows"] == {"count": 30_000, "ranges": [[0, 30_000]]}
    narrow = [node["config"] for node in spoil(CONVOLUTIONS, "tiny").layers]
    assert [one.get("filters", one.get("units")) for one in narrow] == [None, 2, None, None, 2, 10]
    linear = [node["config"].get("activation") for node in spoil(CONVOLUTIONS, "no-activation").layers]
    assert linear == [None, "linear", None, None, "linear", "softmax"]


def test_a_schedule_starts_higher_and_half_of_no_ranges_is_half_the_rows():
    """Learning-rate schedules and drawn numbers are spoiled alike."""
    schedule = {
        "module": "keras.optimizers.schedules",
        "class_name": "InverseTimeDecay",
        "config": {"initial_learning_rate": 0.01, "decay_steps": 1, "decay_rate": 1e-6},
        "registered_name": None,
    }
    compiled = CompileFacts(
        model=0, optimizer="SGD", optimizer_config={"learning_rate": schedule}, loss="binary_crossentropy"
    )
    config = sequential(inputs(20), dense(64, "relu"), dense(1, "sigmoid"))
    recipe = recipe_of(fitted(BINARY, compiled=vars_of(compiled)), model(config))
    faster = spoil(recipe, "fast").optimizer["config"]["learning_rate"]["config"]
    assert faster["initial_learning_rate"] == pytest.approx(0.3)
    assert spoil(recipe, "half-data").data["rows"] == {"count": 500}


def test_what_a_budget_cuts_short_is_not_spoiled_by_fewer_epochs_or_rows(tmp_path):
    """On 120 steps of 128 rows nobody sees the end of 30,000; on all of them, and of a fit that is left whole, one does."""
    data = DataSet(name="mnist", edition="sample", fingerprint="f", folder=str(tmp_path), num_train=100, num_test=100)
    for name in ("x_train", "x_test", "y_train", "y_test"):
        np.save(tmp_path / f"{name}.npy", np.arange(100, dtype=np.uint8) % 10)
    quick, full = Profile(name="quick", steps=120), Profile(name="full")
    assert {kind for kind, *_ in spoiled(CONVOLUTIONS, data, full)} == set(KINDS)
    assert {kind for kind, *_ in spoiled(CONVOLUTIONS, data, quick)} == set(KINDS) - {"one-epoch", "half-data"}
    small = recipe_of(
        fitted(**mnist_rows(2_000, (28, 28, 1))),
        model(sequential(inputs(28, 28, 1), FLATTEN, dense(64, "relu"), dense(10, "softmax"))),
    )
    assert {kind for kind, *_ in spoiled(small, data, quick)} == set(KINDS)


def vars_of(facts):
    return {name: getattr(facts, name) for name in ("optimizer", "optimizer_config", "loss")}


def test_shuffled_labels_are_a_data_set_of_their_own(tmp_path):
    """The same numbers and test labels, as many training labels of each class, another fingerprint; made once."""
    folder = tmp_path / "mnist-sample"
    folder.mkdir()
    labels = np.arange(100, dtype=np.uint8) % 10
    for name in ("x_train", "x_test", "y_train", "y_test"):
        np.save(folder / f"{name}.npy", labels)
    data = DataSet(name="mnist", edition="sample", fingerprint="f", folder=str(folder), num_train=100, num_test=100)
    shuffled = with_shuffled_labels(data)
    mixed = np.load(f"{shuffled.folder}/y_train.npy")
    assert sorted(mixed) == sorted(labels)
    assert (mixed == labels).mean() < 0.5
    assert (np.load(f"{shuffled.folder}/y_test.npy") == labels).all()
    assert (np.load(f"{shuffled.folder}/x_train.npy") == labels).all()
    assert shuffled.fingerprint != "f"
    made = Path(shuffled.folder).stat().st_ino
    assert Path(with_shuffled_labels(data).folder).stat().st_ino == made


def test_seeds_trained_side_by_side_are_recorded_in_their_order(tmp_path):
    """As on a GPU: three processes at once, and one record that looks as if they had been trained one by one."""
    bands = Bands(shipped("reference"), risk=0.2 / 300)
    (record,) = (
        one for one in bands.records if one.reference == "example1" and one.conditions == ("sample", "quick", "cpu")
    )
    data = DataStore(tmp_path).choose("binary20", "sample")
    item = PlannedRecord(reference="example1", recipe=record.recipe, dataset=data, source=data, folder=tmp_path)
    with TrainerPool(bounds=TrainingLimits(), cache=None, workers=3, datasets=(data,)) as pool:
        found = [
            one for one in recording._trainings(pool, item, record.profile, range(1, 6), 3, TrainingsUnderWay()) if one
        ]
        assert (len(pool._idle), pool.trainings_run) == (3, 5)
    assert [one.seed for one in found] == [1, 2, 3, 4, 5]
    assert [one.test_accuracy for one in found] == [
        pytest.approx(one.test_accuracy, abs=0.002) for one in record.trainings[:5]
    ]


def test_a_training_under_way_tells_its_epochs_and_the_time_left(tmp_path, monkeypatch):
    """The command prints how far it is while it waits, every minute; here more often, for a training of seconds."""
    monkeypatch.setattr(recording, "_EVERY_SECONDS", 0.02)
    monkeypatch.setenv("GRADER_HOME", str(tmp_path / "home"))
    shutil.copy(shipped("reference") / "example1.ipynb", tmp_path)
    done = CliRunner().invoke(group, [str(word) for word in call(tmp_path, 2)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told = re.findall(
        r"^example1-sample-quick-cpu: seed 1, epoch (\d+) of 10; about .+ left$", done.output, re.MULTILINE
    )
    epochs = [int(epoch) for epoch in told]
    assert epochs == sorted(epochs)
    assert set(epochs) & set(range(1, 10))
    assert (
        done.output.index("seed 1, epoch") < done.output.index("seed 1, 1 of 2") < done.output.index("seed 2, 2 of 2")
    )
