"""Verdicts become points, and a submission ends in one word."""

import base64
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.collect import collect
from grader.criteria import KINDS
from grader.criteria.case import Candidate, Match, Measurement, Tier
from grader.grade import expected_layers, status_of, task_result, totals, unjudged
from grader.inside.reasons import Reason
from grader.ledger import Ledger
from grader.match import match_task
from grader.measure import SEEDS, Measurer
from grader.pipeline import Grading, grade_submission
from grader.records import (
    DataSet,
    Ending,
    Evidence,
    Execution,
    Finding,
    Platform,
    PredictionFacts,
    Status,
    Trace,
    Verdict,
    msg,
)
from grader.reference import Bands
from grader.report.explain import on_sample
from grader.workbook import load_workbook
from tests.facts import (
    BIGGER4,
    EXAMPLE4,
    FLATTEN,
    FULL,
    MLP,
    TASK1,
    TASK3,
    Notebook,
    band,
    conv,
    data,
    dense,
    example_of,
    pool,
    training,
    unknown_data,
)
from tests.recipes import EXAMPLE2, FIT, model
from tests.sample_results import run

BOOK = load_workbook()
TASKS = {task.id: task for task in BOOK.tasks}
BANDS = {
    "task1": band("task1", lower=0.4, clearly_below=0.35, upper=0.6),
    "task2": band(),
    "example3": band("example3"),
    "example4": band("example4"),
}


def graded(task, book, *trainings, ending=Ending.COMPLETED, **more):
    """Judge one task of one notebook."""
    match = match_task(TASKS[task], [book.run(ending)])
    measured = Measurement(trainings=trainings, **more)
    return task_result(TASKS[task], match, profile=FULL, bands=BANDS, measured=measured)


def verdicts(result):
    return {one.id: str(one.verdict) for one in result.findings}


def failed(result):
    return {one.id for one in result.findings if one.verdict is Verdict.FAILED}


FINDINGS = st.lists(
    st.builds(
        Finding,
        id=st.text(),
        kind=st.text(),
        verdict=st.sampled_from(Verdict),
        points=st.integers(min_value=1, max_value=1000),
        title=st.just(msg("t")),
        expected=st.just(msg("e")),
        found=st.just(msg("f")),
    )
)


@given(FINDINGS)
def test_no_point_is_lost_or_made_up(findings):
    """Earned, in review and failed points come to the whole, in whole numbers."""
    earned, in_review, most = totals(findings)
    lost = sum(one.points for one in findings if one.verdict is Verdict.FAILED)
    assert earned + in_review + lost == most == sum(one.points for one in findings)
    assert {type(value) for value in (earned, in_review, most)} == {int}


def full_marks(task):
    """A notebook that does all a task asks for."""
    book = Notebook()
    example_of(book, task)
    if task == "task1":
        book.train(TASK1, "binary20", epochs=10)
    elif task == "task2":
        book.train(MLP, "mnist", epochs=20, batch=64)
    else:
        book.train(TASK3, "mnist", epochs=5, batch=64)
    return book


@pytest.mark.parametrize(("task", "accuracy"), [("task1", 0.5), ("task2", 0.98), ("task3", 0.98)])
def test_a_task_done_as_asked_earns_everything(task, accuracy):
    """Full marks for the worked example and the answer."""
    result = graded(task, full_marks(task), training(accuracy))
    assert (result.earned, result.in_review, result.max) == (TASKS[task].points, 0, TASKS[task].points)


def _mended_softmax():
    book = Notebook()
    example_of(book, "task1")
    book.train((dense(128, "tanh"), dense(1, "sigmoid")), "binary20")
    return book


def _split_in_task_2():
    book = Notebook()
    example_of(book, "task2")
    book.train(MLP, "mnist", epochs=20, batch=64, validation_split=0.1)
    return book


def _four_and_three():
    book = Notebook()
    example_of(book, "task3")
    layers = (conv(32), pool(), conv(32), pool(), conv(64), pool(), conv(64), dense(10, "softmax"))
    book.train(layers, "mnist", epochs=5)
    return book


def _evaluated_on_train():
    book = Notebook()
    example_of(book, "task2")
    model = book.train(MLP, "mnist", epochs=20, batch=64, test=False)
    book.evaluate(model, data("mnist"))
    return book


def _trained_on_test():
    book = Notebook()
    example_of(book, "task2")
    model = book.model(MLP, shape=(784,))
    book.fit(model, data("mnist", "mixed", 70_000), epochs=20, batch=64)
    book.evaluate(model, data("mnist", "test"))
    return book


TRAPS = {
    "a sigmoid in place of the softmax": ("task1", _mended_softmax, 1.0, {"output-layer"}),
    "a validation split in task 2": ("task2", _split_in_task_2, 0.98, {"all-data"}),
    "four convolutions and three poolings": ("task3", _four_and_three, 0.98, {"convolutions", "poolings"}),
    "evaluated on training data only": ("task2", _evaluated_on_train, 0.98, {"evaluated"}),
    "trained on test rows": ("task2", _trained_on_test, 0.99, {"all-data", "accuracy"}),
}


@pytest.mark.parametrize("case", TRAPS.values(), ids=TRAPS)
def test_a_trap_costs_its_own_points_only(case):
    """What was done right is not taken away for what was done wrong."""
    task, book, accuracy, expected = case
    result = graded(task, book(), training(accuracy))
    assert failed(result) == expected
    assert all(one.advice for one in result.findings if one.verdict is Verdict.FAILED)


def _scaled_and_a_play():
    book = Notebook()
    book.load("mnist")
    example_of(book, "task2")
    book.train(MLP, "mnist", epochs=10, batch=128)
    model = book.model(MLP, shape=(784,))
    book.fit(model, unknown_data(60_000, 784), epochs=20, batch=64)
    book.evaluate(model, unknown_data(10_000, 784))
    return book


def _batches_unseen_and_a_play():
    book = Notebook()
    example_of(book, "task2")
    book.train(MLP, "mnist", epochs=20, batch=32)
    book.fit(book.model(MLP, shape=(784,)), unknown_data(), epochs=20, batch=None)
    return book


def _centred_after_tries():
    book = Notebook()
    example_of(book, "task4")
    for epochs in (10, 15):
        book.train(BIGGER4, "cifar10", epochs=epochs, batch=64, validation_split=0.1)
    model = book.model(BIGGER4, shape=(32, 32, 3))
    book.fit(model, unknown_data(50_000, 32, 32, 3), epochs=30, batch=64)
    book.evaluate(model, unknown_data(10_000, 32, 32, 3))
    return book


def _augmented_after_a_try():
    book = Notebook()
    example_of(book, "task4")
    book.train(EXAMPLE4[2:], "cifar10", epochs=10, batch=64, validation_x=data("cifar10", "test"))
    unseen = replace(data("cifar10"), rows=None, why="image-data-generator")
    model = book.model(BIGGER4, shape=(32, 32, 3))
    book.fit(model, unseen, epochs=30, batch=None)
    book.evaluate(model, data("cifar10", "test"))
    return book


def _own_loop_and_a_play():
    book = Notebook()
    example_of(book, "task3")
    book.train((conv(8), FLATTEN, dense(10, "softmax")), "mnist", epochs=1, test=False)
    book.model(TASK3, shape=(28, 28, 1))
    book.note("custom-training")
    return book


OPEN = {
    "scaled beyond recognition, and a play": ("task2", _scaled_and_a_play),
    "batches of a generator, and a play": ("task2", _batches_unseen_and_a_play),
    "centred after tries with a validation split": ("task4", _centred_after_tries),
    "augmented after a try on all data": ("task4", _augmented_after_a_try),
    "a loop of one's own, and a play": ("task3", _own_loop_and_a_play),
}


@pytest.mark.parametrize("case", OPEN.values(), ids=OPEN)
def test_what_the_model_that_could_not_be_told_may_show_is_not_failed(case):
    """The answer may be the one that could not be recognised: a play beside it takes nothing away."""
    task, book = case[0], case[1]()
    recognised = match_task(TASKS[task], [book.run()]).candidate.tier is Tier.TRAINED
    assert failed(graded(task, book, *[training(0.3)] * (3 if recognised else 0))) == set()


def test_what_no_other_model_shows_either_stays_failed():
    """An unrecognised training with the same mistake, or that is surely worse, saves no wrong answer."""
    book = Notebook()
    example_of(book, "task2")
    book.train(MLP, "mnist", epochs=20, batch=32)
    for fit in ({"epochs": 20, "batch": 32}, {"epochs": 1, "batch": 64}):
        book.fit(book.model(MLP, shape=(784,)), unknown_data(60_000, 784), **fit)
    result = graded("task2", book, training(0.98))
    assert failed(result) == {"batch-size"}


def test_a_wrong_answer_alone_stays_failed_on_unrecognised_data():
    """What could be seen of it is judged."""
    book = Notebook()
    example_of(book, "task2")
    book.fit(book.model(MLP, shape=(784,)), unknown_data(60_000, 784), epochs=10, batch=32)
    assert failed(graded("task2", book)) == {"batch-size", "epochs", "evaluated"}


def test_a_criterion_left_open_for_another_model_says_which():
    """The lecturer must look at two models."""
    result = graded("task2", _batches_unseen_and_a_play(), training(0.98))
    found = next(one for one in result.findings if one.id == "batch-size")
    assert (found.verdict, found.found.values["cell"]) == (Verdict.REVIEW, 8)
    assert "another model may be the answer" in found.found.text


def test_resized_pictures_are_judged_by_their_layers():
    """MNIST padded to 32 × 32: the layers count, the data and the accuracy are for a person."""
    book = Notebook()
    book.load("mnist")
    example_of(book, "task3")
    model = book.model(TASK3, shape=(32, 32, 1))
    book.fit(model, unknown_data(60_000, 32, 32, 1))
    book.evaluate(model, unknown_data(10_000, 32, 32, 1))
    result = graded("task3", book)
    assert (result.earned, failed(result)) == (19, set())


def test_a_network_that_does_not_fit_keeps_the_points_of_its_layers():
    """Valid padding: five convolutions and four poolings are there, only nothing trains."""
    book = Notebook()
    example_of(book, "task3")
    book.fail("Computed output size would be negative.", (conv(32, "valid"), pool()) * 4 + (conv(64, "valid"),))
    result = graded("task3", book)
    assert failed(result) == {"output-layer", "training-data", "evaluated", "accuracy"}
    assert result.answer.runner_up is None


def test_an_empty_submission_fails_with_advice_and_loses_nothing_to_arithmetic():
    """No model found: everything failed, points still come to the task's."""
    result = graded("task2", Notebook())
    assert failed(result) == {one.id for one in TASKS["task2"].criteria}
    assert (result.earned, result.in_review, result.max) == (0, 0, 20)
    assert result.answer is None


@pytest.mark.parametrize("ending", [Ending.TIMED_OUT, Ending.OUT_OF_MEMORY, Ending.KERNEL_DIED, Ending.UNREADABLE])
def test_nothing_is_failed_in_a_submission_not_seen_to_its_end(ending):
    """What was seen and is right counts; the rest waits for a person."""
    nothing = graded("task2", Notebook(), ending=ending)
    assert nothing.in_review == 20
    some = graded("task1", full_marks("task1"), training(0.5), ending=ending)
    assert some.earned == 20


def test_a_missing_library_is_named_and_costs_nothing():
    """The student is not at fault for what is not installed here."""
    book = Notebook()
    book.error("ModuleNotFoundError", "No module named 'torch'")
    result = graded("task2", book)
    assert result.in_review == 20
    assert {one.found.values["module"] for one in result.findings} == {"torch"}


def test_a_loop_around_a_model_that_was_not_seen_costs_nothing():
    """Weights that no Keras model holds: there is nothing to judge, and nobody to blame."""
    book = Notebook()
    book.note("custom-training")
    result = graded("task3", book)
    assert (result.in_review, failed(result)) == (result.max, set())

    book.model(TASK3, shape=(28, 28, 1))  # the loop's own: what the notebook has for other tasks, it has shown
    assert failed(graded("task2", book)) == {one.id for one in TASKS["task2"].criteria}


def test_an_accuracy_waits_with_the_epochs_it_came_from():
    """Early stopping is for a person, so is what it did to the accuracy."""
    stopped, whole = Notebook(), Notebook()
    stopped.train(MLP, "mnist", epochs=20, batch=64, history={"loss": (0.1,) * 6})
    whole.train(MLP, "mnist", epochs=20, batch=64, history={"loss": (0.1,) * 20})
    low = [training(0.3)] * 3
    assert "accuracy" in failed(graded("task2", whole, *low))
    result = graded("task2", stopped, *low)
    verdicts = {one.id: one.verdict for one in result.findings}
    assert (verdicts["epochs"], verdicts["accuracy"]) == (Verdict.REVIEW, Verdict.REVIEW)


def test_what_a_missing_library_stopped_costs_nothing_beside_a_model():
    """The example ran; the task's own fit stands in the cell that stopped, after its model."""
    book = Notebook()
    example_of(book, "task2")
    book.model(MLP, shape=(784,))
    book.error(
        "ModuleNotFoundError", "No module named 'wandb'", "import wandb\nm.fit(x, y)\nm.evaluate(x_test, y_test)"
    )
    result = graded("task2", book)
    assert (result.earned, failed(result)) == (8, set())


def test_a_missing_library_saves_only_what_its_cell_could_show():
    """A drawing that failed leaves wrong epochs wrong, and an evaluation behind it open."""
    book = Notebook()
    example_of(book, "task2")
    book.train(MLP, "mnist", epochs=5, batch=64, test=False)
    book.error("ModuleNotFoundError", "No module named 'plotly'", "px.line(h)\nmodel.evaluate(x_test, y_test)")
    result = graded("task2", book, training(0.98))
    assert failed(result) == {"epochs"}
    assert verdicts(result)["evaluated"] == Verdict.REVIEW


def test_a_training_that_was_not_recorded_is_not_failed():
    """The probe could not write the event: what it would have shown is for a person, who is told why."""
    book = Notebook()
    example_of(book, "task2")
    book.model(MLP, shape=(784,))
    book.note("lost-event", "fit: TypeError: sparse array length is ambiguous (batches.py:144)")
    result = graded("task2", book)
    assert (result.earned, failed(result)) == (8, set())
    found = next(one for one in result.findings if one.id == "epochs")
    assert "could not be recorded" in found.advice.text


def test_lost_evaluations_leave_open_whether_there_was_one():
    """And nothing else."""
    book = Notebook()
    example_of(book, "task2")
    book.train(MLP, "mnist", epochs=5, batch=64, test=False)
    book.lost = ("evaluate",)
    assert failed(graded("task2", book, training(0.98))) == {"epochs"}


def test_our_own_fault_leaves_everything_to_a_person():
    """`unjudged` carries the reason into every line."""
    result = unjudged(TASKS["task3"], msg("the grader failed"))
    assert result.in_review == result.max == 30
    assert {one.found.text for one in result.findings} == {"the grader failed"}


def test_the_answer_says_where_it_comes_from_and_what_came_second():
    """A lecturer can check the match."""
    book = full_marks("task3")
    book.train((conv(8), dense(10, "softmax")), "mnist")
    answer = graded("task3", book, training(0.98), recipe="abc").answer
    assert (answer.notebook, answer.cell, answer.score, answer.best_score, answer.recipe) == (
        "work.ipynb",
        5,
        20,
        20,
        "abc",
    )
    assert answer.runner_up.values["score"] < 20
    assert answer.verified is False


def test_accuracies_stand_side_by_side():
    """Ours, the notebook's, the limit; and the median decides after a miss."""
    facts = graded("task2", full_marks("task2"), training(0.965), training(0.98), training(0.975)).accuracy
    assert (facts.decisive, facts.notebook, facts.limit, facts.evidence) == (0.975, 0.98, 0.97, Evidence.RETRAINED)
    assert facts.decided_by == 3
    assert graded("task2", full_marks("task2"), *[training(0.98)] * 3).accuracy.decided_by == 1
    own = graded("task2", full_marks("task2"), in_kernel=0.98).accuracy
    assert (own.decisive, own.trainings, own.evidence) == (0.98, (0.98,), Evidence.IN_KERNEL)
    assert graded("task2", full_marks("task2")).accuracy.evidence is None


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"loss": 0.1, "top_k_categorical_accuracy": 0.999, "accuracy": 0.97}, 0.97),
        ({"loss": 0.1, "sparse_top_k_categorical_accuracy": 0.999, "sparse_categorical_accuracy": 0.97}, 0.97),
        ({"loss": 0.1, "weighted_accuracy": 0.9, "acc": 0.97}, 0.97),
        ({"loss": 0.1, "my_acc": 0.97}, 0.97),
        ({"loss": 0.1, "accuracy": None, "categorical_accuracy": 0.97}, 0.97),
        ({"loss": 0.1, "top_5_accuracy": 0.999}, None),
    ],
)
def test_the_accuracy_is_told_from_other_metrics(results, expected):
    """In whatever order they were given to compile: that the right class is among five says little."""
    book = Notebook()
    model = book.train(MLP, "mnist", epochs=20, batch=64)
    book.evaluations[-1] = replace(book.evaluations[-1], model=model, results=results)
    assert graded("task2", book).accuracy.notebook == expected


def test_a_refused_training_does_not_hide_the_notebook_s_own_curves():
    """What we could not train again has its own history; what diverged with us has ours."""
    book, own = Notebook(), {"loss": (0.5, 0.25)}
    book.train(MLP, "mnist", epochs=2, batch=64, history=own)
    refused = replace(training(), outcome="refused", test_accuracy=None)
    assert graded("task2", book, refused).accuracy.history == own
    diverged = replace(training(), outcome="diverged", test_accuracy=None, history={"loss": (None,)})
    assert graded("task2", book, refused, diverged).accuracy.history == {"loss": (None,)}


def test_a_task_says_which_data_set_it_is_about():
    """Whether it was graded on a sample hangs on that: a sample of other data in the same run does not count."""
    result = graded("task2", full_marks("task2"))
    assert result.dataset == "mnist"
    real = next(one for one in run().datasets if one.name == "mnist")
    beside = replace(real, name="cifar10", edition="sample")
    assert not on_sample(replace(run(), datasets=(real, beside)), result)
    assert on_sample(replace(run(), datasets=(replace(real, edition="sample"), beside)), result)


def test_what_a_task_asks_for_is_written_a_line_a_layer():
    """Counts are left out where every layer is described."""
    assert expected_layers(TASKS["task1"]) == ("Dense 128 tanh", "Dense 1 softmax")
    assert expected_layers(TASKS["task3"]) == ("Conv2D × 5", "MaxPooling2D × 4", "Dense 10 softmax")
    assert expected_layers(TASKS["task4"]) == ()


# -- status -------------------------------------------------------------------------------------------------------


def status(*executions, bands=BANDS):
    matches = [match_task(task, executions) for task in BOOK.tasks]
    results = [
        task_result(task, match, profile=FULL, bands=bands) for task, match in zip(BOOK.tasks, matches, strict=True)
    ]
    return status_of(executions, matches, results)[0]


def ended(ending):
    return Execution(notebook="a.ipynb", ending=ending, reason=msg("why"))


@pytest.mark.parametrize("ending", [one for one in Ending if one is not Ending.COMPLETED])
def test_an_ending_becomes_the_status_of_its_name(ending):
    """One notebook, one ending."""
    assert status(ended(ending)) == ending.value


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Ending.TIMED_OUT, Ending.SANDBOX_FAILED, Status.SANDBOX_FAILED),
        (Ending.UNREADABLE, Ending.INTERNAL_ERROR, Status.INTERNAL_ERROR),
        (Ending.UNREADABLE, Ending.EMPTY, Status.EMPTY),
        (Ending.KERNEL_DIED, Ending.TIMED_OUT, Status.TIMED_OUT),
        (Ending.EMPTY, Ending.OUT_OF_MEMORY, Status.OUT_OF_MEMORY),
    ],
)
def test_of_several_endings_the_one_that_matters_most_counts(first, second, expected):
    """Our faults before the student's, reading before running."""
    assert status(ended(first), ended(second)) == expected


def test_an_unreadable_file_beside_a_good_one_is_a_case_for_a_person():
    """What could not be read may hold the missing answer."""
    assert status(full_marks("task1").run(), ended(Ending.UNREADABLE)) == Status.REVIEW


def test_a_notebook_without_any_model_of_ours_is_another_workbook():
    """Plain Python, or a model on other data."""
    plain, other = Notebook(), Notebook()
    plain.code("print(1)")
    other.model((dense(3),), shape=(13,))
    assert [status(plain.run()), status(other.run())] == [Status.OTHER_WORKBOOK] * 2


def test_a_notebook_that_breaks_at_its_imports_is_not_another_workbook():
    """A Keras notebook whose first cell fails is a broken answer, graded as one."""
    book = Notebook()
    book.error("ImportError", "cannot import name 'np_utils' from 'keras.utils'", "from keras.utils import np_utils")
    assert status(book.run()) == Status.GRADED


def test_a_missing_library_makes_it_a_case_for_a_person():
    """Not another workbook: we could not run it."""
    book = Notebook()
    book.error("ModuleNotFoundError", "No module named 'torch'", "import torch")
    assert status(book.run()) == Status.REVIEW


def test_uncalibrated_accuracies_are_a_case_for_a_person():
    """Never a silent zero."""
    assert status(full_marks("task2").run(), bands={}) == Status.REVIEW


@pytest.mark.parametrize(("train", "count"), [(0.99, 3), (0.9, 1)])
def test_three_trainings_are_bought_where_the_first_one_overfits(train, count):
    """One training is one seed: a gap beyond the limit is measured on three, as an accuracy under its limit is."""
    seeds = []

    class Pool:
        def train(self, recipe, dataset, profile, seed):
            seeds.append(seed)
            return training(0.8, train=train, seed=seed)

    data_set = DataSet(name="mnist", edition="sample", fingerprint="f", folder="", num_train=60000, num_test=10000)
    measurer = Measurer(trainer=Pool(), bands=None, datasets={"mnist": data_set}, profile=FULL, platform=Platform())
    only = KINDS["accuracy-gap"](id="gap", points=1, at_most=0.15)
    task = replace(TASKS["task2"], criteria=(only,), example=None)
    answer = Candidate(order=0, notebook="a.ipynb", cell=1, tier=Tier.TRAINED, layers=(), fit=FIT)
    execution = Execution(
        notebook="a.ipynb", ending=Ending.COMPLETED, trace=Trace(models=(model(EXAMPLE2),), fits=(FIT,))
    )
    measurer.measure(task, Match(candidate=answer), [execution])
    assert seeds == list(SEEDS[:count])


@pytest.mark.parametrize(
    ("why", "score"),
    [
        (Reason.WEIGHTS_SET, None),
        (Reason.WEIGHTS_LOADED, None),
        (Reason.FROM_FILE, None),
        (Reason.TRAINED_BEFORE, 0.75),
        ("of another age, or made up", 0.75),
    ],
)
def test_predictions_of_weights_from_elsewhere_are_not_scored(why, score, tmp_path):
    """What made such weights was not seen. Any other reason leaves the student's own predictions to a person."""
    np.save(tmp_path / "y_test.npy", np.array([1, 2, 3, 4], dtype=np.uint8))
    classes = base64.b64encode(bytes([1, 2, 3, 0])).decode()
    data_set = DataSet(name="mnist", edition="sample", fingerprint="f", folder=str(tmp_path), num_train=60, num_test=4)
    measurer = Measurer(trainer=None, bands=None, datasets={"mnist": data_set}, profile=FULL, platform=Platform())
    fit = replace(FIT, fresh=False, not_fresh_because=why)
    seen = PredictionFacts(model=0, after_fit=fit.fit, dataset="mnist", classes=classes)
    trace = Trace(models=(model(EXAMPLE2),), fits=(fit,), predictions=(seen,))
    answer = Candidate(order=0, notebook="a.ipynb", cell=1, tier=Tier.TRAINED, layers=(), fit=fit)
    execution = Execution(notebook="a.ipynb", ending=Ending.COMPLETED, trace=trace)
    measured = measurer.measure(TASKS["task2"], Match(candidate=answer), [execution])
    assert (measured.in_kernel, measured.trainings) == (score, ())


@pytest.mark.parametrize(("notebooks", "expected"), [(50, Verdict.FAILED), (51, Verdict.REVIEW)])
def test_a_task_is_not_missed_by_who_handed_in_more_than_is_looked_at(notebooks, expected, tmp_path):
    """The answer may be in the 51st notebook, which nobody ran; of fewer all were seen."""
    for number in range(notebooks):
        (tmp_path / "class" / "kim").mkdir(parents=True, exist_ok=True)
        (tmp_path / "class" / "kim" / f"{number}.ipynb").write_text("{}")
    (submission,) = collect([tmp_path / "class"])
    other = Notebook()
    other.train(TASK3, "mnist", epochs=5, batch=64)
    data_set = DataSet(name="mnist", edition="sample", fingerprint="f", folder="", num_train=60000, num_test=10000)
    grading = Grading(
        workbook=BOOK,
        tasks=(replace(TASKS["task2"], criteria=(KINDS["trained"](id="trained", points=1),), example=None),),
        measurer=Measurer(
            trainer=None,
            bands=Bands(tmp_path, risk=0.01),
            datasets={"mnist": data_set},
            profile=FULL,
            platform=Platform(),
        ),
        ledger=Ledger(tmp_path / "run"),
        run_notebook=lambda job, _: other.run(),
    )
    result = grade_submission(submission, grading, lambda _: None)
    (finding,) = result.tasks[0].findings
    assert finding.verdict is expected
