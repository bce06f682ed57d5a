"""What is on record is not done again."""

from dataclasses import replace

import pytest

from grader.execute import Job
from grader.ledger import Ledger
from grader.recorded import RecordedTrainings, execution_digest
from grader.records import DataSet, Limits, Platform, Profile, Recipe, Training, TrainingLimits, TrainingOutcome

DATA = DataSet(name="mnist", edition="sample", fingerprint="f1", folder="/data", num_train=6, num_test=2)
RECIPE = Recipe(layers=(), optimizer={}, loss={}, data={"dataset": "mnist"}, fit={}, digest="r1")
QUICK = Profile(name="quick", steps=120)


class Counting:
    """A trainer that says what it was asked for."""

    def __init__(self, outcome="trained"):
        self.asked, self.outcome = [], outcome

    def train(self, recipe, dataset, profile, seed):
        self.asked.append((recipe.digest, dataset.fingerprint, profile.name, seed))
        return Training(
            recipe=recipe.digest, seed=seed, dataset=dataset.name, fingerprint=dataset.fingerprint,
            profile=profile.name, device="cpu", outcome=TrainingOutcome(self.outcome), test_accuracy=0.97,
        )  # fmt: skip

    def train_with_state(self, *asked):
        return self.train(*asked), b"state"


def trainings(tmp_path, trainer, **changes):
    """Trainings of the run in ``tmp_path``."""
    given = {"limits": TrainingLimits(), "platform": Platform(keras="3.15")} | changes
    return RecordedTrainings(ledger=Ledger(tmp_path), trainer=trainer, **given)


def test_a_training_on_record_asks_no_trainer(tmp_path):
    """Scoring by another rubric needs no training process, not even one that only looks into its cache."""
    first, later = Counting(), Counting()
    made = trainings(tmp_path, first).train(RECIPE, DATA, QUICK, 1001)
    again = trainings(tmp_path, later)
    assert again.train(RECIPE, DATA, QUICK, 1001) == replace(made, cached=True)
    assert (len(first.asked), len(later.asked), again.run, again.shared) == (1, 0, 0, 1)


def test_what_a_notebook_was_given_is_what_it_is_judged_by(tmp_path):
    """A training handed to a kernel is on record; judging asks nobody, and the count says one training."""
    trainer = Counting()
    ours = trainings(tmp_path, trainer)
    given, state = ours.train_with_state(RECIPE, DATA, QUICK, 1001)
    assert state == b"state"
    assert ours.train(RECIPE, DATA, QUICK, 1001) == replace(given, cached=True)
    assert (len(trainer.asked), ours.run, ours.shared) == (1, 1, 1)


@pytest.mark.parametrize(
    "asked",
    [
        (replace(RECIPE, digest="r2"), DATA, QUICK, 1001),
        (RECIPE, replace(DATA, fingerprint="f2"), QUICK, 1001),
        (RECIPE, DATA, Profile(name="full"), 1001),
        (RECIPE, DATA, QUICK, 1002),
    ],
)
def test_another_training_is_another(tmp_path, asked):
    """Recipe, data, profile and seed decide."""
    trainer = Counting()
    trainings(tmp_path, trainer).train(RECIPE, DATA, QUICK, 1001)
    trainings(tmp_path, trainer).train(*asked)
    assert len(trainer.asked) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"platform": Platform(keras="3.16")},
        {"platform": Platform(keras="3.15", backend="jax")},
        {"limits": TrainingLimits(steps=1)},
    ],
)
def test_under_other_conditions_it_is_trained_again(tmp_path, changes):
    """So do Keras, its backend and what a training may cost."""
    trainer = Counting()
    trainings(tmp_path, trainer).train(RECIPE, DATA, QUICK, 1001)
    trainings(tmp_path, trainer, **changes).train(RECIPE, DATA, QUICK, 1001)
    assert len(trainer.asked) == 2


def test_what_a_machine_could_not_do_is_tried_again(tmp_path):
    """Only what says something about the model is kept."""
    trainer = Counting("failed")
    for _ in range(2):
        trainings(tmp_path, trainer).train(RECIPE, DATA, QUICK, 1001)
    assert len(trainer.asked) == 2


@pytest.fixture
def job(tmp_path):
    """A notebook with a file beside it."""
    (tmp_path / "a.ipynb").write_text("{}")
    (tmp_path / "b.csv").write_text("1,2")
    files = (("b.csv", tmp_path / "b.csv"),)
    return Job(
        notebook=tmp_path / "a.ipynb", files=files, out=tmp_path, datasets=(DATA,), profile=QUICK, limits=Limits()
    )


def test_an_execution_depends_on_content_not_on_names_of_notebooks(job, tmp_path):
    """A renamed notebook is not run again."""
    same = (tmp_path / "a.ipynb").rename(tmp_path / "final version.ipynb")
    other = replace(job, notebook=same, out=tmp_path / "elsewhere")
    (tmp_path / "a.ipynb").write_text("{}")
    assert execution_digest(job, {"keras": "3"}) == execution_digest(other, {"keras": "3"})


@pytest.mark.parametrize(
    "changes",
    [
        {"files": ()},
        {"datasets": (replace(DATA, fingerprint="f2"),)},
        {"profile": Profile(name="full")},
        {"limits": Limits(cell_seconds=1)},
        {"unsealed": True},
        {"shims": False},
    ],
)
def test_an_execution_is_another_when_its_surroundings_are(job, changes):
    """Files beside it, data, steps, limits, seal, who trains, versions and every byte of the files decide."""
    before = execution_digest(job, {"keras": "3"})
    assert execution_digest(replace(job, **changes), {"keras": "3"}) != before
    assert execution_digest(job, {"keras": "4"}) != before
    assert execution_digest(job, {"keras": "3"}, delegating=True) != before
    job.files[0][1].write_text("1,3")
    assert execution_digest(job, {"keras": "3"}) != before
