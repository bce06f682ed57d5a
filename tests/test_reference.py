"""Bands and records of reference trainings."""

import math
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import WorkbookError
from grader.records import Recipe, Training
from grader.reference import Bands, ReferenceRecord, band_of, load_record, write_record

ACCURACIES = st.lists(st.floats(0.1, 1.0), min_size=3, max_size=30)


@settings(deadline=None)
@given(ACCURACIES)
def test_a_band_is_in_order_and_never_empty(accuracies):
    """Clearly below < lower < mean < upper, also when all trainings agree to the last item."""
    band = band_of("x", accuracies, num_test=10_000, alpha=0.001)
    assert band.clearly_below < band.lower < band.mean < band.upper
    assert band.spread >= 1 / 10_000


def test_one_honest_training_misses_as_often_as_alpha_says():
    """Drawn from one normal distribution, a further training falls under the limit at the rate promised."""
    draw = random.Random(1)
    misses, trials, alpha = 0, 4000, 0.05
    for _ in range(trials):
        sample = [draw.gauss(0.98, 0.002) for _ in range(10)]
        band = band_of("x", sample, num_test=10**9, alpha=alpha)
        misses += draw.gauss(0.98, 0.002) < band.lower
    expected = alpha * trials
    assert abs(misses - expected) < 4 * math.sqrt(expected)


def record(reference="example2", *, fingerprint="f" * 64, profile="quick", device="cpu", keras="3.15.1", k=5):
    recipe = Recipe(layers=(), optimizer={}, loss={}, data={}, fit={}, digest="d")
    trainings = tuple(
        Training(
            recipe="d",
            seed=seed,
            dataset="mnist",
            fingerprint=fingerprint,
            profile=profile,
            device=device,
            outcome="trained",
            test_accuracy=0.97 + seed / 1000,
            num_test=10_000,
            versions={"keras": keras},
            history={"loss": (0.5, float("nan"))} if seed == 2 else {"loss": (0.5, 0.4)},
        )
        for seed in range(1, k + 1)
    )
    return ReferenceRecord(reference=reference, edition="sample", source="drawn", recipe=recipe, trainings=trainings)


@pytest.fixture
def folder(tmp_path):
    write_record(tmp_path / "results" / "example2-sample-quick-cpu.json", record())
    return tmp_path


CONDITIONS = {"fingerprint": "f" * 64, "profile": "quick", "device": "cpu", "keras": "3.99.0"}


def test_a_band_is_found_under_the_conditions_it_was_recorded_for(folder):
    """Same data, profile, device and Keras major version."""
    band = Bands(folder, alpha=0.001).band("example2", **CONDITIONS)
    assert band is not None
    assert band.mean == pytest.approx(statistics.fmean(0.97 + seed / 1000 for seed in range(1, 6)))
    assert band.count == 5


@pytest.mark.parametrize(
    "other", [{"fingerprint": "e" * 64}, {"profile": "full"}, {"device": "gpu"}, {"keras": "4.0.0"}]
)
def test_under_other_conditions_nothing_is_calibrated(folder, other):
    """No band is better than one of other data, another profile, device or major version."""
    assert Bands(folder, alpha=0.001).band("example2", **{**CONDITIONS, **other}) is None


def test_two_trainings_make_no_band(tmp_path):
    """Too few trainings leave a reference uncalibrated."""
    write_record(tmp_path / "results" / "x.json", record(k=2))
    assert Bands(tmp_path, alpha=0.001).band("example2", **CONDITIONS) is None


def test_a_record_is_json_with_a_training_a_line(folder):
    """Records survive the disk, hold no NaN, and one more seed is one more line."""
    path = folder / "results" / "example2-sample-quick-cpu.json"
    text = path.read_text()
    assert "NaN" not in text
    assert sum('"seed": ' in line for line in text.splitlines()) == 5
    assert load_record(path).usable == record().usable


def test_a_broken_record_is_named_with_what_to_do(tmp_path):
    """The lecturer learns which file is wrong and how it is made again."""
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "x.json").write_text('{"reference": 3}')
    with pytest.raises(WorkbookError, match=r"x\.json.*reference run"):
        Bands(tmp_path, alpha=0.001)
