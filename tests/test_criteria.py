"""One criterion at a time: what passes, what fails, what stays open."""

import base64
import zlib
from array import array
from dataclasses import replace

import pytest

from grader.candidates import candidates_of
from grader.complaints import read
from grader.criteria import KINDS
from grader.criteria.base import finding
from grader.criteria.case import Candidate, Case, Measurement, Tier
from grader.criteria.tries import configuration
from grader.language import Language
from grader.match import match_task
from grader.records import CompileFacts, EvaluateFacts, FailureFacts, LayerFacts, RowFacts, Text, msg
from grader.workbook import load_workbook
from tests.facts import (
    BIGGER4,
    EXAMPLE3,
    EXAMPLE4,
    FLATTEN,
    FULL,
    MLP,
    QUICK,
    TASK1,
    TASK3,
    Notebook,
    band,
    conv,
    data,
    dense,
    example_of,
    labels,
    layer,
    pool,
    training,
    unknown_data,
)

TASKS = {task.id: task for task in load_workbook().tasks}
PASSED, FAILED, REVIEW = "passed", "failed", "review"


def criterion(kind, **settings):
    """A criterion as a task's TOML file gives it."""
    made, complaints = read(KINDS[kind], {"id": "it", "points": 1, **settings})
    assert complaints == []
    assert made.mistakes() == ()
    return made


def candidate(layers=TASK3, *, tier=Tier.TRAINED, x=None, dataset="mnist", shape=(28, 28, 1), **fit):
    """A model that was built, compiled with rmsprop and trained."""
    book = Notebook()
    number = book.model(layers, shape=shape)
    book.fit(number, x or data(dataset), **fit)
    one = book.run().trace
    return Candidate(
        order=0,
        notebook="work.ipynb",
        cell=2,
        tier=tier,
        layers=layers,
        input_shape=one.models[0].input_shape,
        output_shape=one.models[0].output_shape,
        num_params=1000,
        compile=one.compiles[0],
        fit=one.fits[0],
    )


def verdict(one, **case):
    """Judge; the answer is task 3's solution unless another is given."""
    facts = {"dataset": "mnist", "profile": FULL, "candidate": candidate()} | case
    return str(finding(one, Case(**facts)).verdict)


def of(layers, **fit):
    return {"candidate": candidate(layers, **fit)}


def joined(test_rows, tested):
    """Trained on training and test rows together, and evaluated."""
    evaluated = (EvaluateFacts(model=0, x=tested, after_fit=0),)
    return {"candidate": replace(candidate(x=data("mnist", "mixed", test_rows)), evaluations=evaluated)}


def packed(numbers):
    """Row numbers as the probe writes many of them."""
    plain = array("I", numbers).tobytes()
    return RowFacts(count=len(plain) // 4, packed=base64.b64encode(zlib.compress(plain)).decode())


def unseen(layers, *what):
    """A model that does more than its layers do."""
    return {"candidate": replace(candidate(layers), unseen=what)}


def logits(*layers, loss="sparse_categorical_crossentropy"):
    """A model without a softmax, whose loss begins with it."""
    compiled = replace(COMPILED, loss=loss, loss_config={"from_logits": True})
    return {"candidate": replace(candidate(layers), compile=compiled)}


def looped(**facts):
    """A model that was never given to ``fit``, in a notebook that trains in a loop of its own."""
    return {"candidate": replace(candidate(), fit=None, tier=Tier.UNTRAINED, own_loop=True, **facts)}


BROKEN = FailureFacts(stage="build", error="ValueError", message="Computed output size would be zero or negative.")
IDLE = LayerFacts(kind="MaxPooling2D", config={"pool_size": [1, 1], "strides": [1, 1]})
OWN = LayerFacts(kind="MyBlock", custom=True)
TWO_POOLS = (replace(conv(32), num_params=320), replace(pool(), num_params=0), FLATTEN, dense(10))
REBUILT = Measurement(trainings=(replace(training(), layers=(dense(10),)),))
COMPILED = CompileFacts(
    model=0, optimizer="SGD", optimizer_config={"learning_rate": 0.009999999776}, loss="sparse_categorical_crossentropy"
)

TABLE = [
    # layers
    ("layer-count", {"layer": "Conv2D", "exactly": 5}, {}, PASSED),
    ("layer-count", {"layer": "Conv2D", "exactly": 5}, of(EXAMPLE3), FAILED),
    ("layer-count", {"layer": "Conv2D", "at_least": 6}, {}, FAILED),
    ("layer-count", {"layer": "Conv2D", "at_most": 4}, {}, FAILED),
    ("layer-count", {"layer": "Conv2D", "at_least": 4, "at_most": 6}, {}, PASSED),
    ("layer-count", {"layer": "Conv2D", "exactly": 5}, of((OWN, dense(10))), REVIEW),
    ("layer-count", {"layer": "Conv2D", "exactly": 0}, of(MLP), PASSED),
    ("layer-count", {"layer": "MaxPooling2D", "exactly": 4}, of((*[pool()] * 4, dense(10))), PASSED),
    ("layer-count", {"layer": "MaxPooling2D", "exactly": 4}, of((*[IDLE] * 4, dense(10))), FAILED),
    ("layer-count", {"layer": "MaxPooling2D", "exactly": 4}, unseen(TWO_POOLS, "call"), REVIEW),
    ("layer-count", {"layer": "MaxPooling2D", "exactly": 4}, unseen(MLP, "call"), REVIEW),
    ("layer-count", {"layer": "MaxPooling2D", "exactly": 4}, of(MLP), FAILED),
    ("layer-count", {"layer": "Conv2D", "exactly": 5}, unseen(MLP, "call"), FAILED),
    ("layer-count", {"layer": "MaxPooling2D", "exactly": 4}, unseen(TWO_POOLS, "TrueDivide"), FAILED),
    ("layer-count", {"layer": "MaxPooling2D", "exactly": 0}, unseen(TWO_POOLS, "call"), FAILED),
    ("layer-count", {"layer": "Conv2D", "exactly": 5}, unseen(TWO_POOLS, "call"), FAILED),
    ("layer-order", {"layers": ["Conv2D", "MaxPooling2D", "Flatten", "Dense"]}, {}, PASSED),
    ("layer-order", {"layers": ["Flatten", "Conv2D"]}, {}, FAILED),
    ("layer-order", {"layers": ["Dense", "Dense"]}, {}, FAILED),
    ("layer-order", {"layers": ["Dense", "Dense"]}, of((OWN, dense(10))), REVIEW),
    ("layer-order", {"layers": ["Flatten", "Dense"]}, of((OWN, FLATTEN, dense(10))), PASSED),
    ("layer", {"layer": "Dense", "position": -1, "units": 10, "activation": "softmax"}, {}, PASSED),
    ("layer", {"layer": "Dense", "position": -1, "units": 10, "activation": "softmax"}, of((dense(10, "sigmoid"),)), FAILED),
    ("layer", {"layer": "Dense", "position": -1, "activation": "softmax"}, of((dense(10), layer("Softmax"))), PASSED),
    ("layer", {"layer": "Dense", "activation": "softmax"}, of((dense(10), layer("Activation", activation="softmax"))), PASSED),
    ("layer", {"layer": "Dense", "activation": "relu"}, of((dense(9), layer("BatchNormalization"), layer("ReLU"))), PASSED),
    ("layer", {"layer": "Dense", "activation": "softmax"}, of((dense(10),)), FAILED),
    ("layer", {"layer": "Dense", "position": 2, "units": 10}, of((dense(10),)), FAILED),
    ("layer", {"layer": "Dense", "position": -2, "units": 10}, of((dense(10), dense(1))), PASSED),
    ("layer", {"layer": "Dense", "units": 10}, of((OWN,)), REVIEW),
    ("layer", {"layer": "Dense", "units": 128}, of((OWN, dense(10))), REVIEW),
    ("layer", {"layer": "Dense", "units": 128}, of((FLATTEN, dense(10))), FAILED),
    ("layer", {"layer": "Dense", "units": 10}, of((OWN, dense(10))), PASSED),
    ("layer", {"layer": "Dense", "units": 10}, of((layer("Dense"),)), REVIEW),
    ("layer", {"layer": "Dense", "activation": "relu"}, of((dense(9, "ReLU(negative_slope=0.0, threshold=0.0)"),)), PASSED),
    ("layer", {"layer": "Dense", "activation": "softmax"}, of((dense(9, "Activation(activation=softmax)"),)), PASSED),
    ("layer", {"layer": "Dense", "activation": "softmax"}, of((dense(9, "ReLU(negative_slope=0.0)"),)), FAILED),
    ("layer", {"layer": "Dense", "activation": "softmax"}, of((dense(9, "my_softmax"),)), REVIEW),
    ("layer", {"layer": "Dense", "activation": "softmax"}, of((dense(10), layer("Lambda"))), REVIEW),
    ("layer", {"layer": "Dense", "units": 10, "activation": "softmax"}, logits(dense(10)), PASSED),
    ("layer", {"layer": "Dense", "units": 10, "activation": "softmax"}, logits(dense(9)), FAILED),
    ("layer", {"layer": "Dense", "activation": "softmax"}, logits(dense(10, "relu")), FAILED),
    ("layer", {"layer": "Dense", "activation": "softmax"}, logits(dense(10), dense(10)), FAILED),
    ("layer", {"layer": "Dense", "activation": "softmax"}, logits(dense(1), loss="binary_crossentropy"), FAILED),
    ("layer", {"layer": "Dense", "activation": "softmax"}, of((dense(10), OWN)), REVIEW),
    ("layer", {"layer": "Dense", "activation": "softmax"}, unseen((dense(10),), "TrueDivide"), REVIEW),
    ("layer", {"layer": "Dense", "activation": "softmax"}, unseen((dense(10, "relu"),), "TrueDivide"), FAILED),
    ("layer", {"layer": "Dense", "units": 9, "activation": "softmax"}, unseen((dense(10),), "call"), FAILED),
    ("layer", {"layer": "Dense", "activation": "softmax"}, unseen((dense(10),), "call") | {"measured": REBUILT}, FAILED),
    ("layer", {"layer": "Conv2D", "kernel_size": 3, "padding": "same"}, {}, PASSED),
    ("layer", {"layer": "Conv2D", "kernel_size": [3, 3], "strides": 1}, {}, PASSED),
    ("layer", {"layer": "Conv2D", "kernel_size": [5, 5]}, {}, FAILED),
    ("layer", {"layer": "Conv2D", "padding": "valid"}, {}, FAILED),
    ("layer", {"layer": "Dropout", "rate": 0.5}, of((layer("Dropout", rate=0.25),)), FAILED),
    ("layer", {"layer": "MaxPooling2D", "pool_size": 2}, {}, PASSED),
    # shapes
    ("input-shape", {"shape": [28, 28, 1]}, {}, PASSED),
    ("input-shape", {"shape": [784]}, {}, FAILED),
    ("input-shape", {"shape": [784]}, of(MLP, shape=None), REVIEW),
    ("output-shape", {"shape": [10]}, {}, PASSED),
    ("output-shape", {"shape": [1]}, {}, FAILED),
    ("output-shape", {"shape": [10]}, of((FLATTEN,)), REVIEW),
    ("parameter-count", {"at_most": 1000}, {}, PASSED),
    ("parameter-count", {"at_most": 999}, {}, FAILED),
    ("parameter-count", {"exactly": 5}, {"candidate": replace(candidate(), num_params=None)}, REVIEW),
    ("parameter-count", {"exactly": 7}, {"measured": Measurement(trainings=(replace(training(), num_params=7),))}, PASSED),
    # compile
    ("loss", {"one_of": ["binary_crossentropy"]}, {}, PASSED),
    ("loss", {"one_of": ["categorical_crossentropy"]}, {}, FAILED),
    ("loss", {"one_of": ["sparse_categorical_crossentropy"]}, {"candidate": replace(candidate(), compile=COMPILED)}, PASSED),
    ("loss", {"one_of": ["binary_crossentropy"]}, {"candidate": replace(candidate(), compile=None)}, FAILED),
    ("loss", {"one_of": ["hinge"]}, {"candidate": replace(candidate(), compile=replace(COMPILED, loss_custom=True))}, REVIEW),
    ("optimizer", {"name": "rmsprop"}, {}, PASSED),
    ("optimizer", {"name": "RMSProp"}, {}, PASSED),
    ("optimizer", {"name": "adam"}, {}, FAILED),
    ("optimizer", {"name": "adam"}, {"candidate": replace(candidate(), compile=None)}, FAILED),
    ("optimizer", {"name": "adam"}, looped(compile=None), REVIEW),
    ("optimizer", {"name": "adam"}, looped(), FAILED),
    ("loss", {"one_of": ["hinge"]}, looped(compile=None), REVIEW),
    ("optimizer", {"name": "sgd", "arguments": {"learning_rate": 0.01}}, {"candidate": replace(candidate(), compile=COMPILED)}, PASSED),
    ("optimizer", {"name": "sgd", "arguments": {"learning_rate": 0.1}}, {"candidate": replace(candidate(), compile=COMPILED)}, FAILED),
    ("optimizer", {"name": "sgd", "arguments": {"momentum": 0.9}}, {"candidate": replace(candidate(), compile=COMPILED)}, REVIEW),
    # fit
    ("batch-size", {"exactly": 64}, of(TASK3, batch=64), PASSED),
    ("batch-size", {"exactly": 64}, of(TASK3, batch=32), FAILED),
    ("batch-size", {"exactly": 64}, of(TASK3, batch=None), REVIEW),
    ("batch-size", {"exactly": 64}, {"candidate": replace(candidate(), fit=None, tier=Tier.UNTRAINED)}, FAILED),
    ("epochs", {"exactly": 20}, of(TASK3, epochs=20), PASSED),
    ("epochs", {"exactly": 20}, of(TASK3, epochs=5), FAILED),
    ("epochs", {"exactly": 20}, of(TASK3, epochs=25, initial_epoch=5), PASSED),
    ("epochs", {"exactly": 20}, of(TASK3, epochs=1) | {"candidate": replace(of(TASK3, epochs=1)["candidate"], epochs_before=19)}, REVIEW),
    ("epochs", {"exactly": 20}, of(TASK3, epochs=20, history={"loss": (0.1,) * 7}), REVIEW),
    ("validation-split", {"present": False}, {}, PASSED),
    ("validation-split", {"present": False}, of(TASK3, validation_split=0.1), FAILED),
    ("validation-split", {"present": False}, of(TASK3, validation_split=0.1, validation_x=data("mnist", "test")), PASSED),
    ("validation-split", {"present": False}, of(TASK3, validation_x=data("mnist", "test")), PASSED),
    ("validation-split", {"present": False}, of(TASK3, validation_x=data("mnist", rows=100)), FAILED),
    ("validation-split", {"present": False}, of(TASK3, validation_x=unknown_data(9, 784)), REVIEW),
    ("validation-split", {"present": True}, of(TASK3, validation_split=0.1), PASSED),
    ("validation-split", {"present": True}, {}, FAILED),
    # data
    ("training-data", {}, {}, PASSED),
    ("training-data", {}, of(TASK3, x=data("mnist", rows=1000)), PASSED),
    ("training-data", {}, of(TASK3, x=data("mnist", "test")), FAILED),
    ("training-data", {}, of(TASK3, x=data("mnist", "mixed", 100)), REVIEW),
    ("training-data", {}, joined(70_000, data("mnist", "test")), FAILED),
    ("training-data", {}, joined(100, data("mnist", "test")), FAILED),
    ("training-data", {}, joined(9_000, data("mnist", "mixed", 1_000)), REVIEW),
    ("training-data", {}, joined(3_000, data("mnist", "test", 7_000)), REVIEW),
    ("training-data", {}, of(TASK3, x=data("mnist", "mixed", 70_000), validation_x=data("mnist", "test")), FAILED),
    ("training-data", {}, of(TASK3, agree=0.1), FAILED),
    ("training-data", {}, of(TASK3, agree=None), REVIEW),
    ("training-data", {}, of(TASK3, x=unknown_data(60_000, 784), tier=Tier.UNRECOGNISED), REVIEW),
    ("training-data", {}, of(TASK3, x=replace(data("mnist"), unknown_rows=5)), REVIEW),
    ("training-data", {"all": True}, {}, PASSED),
    ("training-data", {"all": True}, of(TASK3, x=data("mnist", rows=59_999)), FAILED),
    ("training-data", {"all": True}, of(TASK3, validation_split=0.1), FAILED),
    ("training-data", {"all": True}, of(TASK3, validation_split=0.1, validation_x=data("mnist", "test")), PASSED),
    ("training-data", {"all": True}, of(TASK3, x=replace(data("mnist"), rows=RowFacts(count=60_000, ranges=((0, 30_000),) * 2))), FAILED),
    ("training-data", {"all": True}, of(TASK3, x=replace(data("mnist"), rows=RowFacts(count=60_000, packed="AAAA"))), REVIEW),
    ("training-data", {"all": True}, of(TASK3, x=replace(data("mnist"), rows=packed(range(60_000)))), PASSED),
    ("training-data", {"all": True}, of(TASK3, x=replace(data("mnist"), rows=packed([*range(59_999), 0]))), FAILED),
    ("training-data", {"all": True}, of(TASK3, steps_per_epoch=1), FAILED),
    ("training-data", {"all": True}, of(TASK3, steps_per_epoch=938, batch=64), PASSED),
    ("training-data", {}, of(TASK3, x=replace(data("mnist"), rows=None), agree=None), REVIEW),
    ("training-data", {"all": True}, of(TASK3, x=replace(data("mnist"), rows=RowFacts(count=2**62, packed="AAAA"))), REVIEW),
    ("training-data", {"all": True}, of(TASK1, dataset="binary20") | {"dataset": "binary20"}, PASSED),
    # runs
    ("trained", {}, {}, PASSED),
    ("trained", {}, of(TASK3, tier=Tier.UNTRAINED, completed=False, error="ValueError: shapes"), FAILED),
    ("trained", {}, {"candidate": replace(candidate(), tier=Tier.FAILED, fit=None, failure=BROKEN)}, FAILED),
    ("evaluated", {}, {}, FAILED),
    ("evaluated", {}, of(TASK3, validation_x=data("mnist", "test")), PASSED),
    ("evaluated", {}, of(TASK3, validation_x=data("mnist", "test", 1)), REVIEW),
    ("evaluated", {"on": "train"}, {}, FAILED),
    ("example-run", {}, {}, FAILED),
    ("example-run", {}, {"example_runs": (candidate(EXAMPLE3),)}, PASSED),
    ("example-run", {}, {"candidate": None, "cut_short": msg("timed out")}, REVIEW),
    ("example-run", {}, {"others": (candidate(EXAMPLE3),)}, FAILED),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "settings", "case", "expected"), TABLE)
def test_a_criterion_reaches_the_verdict_written_beside_it(kind, settings, case, expected):
    """Kind, settings, facts, verdict."""
    assert verdict(criterion(kind, **settings), **case) == expected


def looked_at(x, how="evaluations"):
    return {"candidate": replace(candidate(), **{how: (EvaluateFacts(model=0, x=x, after_fit=0),)})}


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (looked_at(data("mnist", "test")), PASSED),
        (looked_at(data("mnist")), FAILED),
        (looked_at(unknown_data(10_000, 784)), REVIEW),
        (looked_at(data("mnist", "test"), "predicts"), PASSED),
        (looked_at(data("mnist", "test", 9), "predicts"), FAILED),
        (looked_at(data("cifar10", "test")), FAILED),
    ],
)
def test_evaluated_wants_test_rows_after_the_training(case, expected):
    """`evaluate` on test rows or `predict` over all of them; training rows do not count."""
    assert verdict(criterion("evaluated", on="test"), **case) == expected


# -- accuracy -----------------------------------------------------------------------------------------------------

BANDS = {"task2": band()}  # lower 0.97, clearly below 0.96


def measured(*accuracies, **more):
    return {"bands": BANDS, "measured": Measurement(trainings=tuple(training(one) for one in accuracies), **more)}


ACCURACY = [
    (measured(0.98), PASSED),
    (measured(0.97), PASSED),
    (measured(0.9699), REVIEW),
    (measured(0.9699, 0.97, 0.98), PASSED),
    (measured(0.95, 0.99, 0.9699), REVIEW),
    (measured(0.95, 0.96, 0.9599), FAILED),
    (measured(0.5, 0.5, 0.5), FAILED),
    (measured(0.999), PASSED),
    (measured(), REVIEW),
    (measured() | {"bands": {}}, REVIEW),
    (measured(0.5, 0.5, 0.5) | {"bands": {}}, REVIEW),
    (measured(in_kernel=0.98), REVIEW),
    (measured(in_kernel=0.1), REVIEW),
    (measured(in_kernel=0.9999), REVIEW),
    (measured(reason=msg("a custom layer")), REVIEW),
    ({"bands": BANDS, "measured": Measurement(trainings=(training(None, outcome="refused"),))}, REVIEW),
    ({"bands": BANDS, "measured": Measurement(trainings=(training(None, outcome="failed"),))}, REVIEW),
    ({"bands": BANDS, "measured": Measurement(trainings=(training(None, outcome="diverged"),) * 3)}, FAILED),
    ({"bands": BANDS, "measured": Measurement(trainings=(training(None, outcome="diverged"), training(0.5)))}, REVIEW),
    (measured(0.99) | joined(70_000, data("mnist", "test")), FAILED),
    (measured(0.99) | joined(9_000, data("mnist", "mixed", 1_000)), REVIEW),
    (measured(0.99) | of(TASK3, x=data("mnist", "mixed", 9_000)), REVIEW),
    (measured(0.99) | of(TASK3, x=data("mnist", "test")), FAILED),
    (measured() | {"candidate": replace(candidate(), tier=Tier.UNTRAINED, fit=None)}, FAILED),
    (measured(0.98) | {"candidate": None}, FAILED),
]


@pytest.mark.parametrize(("case", "expected"), ACCURACY)
def test_accuracy_is_held_against_the_band(case, expected):
    """One good training decides; a miss takes the median of three; what is not known stays open."""
    assert verdict(criterion("accuracy", reference="task2"), **case) == expected


@pytest.mark.parametrize(
    ("trainings", "profile", "expected"),
    [
        ([training(0.98)], FULL, False),
        ([training(0.96)], FULL, True),
        ([training(0.96)], QUICK, False),
        ([training(None, outcome="diverged")], FULL, True),
        ([training(None, outcome="refused")], FULL, False),
        ([training(0.9)] * 3, FULL, False),
        ([], FULL, False),
    ],
)
def test_two_more_trainings_are_bought_only_after_a_miss(trainings, profile, expected):
    """A margin of its own makes the quick profile more patient."""
    one = criterion("accuracy", reference="task2", margin=0.0, margin_quick=0.25)
    assert one.needs_more(trainings, {one.reference: band()}, profile) is expected
    assert one.needs_more(trainings, {}, profile) is False


def test_the_limit_that_is_shown_is_the_limit_that_holds():
    """An accuracy that reads like the limit reaches it: 0.9814 passes where 0.98143 was computed."""
    one, bands = criterion("accuracy", reference="task2"), {"task2": band(lower=0.98143)}
    assert one.limit(bands["task2"], FULL) == 0.9814
    assert [verdict(one, **measured(value) | {"bands": bands}) for value in (0.9814, 0.9813)] == [PASSED, REVIEW]


def test_a_margin_moves_both_limits():
    """With a margin of 0.02 what was clearly below is under the limit by little."""
    one = criterion("accuracy", reference="task2", margin=0.02)
    assert [verdict(one, **measured(*[value] * 3)) for value in (0.951, 0.945, 0.93)] == [PASSED, REVIEW, FAILED]


@pytest.mark.parametrize(
    ("own", "word"), [(0.98, "as good as asked for"), (0.1, "less than asked for"), (0.9999, "look for leakage")]
)
def test_accuracy_by_the_notebooks_own_predictions_is_for_a_person(own, word):
    """Nobody passes or fails by it; what was found says how good it is, and that the notebook has the labels."""
    found = finding(
        criterion("accuracy", reference="task2"),
        Case(dataset="mnist", profile=FULL, candidate=candidate(), **measured(in_kernel=own)),
    )
    assert found.verdict == REVIEW
    assert found.found.values["accuracy"] == own
    assert "the notebook's kernel" in found.found.text
    assert word in found.found.text


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        ([0.99], PASSED),
        ([1.2], REVIEW),
        ([1.2, 1.2, 0.99], FAILED),
        ([1.2, 0.99, 0.99], PASSED),
        ([0.99, 1.2, 1.2], FAILED),
        ([1.2, 1.2, None], REVIEW),
        ([None], REVIEW),
    ],
)
def test_overfitting_is_the_gap_between_our_own_accuracies(train, expected):
    """Training accuracy less test accuracy, both ours: of one training that keeps the limit, or the median of three."""
    case = {"measured": Measurement(trainings=tuple(training(0.98, train=one) for one in train))}
    assert verdict(criterion("accuracy-gap", at_most=0.15), **case) == expected


def test_a_gap_of_trainings_that_diverge_is_failed_by_three_of_them():
    """One without a finite loss is chance; where no band buys two more, the gap does."""
    gap, diverged = criterion("accuracy-gap", at_most=0.15), training(None, outcome="diverged")
    case = {count: {"measured": Measurement(trainings=(diverged,) * count)} for count in (1, 3)}
    assert [verdict(gap, **case[count]) for count in (1, 3)] == [REVIEW, FAILED]


@pytest.mark.parametrize(
    ("trainings", "expected"),
    [
        ([training(0.8, train=0.99)], True),
        ([training(0.85, train=1.0)], False),
        ([training(0.8, train=None)], False),
        ([training(None, outcome="diverged")], True),
        ([training(None, outcome="diverged")] * 3, False),
        ([training(0.8, train=0.99)] * 3, False),
        ([], False),
    ],
)
def test_a_gap_beyond_the_limit_buys_two_more_trainings(trainings, expected):
    """Chance decides about one training; figures are compared without the noise of their subtraction."""
    assert criterion("accuracy-gap", at_most=0.15).needs_more(trainings, {}, FULL) is expected


# -- tries --------------------------------------------------------------------------------------------------------


def tried(*layers_and_fits, example=True):
    """Verdicts of task 4's criteria about what was tried, by id."""
    book = Notebook()
    if example:
        example_of(book, "task4")
    for layers, fit in layers_and_fits:
        book.train(layers, "cifar10", **fit)
    task = TASKS["task4"]
    match = match_task(task, [book.run()])
    case = Case(
        dataset="cifar10",
        profile=FULL,
        signs=task.signs,
        candidate=match.candidate,
        others=match.others,
        example_runs=match.example_runs,
    )
    return {
        one.id: str(finding(one, case).verdict) for one in task.criteria if one.kind in {"varied", "configurations"}
    }


def test_a_better_network_with_other_settings_varies_everything():
    """Units, layers, epochs and batch size all differ from the example."""
    got = tried((BIGGER4, {"epochs": 30, "batch": 64}), (BIGGER4, {"epochs": 10, "batch": 64}))
    assert set(got.values()) == {PASSED}


def test_only_the_example_varies_nothing():
    """Running the example is no try of one's own."""
    assert set(tried().values()) == {FAILED}


@pytest.mark.parametrize(
    ("layers", "fit", "passed"),
    [
        (EXAMPLE4, {"epochs": 50, "batch": 32}, {"epochs"}),
        (EXAMPLE4, {"epochs": 25, "batch": 128}, {"batch-size"}),
        (EXAMPLE4, {"epochs": 50, "initial_epoch": 25, "batch": 128}, {"batch-size"}),
        ((*EXAMPLE4[:-2], dense(256, "relu"), dense(10, "softmax")), {"epochs": 25, "batch": 32}, {"units"}),
        ((conv(32), *EXAMPLE4), {"epochs": 25, "batch": 32}, {"hidden-layers"}),
        (EXAMPLE4[2:], {"epochs": 25, "batch": 32}, set()),
        ((conv(32), conv(64), conv(64), FLATTEN, dense(64), dense(10)), {"epochs": 25, "batch": 32}, {"units"}),
        ((*EXAMPLE4[:7], dense(64), *EXAMPLE4[7:]), {"epochs": 25, "batch": 32}, {"hidden-layers"}),
    ],
)
def test_each_aspect_is_seen_by_itself(layers, fit, passed):
    """One change, one aspect; taking layers away is not more layers."""
    got = tried((layers, fit))
    assert {name for name, one in got.items() if one == PASSED} == passed


def test_a_training_is_as_long_as_it_counts_its_epochs():
    """From ``initial_epoch`` on: to count from another number is no other configuration."""
    counted, plain, longer = (
        candidate(**epochs) for epochs in ({"epochs": 50, "initial_epoch": 25}, {"epochs": 25}, {"epochs": 50})
    )
    assert configuration(counted) == configuration(plain) != configuration(longer)


def test_who_starts_small_and_adds_layers_has_added_layers():
    """Layers may be added to the example or to a network of one's own; a smaller network alone adds none."""
    small, larger = (conv(32), *EXAMPLE4[-2:]), (conv(32), conv(64), *EXAMPLE4[-2:])
    assert tried((small, {}), (larger, {}))["hidden-layers"] == PASSED
    assert tried((small, {}), (small, {"epochs": 9}))["hidden-layers"] == FAILED


def test_without_the_example_its_signs_stand_in_for_it():
    """The signs know epochs, batch size and some layers."""
    got = tried((BIGGER4, {"epochs": 30, "batch": 64}), example=False)
    assert got == {"units": PASSED, "hidden-layers": PASSED, "epochs": PASSED, "batch-size": PASSED, "tries": FAILED}


def test_an_example_that_stopped_early_may_be_a_try():
    """It counts for sure where the example was run besides."""
    stopped = {"epochs": 25, "batch": 32, "validation_split": 0.1, "history": {"loss": (0.1,) * 9}}
    assert tried((EXAMPLE4, stopped), (BIGGER4, {}), example=False)["tries"] == REVIEW
    assert tried((EXAMPLE4, stopped), (BIGGER4, {}))["tries"] == PASSED


@pytest.mark.parametrize(
    ("task", "layers", "dataset", "fit", "expected"),
    [
        (
            "task4",
            EXAMPLE4,
            "cifar10",
            {"epochs": 25, "history": {"loss": (0.1,) * 9}, "validation_split": 0.1},
            REVIEW,
        ),
        ("task4", EXAMPLE4, "cifar10", {"epochs": 9, "validation_split": 0.1}, FAILED),
        ("task2", MLP, "mnist", {"epochs": 5, "batch": None}, REVIEW),
        ("task2", MLP, "mnist", {"epochs": 6, "batch": None}, FAILED),
    ],
)
def test_an_example_that_could_not_be_told_is_not_failed(task, layers, dataset, fit, expected):
    """Stopped early by a callback, or through a pipeline that hides its batches: no sign speaks against it."""
    book = Notebook()
    book.train(layers, dataset, **fit)
    match = match_task(TASKS[task], [book.run()])
    case = Case(dataset=dataset, profile=FULL, signs=TASKS[task].signs, others=match.others)
    assert str(finding(criterion("example-run"), case).verdict) == expected


def test_the_same_configuration_twice_is_one_try():
    """Names and repeats do not make a variant."""
    assert tried((BIGGER4, {"epochs": 30}), (BIGGER4, {"epochs": 30}))["tries"] == FAILED


# -- what holds for all -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_without_an_answer_nothing_passes_and_everything_says_what_to_do(kind):
    """No model found: failed, with advice; cut short or a library missing: review."""
    one = criterion(kind, **SETTINGS.get(kind, {}))
    empty = Case(dataset="mnist", profile=FULL, bands=BANDS)
    found = finding(one, empty)
    assert (str(found.verdict), found.advice is not None) == (FAILED, True)
    for unseen in ({"cut_short": msg("timed out")}, {"missing": msg("no torch")}, {"unseen_loop": msg("a loop")}):
        assert str(finding(one, replace(empty, **unseen)).verdict) == REVIEW


SETTINGS = {
    "layer-count": {"layer": "Dense", "exactly": 2},
    "layer-order": {"layers": ["Dense"]},
    "layer": {"layer": "Dense", "units": 1},
    "input-shape": {"shape": [20]},
    "output-shape": {"shape": [10]},
    "parameter-count": {"at_most": 9},
    "loss": {"one_of": ["hinge"]},
    "optimizer": {"name": "adam"},
    "batch-size": {"exactly": 1},
    "epochs": {"exactly": 1},
    "validation-split": {"present": True},
    "configurations": {"at_least": 1},
    "varied": {"aspect": "epochs"},
    "accuracy": {"reference": "task2"},
    "accuracy-gap": {"at_most": 0.1},
}


def test_what_was_cut_short_is_never_failed():
    """The right model may stand behind the cell that ran out of time."""
    wrong = {"candidate": candidate(EXAMPLE3), "cut_short": msg("timed out")}
    assert verdict(criterion("layer-count", layer="Conv2D", exactly=5), **wrong) == REVIEW


def test_a_broken_model_is_explained_by_what_broke_it():
    """Task 3 with valid padding: the layers that stood are judged, the advice is about padding."""
    broken = replace(candidate((conv(32), pool()) * 4), tier=Tier.FAILED, fit=None, failure=BROKEN)
    found = finding(
        criterion("layer-count", layer="Conv2D", exactly=5), Case(dataset="mnist", profile=FULL, candidate=broken)
    )
    assert str(found.verdict) == FAILED
    assert "28 → 14 → 7 → 3 → 1" in found.advice.en


def test_the_lecturers_own_advice_replaces_ours():
    """Both languages come from the TOML file."""
    own = criterion(
        "epochs", exactly=20, advice={"ru": "Двадцать", "en": "Twenty"}, title={"ru": "Эпохи", "en": "Epochs"}
    )
    found = finding(own, Case(dataset="mnist", profile=FULL, candidate=candidate()))
    assert found.advice == Text(ru="Двадцать", en="Twenty")
    assert found.title == Text(ru="Эпохи", en="Epochs")


def test_a_passed_criterion_gives_no_advice():
    """Advice is for what can be mended."""
    assert finding(criterion("trained"), Case(dataset="mnist", profile=FULL, candidate=candidate())).advice is None


def test_the_rebuilt_model_is_believed_before_the_notebook():
    """The trace is a claim; what we rebuilt is a fact."""
    rebuilt = Measurement(trainings=(replace(training(), layers=EXAMPLE3),))
    assert verdict(criterion("layer-count", layer="Conv2D", exactly=5), measured=rebuilt) == FAILED


@pytest.mark.parametrize(
    ("accuracy", "clearly_below", "expected"),
    [(0.99, 0.975, PASSED), (0.995, 0.96, REVIEW), (0.995, 0.975, FAILED), (0.965, 0.96, REVIEW)],
)
def test_an_accuracy_of_both_sides_misses_above_the_band_too(accuracy, clearly_below, expected):
    """Above the band by chance is for a person; as far above the mean as clearly below lies under it, it is failed."""
    settings = {
        "measured": Measurement(trainings=(training(accuracy),) * 3),
        "bands": {"task2": band(clearly_below=clearly_below)},
    }
    both = criterion("accuracy", reference="task2", both_sides=True)
    assert verdict(both, **settings) == expected
    one_sided = verdict(criterion("accuracy", reference="task2"), **settings)
    assert one_sided == (PASSED if accuracy > 0.97 else expected)


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [((0.999,), REVIEW), ((0.999, 0.98, 0.981), PASSED), ((0.999, 0.98, 0.998), FAILED)],
)
def test_from_above_too_a_miss_buys_two_more_and_the_median_decides(accuracies, expected):
    """One training alone fails nobody, on neither side."""
    both = criterion("accuracy", reference="task2", both_sides=True)
    bands = {"task2": band(clearly_below=0.975)}
    trainings = tuple(map(training, accuracies))
    assert both.needs_more(trainings[:1], bands, FULL)
    assert verdict(both, measured=Measurement(trainings=trainings), bands=bands) == expected


def test_labels_are_drawn_by_the_student_in_task_1():
    """`np.random.randint` labels have no right values to compare with."""
    one = candidate(TASK1, dataset="binary20", shape=(20,))
    assert one.fit.y == labels(None)
    assert verdict(criterion("training-data"), candidate=one, dataset="binary20") == PASSED


@pytest.mark.parametrize(
    ("reference", "words"),
    [("example3", "as example 3 reaches"), ("task2", "our solution of task 2 reaches"), ("toy", "“toy” reaches")],
)
def test_an_accuracy_that_was_never_judged_says_what_was_asked(reference, words):
    """Without an answer or a band there is no figure to name; the reference is named in words, not by its file."""
    found = finding(criterion("accuracy", reference=reference), Case(dataset="mnist", profile=FULL))
    assert words in Language("en").say(found.expected)


def test_epochs_of_fits_that_go_on_from_each_other_add_up():
    """A loop of one-epoch fits is twenty epochs for a person to see; a forged circle of fits ends."""
    book = Notebook()
    number = book.model(TASK3, shape=(28, 28, 1))
    for fit in range(20):
        book.fit(number, data("mnist"), epochs=1, follows=fit - 1 if fit else None)
    assert [one.epochs_before for one in candidates_of([book.run()])] == list(range(20))
    book.fit(number, data("mnist"), epochs=1, follows=20)
    assert candidates_of([book.run()])[-1].epochs_before == 0
