"""What the committed records prove, and how it is said."""

import math
import re

import pytest
from rich.console import Console

from grader.calibrate.assess import assess, yardstick
from grader.calibrate.compare import fewer_errors
from grader.cli.figures import shown, verified
from grader.language import Language
from grader.places import shipped
from grader.records import DataSet, Platform, Profile, Recipe, Training
from grader.reference import Bands, ReferenceRecord, load_records, record_path, write_record
from grader.workbook import load_workbook

RISK = 0.2 / 300


@pytest.fixture(scope="module")
def workbook():
    return load_workbook()


def text_of(parts):
    """What a person sees, on a wide screen."""
    console = Console(width=250, highlight=False)
    with console.capture() as said:
        for part in parts:
            console.print(part)
    return said.get()


def trainings(accuracies, profile):
    return tuple(
        Training(
            recipe="d",
            seed=seed,
            dataset="mnist",
            fingerprint="f",
            profile=profile,
            device="cpu",
            outcome="diverged" if accuracy is None else "trained",
            test_accuracy=accuracy,
            num_test=10_000,
            versions={"keras": "3.15.1"},
        )
        for seed, accuracy in enumerate(accuracies, start=1)
    )


def spread_around(mean, count=20):
    """Accuracies of standard deviation near 0.001, in no particular order."""
    return [mean + 0.001 * ((7 * place) % count - (count - 1) / 2) / (count / 3.46) for place in range(count)]


def put(folder, name, accuracies, *, reference=None, spoiled="", edition="full", profile="full"):
    data = DataSet(name="mnist", edition=edition, fingerprint="f", folder="", num_train=1, num_test=1)
    empty = Recipe(layers=(), optimizer={}, loss={}, data={}, fit={}, digest="d")
    record = ReferenceRecord(
        reference=reference or name,
        edition=edition,
        source="somewhere",
        recipe=empty,
        trainings=trainings(accuracies, profile),
        steps=120 if profile == "quick" else None,
        spoiled=spoiled,
    )
    write_record(record_path(folder, name, data, Profile(name=profile), Platform()), record)


@pytest.fixture
def folder(tmp_path):
    """Examples 2 and 3 near the workbook's figures, one honest solution of task 3, two kinds of spoiled trainings."""
    results = tmp_path / "results"
    put(results, "example2", spread_around(0.9785))
    put(results, "example3", spread_around(0.985))
    put(results / "solutions", "task3-narrow", spread_around(0.978, 5))
    put(results / "spoiled", "example2-one-epoch", spread_around(0.95, 5), reference="example2", spoiled="one-epoch")
    put(results / "spoiled", "example2-fast", [None, 0.1, None, 0.9, 0.9], reference="example2", spoiled="fast")
    return tmp_path


def test_honest_and_spoiled_trainings_go_through_the_rule_that_holds_for_them(folder, workbook):
    """References by their own band, solutions by their task's criterion, spoiled ones as what they were made of."""
    (found,) = assess(workbook, Bands(folder, risk=RISK))
    assert found.conditions == ("full", "full", "cpu")
    honest = {row.record.reference: row for row in found.honest}
    assert {name: row.held_against for name, row in honest.items()} == {
        "example2": "example2",
        "example3": "example3",
        "task3-narrow": "example3",
    }
    assert {name: (row.tally.trials, row.tally.caught) for name, row in honest.items()} == {
        "example2": (20, 0),
        "example3": (20, 0),
        "task3-narrow": (5, 0),
    }
    assert honest["task3-narrow"].margin == yardstick(workbook, "task3-narrow").margin > 0
    assert [(row.record.spoiled, row.tally.failed) for row in found.spoiled] == [("fast", 5), ("one-epoch", 5)]


def test_verify_prints_rates_with_their_intervals(folder, workbook):
    """A table of honest trainings, the arithmetic's own promise, a table of spoiled ones by kind."""
    said = text_of(verified(workbook, Bands(folder, risk=RISK), Language("en")))
    assert "real data · full profile · cpu" in said
    assert re.search(r"Without a margin +40 +0 +0 +0", said)
    assert re.search(r"With a margin +5 +0 +0 +0", said)
    assert "with 20 reference trainings: 1.12 % of honest models need two more" in said
    assert "at worst those of example3 at the limit of task3: 0 % need two more, 0 % end in review, 0 % fail" in said
    assert re.search(r"one epoch only +5/5 +5/5 +2.5–100 %", said)
    assert re.search(r"learning rate × 30 +5/5 +5/5 +2.5–100 %", said)
    assert re.search(r"All +10/10 +10/10", said)
    assert "All together: 10 of 10 caught (100 %), 10 of these failed." in said
    assert "Without a margin: two more 0 % (0–8.8 %), in review 0 % (0–8.8 %), failed 0 % (0–8.8 %)." in said
    assert re.search("Limit of task3-narrow: the lower limit of example3 less a margin of 0.[0-9]+", said)


def test_show_says_where_the_workbooks_figures_lie(folder, workbook):
    """An ordinary figure, one outside the band, and a claim that its own figures do not bear out."""
    said = text_of(shown(workbook, Bands(folder, risk=RISK), Language("en")))
    assert "example2: the workbook prints 0.9788, an ordinary training" in said
    assert "example3: the workbook prints 0.9910, outside our band: 20 of our 20 trainings are lower" in said
    assert (
        "68 % fewer errors than example2; by its own figures it is 58 %, by the means of these trainings 30 %" in said
    )
    assert round(fewer_errors(0.985, 0.9785), 2) == 0.3


def test_a_preview_is_called_one_and_compared_with_nothing(tmp_path, workbook):
    """Quick trainings, and those on samples, are not what the workbook's figures were made of."""
    put(tmp_path / "results", "example2", spread_around(0.9), edition="sample", profile="quick")
    put(tmp_path / "results", "example3", spread_around(0.95), edition="sample", profile="quick")
    for language, preview in (("en", "quick profile: a preview"), ("ru", "быстрый профиль: предварительно")):
        for parts in (shown, verified):
            said = text_of(parts(workbook, Bands(tmp_path, risk=RISK), Language(language)))
            assert preview in said
            assert not re.search("the workbook prints|fewer errors|0.9788|0.9910", said)
            assert not re.search("в тетради|ошибок|0,9788|0,9910", said)


def test_a_reference_without_errors_makes_no_claim(tmp_path, workbook):
    """Nothing makes fewer errors than none."""
    put(tmp_path / "results", "example2", [1.0] * 5)
    put(tmp_path / "results", "example3", spread_around(0.985))
    said = text_of(shown(workbook, Bands(tmp_path, risk=RISK), Language("en")))
    assert "example2: the workbook prints" in said
    assert "fewer errors" not in said


def test_what_cannot_be_tried_is_named(tmp_path, workbook):
    """Two trainings give no band; five do, but leave too few when three of them play the student."""
    put(tmp_path / "results", "example2", spread_around(0.9785, 2))
    put(tmp_path / "results", "example3", spread_around(0.985, 5))
    bands = Bands(tmp_path, risk=RISK)
    assert "Under 3 trainings give no band: example2." in text_of(shown(workbook, bands, Language("en")))
    said = text_of(verified(workbook, bands, Language("en")))
    assert "Too few trainings to hold some against a band of the others: example3; 6 are needed." in said
    assert re.search(r"example3 +example3 +0[.]\d+ +0[.]\d+ +0 +– +– +–", said)
    assert "Not tried, as the reference has no band: example2 (example2)." in said


def test_show_names_the_limits_that_decide(folder, workbook):
    """A task's limit is a band's lower limit less the task's margin, rounded down; other bands are there to compare."""
    bands = Bands(folder, risk=RISK)
    (example3,) = (record for record in bands.records if record.reference == "example3")
    margin = yardstick(workbook, "task3").margin
    limit = math.floor(10_000 * (bands.band_for(example3).lower - margin)) / 10_000
    said = text_of(shown(workbook, bands, Language("en")))
    assert f"Limits of tasks: task3 {limit:.4f} (example3 less {margin}). All other bands" in said


def test_an_outcome_in_which_all_kinds_are_counted_by_recipe(folder, workbook):
    """Five seeds of one recipe end mostly alike: two recipes, of which one is caught, say little about a third."""
    put(folder / "results" / "spoiled", "example3-fast", spread_around(0.985, 5), reference="example3", spoiled="fast")
    said = text_of(verified(workbook, Bands(folder, risk=RISK), Language("en")))
    assert re.search(r"learning rate × 30 +5/5 +0/5 +5/10 +1.3–98.7 %", said)


def test_where_nothing_is_on_record_both_say_what_to_do(tmp_path, workbook):
    """A workbook that was never calibrated gets a sentence, not an empty screen."""
    for parts in (shown, verified):
        assert "grader reference run" in text_of(parts(workbook, Bands(tmp_path, risk=RISK), Language("en")))


def test_our_own_records_hold_what_they_promise(workbook):
    """All references are on record for the offline data; trained in full, no honest training fails; records agree."""
    bands = Bands(shipped("reference"), risk=RISK)
    quick = {record.reference: record for record in bands.records if record.conditions == ("sample", "quick", "cpu")}
    assert set(quick) == {one.id for one in workbook.references}
    for found in assess(workbook, bands):
        failed, trials = (sum(getattr(row.tally, name) for row in found.honest) for name in ("failed", "trials"))
        assert failed <= (0.02 * trials if found.conditions[1] == "quick" else 0), found.conditions
        if found.conditions[1] == "full" and found.worst is not None:
            assert found.worst.chances.failed < 0.001, found.conditions
    results = bands.folder / "results"
    for record in (*bands.records, *load_records(results / "solutions"), *load_records(results / "spoiled")):
        assert {one.fingerprint for one in record.trainings} == {record.trainings[0].fingerprint}
        assert {one.recipe for one in record.trainings} == {record.recipe.digest}
        assert len(record.seeds) == len(record.trainings)


def test_a_free_task_is_defended_by_six_honest_architectures_and_more(workbook):
    """Tasks with a margin have as many solutions, each with its notebook, of different networks."""
    for task in ("task3", "task4"):
        names = [one.id for one in workbook.solutions if one.task == task]
        assert len(names) >= 6
        assert all((shipped("reference") / "solutions" / f"{name}.ipynb").is_file() for name in names)
        assert yardstick(workbook, task).margin > 0
