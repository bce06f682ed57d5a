"""Bands and records of reference trainings."""

import functools
import math
import random
import statistics
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.criteria.accuracy import Accuracy
from grader.errors import WorkbookError
from grader.records import Platform, Profile, Recipe, Training, Verdict
from grader.reference import (
    Bands,
    ReferenceRecord,
    add_training,
    against,
    alpha_for,
    band_of,
    chances,
    held_out,
    interval,
    load_record,
    resampled,
    write_record,
)


def judged(trainings, band, margin=0.0):
    """Judge as the criterion of a reference's accuracy does."""
    return Accuracy(reference=band.reference, margin=margin).ruling(trainings, band, Profile(name="full"))


ACCURACIES = st.lists(st.floats(0.1, 1.0), min_size=3, max_size=30)


@settings(deadline=None)
@given(ACCURACIES)
def test_a_band_is_in_order_and_never_empty(accuracies):
    """Clearly below < lower < mean < upper, also when all trainings agree to the last item."""
    band = band_of("x", accuracies, num_test=10_000, risk=0.001)
    assert band.clearly_below < band.lower < band.mean < band.upper
    assert band.spread >= 1 / 10_000


def test_an_honest_model_misses_as_often_as_the_arithmetic_says():
    """Drawn from one normal distribution, models miss, wait for a person and fail at the rates that were computed."""
    draw, trials = random.Random(1), 4000
    found = {"missed": 0, "reviewed": 0, "failed": 0}
    for _ in range(trials):
        band = band_of("x", [draw.gauss(0.98, 0.002) for _ in range(10)], num_test=10**9, risk=0.02)
        three = [training(seed, draw.gauss(0.98, 0.002)) for seed in range(3)]
        ruling = judged(three, band)
        found["missed"] += ruling.count == 3
        found["reviewed"] += ruling.verdict is Verdict.REVIEW
        found["failed"] += ruling.verdict is Verdict.FAILED
    expected = chances(10, alpha_for(10, 0.02))
    assert expected.reviewed + expected.failed == pytest.approx(0.02, rel=1e-3)
    for name, count in found.items():
        share = getattr(expected, name)
        assert abs(count - share * trials) < 4 * math.sqrt(share * trials) + 1, name


@pytest.mark.parametrize("count", [3, 5, 10, 20, 40])
def test_a_failure_is_rarer_than_a_review_and_both_keep_the_promise(count):
    """Of 300 honest models 0.2 do not pass, few of them fail, and more references allow a stricter first look."""
    found = chances(count, alpha_for(count, 0.2 / 300))
    assert 300 * (found.reviewed + found.failed) == pytest.approx(0.2, rel=1e-3)
    assert found.failed < found.reviewed / 5
    assert alpha_for(count + 1, 0.2 / 300) > alpha_for(count, 0.2 / 300)


def test_an_honest_model_of_a_long_lower_tail_is_reviewed_and_does_not_fail():
    """Where some of the recorded trainings ended on a bad step, chance does not fail one model of a thousand."""
    tailed = [0.9914, 0.9924, 0.9922, 0.9906, 0.9910, 0.9912, 0.9913, 0.9916, 0.9907, 0.9895]
    tailed += [0.9914, 0.9922, 0.9905, 0.9905, 0.9918, 0.9883, 0.9913, 0.9878, 0.9909, 0.9910]
    found = resampled(tailed, num_test=10_000, risk=0.2 / 300)
    assert found.failed < 0.001 < found.reviewed < found.missed
    assert found == resampled(tailed, num_test=10_000, risk=0.2 / 300)


def test_drawn_from_normal_accuracies_the_resampled_rates_are_those_of_the_arithmetic():
    """A record without a tail promises by both ways the same, within what 40 values can say of a distribution."""
    draw = random.Random(3)
    found = resampled([draw.gauss(0.98, 0.002) for _ in range(40)], num_test=10_000, risk=0.02)
    expected = chances(40, alpha_for(40, 0.02))
    assert found.missed == pytest.approx(expected.missed, rel=0.5)
    assert found.reviewed + found.failed == pytest.approx(0.02, rel=0.5)


def training(seed, accuracy, **facts):
    facts = {"profile": "quick", "device": "cpu", "fingerprint": "f" * 64, "num_test": 10_000, **facts}
    outcome = "diverged" if accuracy is None else "trained"
    return Training(recipe="d", seed=seed, dataset="mnist", outcome=outcome, test_accuracy=accuracy, **facts)


def record(
    reference="example2",
    *,
    fingerprint="f" * 64,
    profile="quick",
    device="cpu",
    keras="3.15.1",
    backend="tensorflow",
    k=5,
):
    recipe = Recipe(layers=(), optimizer={}, loss={}, data={}, fit={}, digest="d")
    trainings = tuple(
        training(
            seed,
            0.97 + seed % 30 / 1000,
            fingerprint=fingerprint,
            profile=profile,
            device=device,
            versions={"keras": keras, "backend": backend},
            history={"loss": (0.5, float("nan"))} if seed == 2 else {"loss": (0.5, 0.4)},
        )
        for seed in range(1, k + 1)
    )
    return ReferenceRecord(
        reference=reference, edition="sample", source="drawn", recipe=recipe, trainings=trainings, steps=120
    )


@pytest.fixture
def folder(tmp_path):
    write_record(tmp_path / "results" / "example2-sample-quick-cpu.json", record())
    return tmp_path


CONDITIONS = {
    "fingerprint": "f" * 64,
    "profile": Profile(name="quick", steps=120),
    "platform": Platform(keras="3.99.0"),
}


def test_a_band_is_found_under_the_conditions_it_was_recorded_for(folder):
    """Same data, profile, device, backend and Keras major version."""
    band = Bands(folder, risk=0.001).band("example2", **CONDITIONS)
    assert band is not None
    assert band.mean == pytest.approx(statistics.fmean(0.97 + seed / 1000 for seed in range(1, 6)))
    assert band.count == 5


@pytest.mark.parametrize(
    "other",
    [
        {"fingerprint": "e" * 64},
        {"profile": Profile(name="full")},
        {"profile": Profile(name="quick", steps=60)},
        {"platform": Platform(keras="3.99.0", device="gpu")},
        {"platform": Platform(keras="3.99.0", backend="jax")},
        {"platform": Platform(keras="4.0.0")},
    ],
)
def test_under_other_conditions_nothing_is_calibrated(folder, other):
    """No band is better than one of other data, another profile, device, backend or major version."""
    assert Bands(folder, risk=0.001).band("example2", **{**CONDITIONS, **other}) is None


def test_two_trainings_make_no_band(tmp_path):
    """Too few trainings leave a reference uncalibrated."""
    write_record(tmp_path / "results" / "x.json", record(k=2))
    assert Bands(tmp_path, risk=0.001).band("example2", **CONDITIONS) is None


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
        Bands(tmp_path, risk=0.001)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda known: (*known, known[0]), "a seed twice"),
        (lambda known: (replace(known[0], recipe="e"), *known[1:]), "another recipe"),
        (lambda known: (replace(known[0], device="gpu"), *known[1:]), "on different data"),
        (lambda known: (replace(known[0], versions={"keras": "4.0.0"}), *known[1:]), "on different data"),
        (lambda known: (*known[:2], replace(known[2], test_accuracy=99.06), *known[3:]), "seed 3 is no share"),
        (lambda known: (*known[:2], replace(known[2], test_accuracy=float("nan")), *known[3:]), "seed 3 is no share"),
        (lambda known: (*known[:2], replace(known[2], num_test=0), *known[3:]), "num_test of seed 3 is 0"),
        (lambda _: (), "no trainings"),
    ],
)
def test_a_record_that_was_spoilt_by_hand_gives_no_band(changed, said, tmp_path):
    """What an editor or a merge made of it is named: it would be stricter or milder than any trainings were."""
    path = tmp_path / "results" / "x.json"
    write_record(path, replace(record(), trainings=changed(record().trainings)))
    with pytest.raises(WorkbookError, match=rf"x\.json: .*{said}.*reference run"):
        Bands(tmp_path, risk=0.001)


def test_which_record_makes_a_band_does_not_depend_on_names_of_files(folder):
    """A copy beside a record, or a record of spoiled trainings among the references, is refused."""
    copy = folder / "results" / "example2 (copy).json"
    write_record(copy, record(k=4))
    with pytest.raises(WorkbookError, match=r"two records of the same trainings \(example2 · sample · quick · cpu\)"):
        Bands(folder, risk=0.001)
    write_record(copy, replace(record("example3"), spoiled="fast"))
    with pytest.raises(WorkbookError, match=r"spoiled trainings of example3 .* move them to spoiled/"):
        Bands(folder, risk=0.001)


ADDING = """
import sys
from pathlib import Path
from dataclasses import replace
from grader.reference import add_training, load_record
whole = load_record(Path(sys.argv[1]))
for training in whole.trainings[int(sys.argv[3]) :: 2]:
    add_training(Path(sys.argv[2]), replace(whole, trainings=(training,)))
"""


def test_two_processes_that_record_at_once_lose_no_seed(tmp_path):
    """Each adds its own seeds, one by one, to the same file; what a killed one left behind is cleared."""
    whole, path = tmp_path / "whole.json", tmp_path / "results" / "x.json"
    write_record(whole, record(k=60))
    path.parent.mkdir()
    (path.parent / ".x-killed.part").write_text("half a rec")
    started = [subprocess.Popen([sys.executable, "-c", ADDING, str(whole), str(path), start]) for start in ("0", "1")]
    assert [one.wait(timeout=120) for one in started] == [0, 0]
    assert [one.seed for one in load_record(path).trainings] == list(range(1, 61))
    assert [one.name for one in path.parent.iterdir()] == ["x.json"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"recipe": Recipe(layers=(), optimizer={}, loss={}, data={}, fit={}, digest="e")}, "recipe has changed"),
        ({"steps": 60}, "other steps"),
        ({"trainings": record(fingerprint="e" * 64).trainings}, "other data"),
        ({"trainings": record(keras="4.0.1").trainings}, "recorded with Keras 3.15.1, and this is 4.0.1"),
    ],
)
def test_trainings_of_another_kind_are_not_added(other, said, tmp_path):
    """Whatever changed since a recording began, also by another process: the record stays as it was."""
    path = tmp_path / "x.json"
    add_training(path, record(k=2))
    before = path.read_bytes()
    with pytest.raises(WorkbookError, match=rf"(?s)x\.json: .*{said}.*--restart"):
        add_training(path, replace(record(), **other))
    assert path.read_bytes() == before


def test_begun_anew_a_record_is_replaced_by_the_first_training_and_grows_by_the_next(tmp_path):
    """Until there is something to put in its place, the old record stays and gives its band."""
    path, later = tmp_path / "x.json", record(keras="4.0.1")
    add_training(path, record(k=2))
    add_training(path, replace(later, trainings=later.trainings[:1]), anew=True)
    assert add_training(path, replace(later, trainings=later.trainings[1:3]), anew=True).seeds == {1, 2, 3}


def test_a_record_of_another_format_is_refused(tmp_path):
    """A later version may write what this one would misread."""
    path = tmp_path / "x.json"
    write_record(path, record())
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    with pytest.raises(WorkbookError, match=r"x\.json.*schema"):
        load_record(path)


def test_numbers_of_a_recipe_are_kept_as_they_are(tmp_path):
    """Accuracies are noise behind seven digits; the recipe must give its digest again."""
    path, scale = tmp_path / "x.json", 0.0078431373
    recipe = Recipe(layers=(), optimizer={}, loss={}, data={"scale": scale}, fit={}, digest="d")
    write_record(path, replace(record(), recipe=recipe))
    assert load_record(path).recipe.data == {"scale": scale}


def test_seeds_of_an_earlier_recording_stay(tmp_path):
    """A seed that is on record is not written again, and neither are the words for the data."""
    path, five = tmp_path / "results" / "x.json", record()
    add_training(path, replace(five, trainings=five.trainings[:2]))
    other = replace(five.trainings[1], test_accuracy=0.1)
    merged = add_training(path, replace(five, trainings=(other, five.trainings[4]), source="a file"))
    assert merged.source == five.source
    assert merged == load_record(path)
    assert [one.seed for one in merged.trainings] == [1, 2, 5]
    assert merged.usable == (five.usable[0], five.usable[1], five.usable[4])


# -- trials -------------------------------------------------------------------------------------------------------


def test_a_training_is_never_held_against_itself():
    """The one bad training of many is tried under a band that does not know it."""
    many = [training(seed, 0.98 + seed / 10_000) for seed in range(12)] + [training(12, 0.9)]
    seen = []

    def band(others):
        seen.append({one.seed for one in others})
        return band_of("x", [one.test_accuracy for one in others], num_test=10_000, risk=0.01)

    tally = held_out(many, judged, band)
    assert [len(others) for others in seen] == [10] * 13
    assert all(seed not in others for seed, others in enumerate(seen))
    assert (tally.trials, tally.missed, tally.failed, tally.apart) == (13, 1, 0, 4)
    alike = [training(seed, 0.98 + seed % 3 / 10_000) for seed in range(12)]
    assert held_out(alike, judged, band).apart == 12
    assert held_out(many[:5], judged, lambda others: None).trials == 0


def test_trainings_that_diverge_count_as_bad_ones():
    """Two of three without a finite loss are caught, one is forgiven by the median."""
    band = band_of("x", [0.97, 0.98, 0.99], num_test=10_000, risk=0.01)
    assert against([training(1, None), training(2, None), training(3, 0.98)], judged, band).failed == 2
    tally = against([training(1, None), training(2, 0.98), training(3, 0.98)], judged, band)
    assert (tally.missed, tally.caught) == (1, 0)


def test_a_margin_forgives():
    """What is under the limit by less than the margin passes."""
    band = band_of("x", [0.979, 0.98, 0.981], num_test=10_000, risk=0.01)
    low = [training(seed, band.clearly_below - 0.01) for seed in range(3)]
    forgiving = functools.partial(judged, margin=0.2)
    assert (against(low, judged, band).failed, against(low, forgiving, band).caught) == (3, 0)


def test_a_single_training_is_a_trial_that_a_miss_leaves_to_a_person():
    """One seed of a solution says whether it passes at once; no median is there to fail it."""
    band = band_of("x", [0.979, 0.98, 0.981], num_test=10_000, risk=0.01)
    passes, misses = against([training(1, 0.98)], judged, band), against([training(1, 0.1)], judged, band)
    assert (passes.trials, passes.missed, passes.caught) == (1, 0, 0)
    assert (misses.trials, misses.missed, misses.reviewed, misses.failed, misses.apart) == (1, 1, 1, 0, 1)


def test_an_interval_of_fewer_trials_is_wider():
    """The effective number of trials may be a fraction; a share of all or none keeps its end."""
    assert interval(30, 60)[0] > interval(6.0, 12.0)[0]
    assert interval(0.0, 2.5)[0] == 0.0
    assert interval(2.5, 2.5)[1] == 1.0


def test_accuracies_that_are_the_same_in_half_of_all_trainings_are_shaken_too():
    """Ties must not switch the smoothing off: drawn from four values alone, 0.19 % of honest models would fail."""
    tied = [0.99] * 17 + [0.986, 0.985, 0.984]
    assert 0 < resampled(tied, num_test=10_000, risk=0.2 / 300).failed < 0.001
