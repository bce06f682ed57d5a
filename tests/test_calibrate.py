"""Recording reference trainings: the real notebook, the real trainer, two seeds."""

import shutil

import pytest

from grader.places import shipped
from grader.reference import load_record
from tests.test_cli import grader


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Example 1 recorded with two seeds, then asked for three."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("reference")
    shutil.copy(shipped("reference") / "example1.ipynb", folder)
    said = []
    for seeds in (2, 3):
        call = ("reference", "run", "--only", "example1", "--seeds", seeds, "--into", folder)
        done = grader(*call, "--data", "sample", "--profile", "quick", home=home, timeout=240)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    (path,) = (folder / "results").iterdir()
    return path, said


def test_a_record_names_its_conditions_and_holds_every_seed(recorded):
    """One file for reference, data, profile and device; one training a seed, all converged."""
    path, _ = recorded
    record = load_record(path)
    assert path.name.startswith("example1-sample-quick-")
    assert [training.seed for training in record.trainings] == [1, 2, 3]
    assert min(record.usable) > 0.9
    assert [layer.kind for layer in record.layers] == ["Dense", "Dense"]


def test_a_recording_goes_on_where_it_stopped(recorded):
    """The second call trains the one seed that is missing."""
    _, (first, second) = recorded
    assert [line.split(":")[1].strip() for line in first.splitlines()] == ["seed 1 of 2", "seed 2 of 2"]
    assert [line.split(":")[1].strip() for line in second.splitlines()] == ["seed 3 of 3"]
