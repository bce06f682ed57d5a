"""Errors in plain words."""

import pytest

from grader.hints import failure_advice, hints_of
from grader.language import Language
from grader.records import (
    ArrayFacts,
    CompileFacts,
    Ending,
    Execution,
    FailureFacts,
    FitFacts,
    LayerFacts,
    ModelFacts,
    NoteFacts,
    Trace,
)
from tests.facts import cells_of

say = Language("en").say


def notebook(*cells, notes=()):
    """Cells as (source, error, message); no error, no failure."""
    return Execution(notebook="a.ipynb", ending=Ending.COMPLETED, cells=cells_of(cells), trace=Trace(notes=notes))


def test_python_2_is_told_by_cell_and_line_with_its_fix():
    """What did not run is named with the line to write; no other syntax error is taken for Python 2."""
    (hint,) = hints_of(notebook(("x = 1\nprint 'rows', x\nprint x", "SyntaxError", "Missing parentheses")))
    assert (hint.values["line"], hint.values["write"], hint.values["count"]) == (2, "print('rows', x)", 2)
    (hint,) = hints_of(notebook(("try:\n    1\nexcept IOError, e:\n    pass", "SyntaxError", "invalid")))
    assert hint.values["write"] == "except IOError as e:"
    (hint,) = hints_of(notebook(("for i in xrange(3): 1", "NameError", "name 'xrange' is not defined")))
    assert hint.values["new"] == "range"
    (hint,) = hints_of(notebook(("if 1:\n\ta\n        b", "TabError", "inconsistent use of tabs")))
    assert "four spaces" in say(hint)
    assert hints_of(notebook(("x = (1", "SyntaxError", "'(' was never closed"))) == ()


def test_a_missing_library_comes_with_how_the_lecturer_adds_it():
    """What the extra holds is named as the extra, anything else as its package."""
    (hint,) = hints_of(notebook(("cv2.imread('a')", "ModuleNotFoundError", "No module named 'cv2'")))
    assert "'.[kernel]'" in say(hint)
    (hint,) = hints_of(notebook(("wandb.init()", "ModuleNotFoundError", "No module named 'wandb'")))
    assert say(hint).endswith("pip install wandb")


def test_a_refusal_is_translated_with_what_to_write():
    """The shim's English error becomes a sentence of the page."""
    message = "keras.layers.Merge belongs to an older library and cannot be imitated; write keras.layers.concatenate"
    (hint,) = hints_of(notebook(("x", "ModuleNotFoundError", message)))
    assert (hint.values["old"], hint.values["write"]) == ("keras.layers.Merge", "keras.layers.concatenate")


CELLS = {
    "a file not handed in": ("FileNotFoundError", "[Errno 2] No such file or directory: 'digits.csv'", "was not handed in", "digits.csv"),
    "a saved model not handed in": ("ValueError", "File not found: filepath=model.keras. Please ensure", "was not handed in", "model.keras"),
    "a misspelt import": ("ModuleNotFoundError", "No module named 'nunpy'", "did you mean", "numpy"),
    "an unknown library": ("ModuleNotFoundError", "No module named 'fastai'", "not installed", "fastai"),
    "np_utils": ("ImportError", "cannot import name 'np_utils' from 'keras.utils' (x)", "to_categorical", 1),
    "np_utils as a module": ("ModuleNotFoundError", "No module named 'keras.utils.np_utils'", "to_categorical", 1),
    "Colab": ("ModuleNotFoundError", "No module named 'google.colab'", "Google Colab", 1),
    "lr": ("ValueError", "Argument(s) not recognized: {'lr': 0.1}", "older Keras", "learning_rate"),
    "nb_epoch": ("TypeError", "fit() got an unexpected keyword argument 'nb_epoch'", "older Keras", "epochs"),
    "border_mode": ("ValueError", "Unrecognized keyword arguments passed to Conv2D: {'border_mode': 'same'}", "older Keras", "padding"),
    "predict_classes": ("AttributeError", "'Sequential' object has no attribute 'predict_classes'", "argmax", 1),
}  # fmt: skip


@pytest.mark.parametrize("case", CELLS.values(), ids=CELLS)
def test_a_failed_cell_is_explained(case):
    """The hint names the cell and what to write."""
    error, message, text, value = case
    (hint,) = hints_of(notebook(("x", error, message)))
    assert text in say(hint)
    assert value in hint.values.values()


NAMES = {
    "made by a cell that failed": ([("model = build()", "TypeError", "?")], [], "should have made"),
    "made further down": ([("import keras", "", "")], [("model = 1", "", "")], "further down"),
    "misspelt": ([("modell = 1", "", "")], [], "did you mean"),
    "never made": ([("import keras", "", "")], [], "no cell defines"),
    "unpacked by a cell that failed": ([("(x, y), (z, model) = load()", "OSError", "?")], [], "should have made"),
}


@pytest.mark.parametrize("case", NAMES.values(), ids=NAMES)
def test_a_name_that_is_not_defined_is_traced_to_its_cause(case):
    """After a failed cell the names it should have made are missing too."""
    before, after, text = case
    cells = [*before, ("model.fit(x)", "NameError", "name 'model' is not defined"), *after]
    assert text in say(hints_of(notebook(*cells))[-1])


MODELS = {
    "valid padding": ("Computed output size would be zero or negative. Received `inputs shape=(None, 1, 1, 3)`", 'padding="same"'),
    "an older wording of it": ("Negative dimension size caused by subtracting 3 from 1", 'padding="same"'),
    "a misspelt activation": ("Could not interpret activation function identifier: sofmax", "did you mean"),
    "a misspelt optimizer": ("Could not interpret optimizer identifier: rmspop", "did you mean"),
    "lr": ("Argument(s) not recognized: {'lr': 0.1}", "older Keras"),
    "labels that do not fit": ("Arguments `target` and `output` must have the same shape. Received", "sparse_categorical"),
    "anything else": ("Something new", "The model fails with"),
}  # fmt: skip


@pytest.mark.parametrize("case", MODELS.values(), ids=MODELS)
def test_a_broken_model_is_explained(case):
    """What Keras says, in plain words; quoted when nothing better is known."""
    message, text = case
    assert text in say(failure_advice(FailureFacts(stage="build", error="ValueError", message=message)))


def test_a_cell_that_breaks_a_model_is_explained_like_the_model():
    """Also when the model never came to be matched to a task."""
    (hint,) = hints_of(notebook(("x", "ValueError", "Could not interpret activation function identifier: sofmax")))
    assert hint.values["close"] == "softmax"


def test_a_clean_notebook_needs_no_hint():
    """Nothing is said where nothing is wrong."""
    assert hints_of(notebook(("x = 1", "", ""))) == ()


def test_a_drive_that_is_mounted_twice_is_named_once_a_cell():
    """Colab's drive is not here."""
    notes = (NoteFacts(what="colab-drive", cell=1), NoteFacts(what="colab-drive", cell=1))
    assert len(hints_of(notebook(("x", "", ""), notes=notes))) == 1


def fitted(cell=4, kinds=("Flatten", "Dense"), unseen=(), **changes):
    """Return a notebook with one training on MNIST, as honest as can be unless ``changes`` say otherwise."""
    layers = tuple(LayerFacts(kind=kind, custom=kind.startswith("My")) for kind in kinds)
    model = ModelFacts(snapshot=0, model=0, api="functional", layers=layers, unseen=unseen)
    settings = {
        "x": ArrayFacts(shape=(60_000, 784), dtype="float32", dataset="mnist", split="train", scale=1 / 255),
        "compile": CompileFacts(model=0, optimizer="RMSprop", loss="sparse_categorical_crossentropy"),
    }
    fit = FitFacts(**{"fit": 0, "model": 0, "snapshot": 0, "epochs": 5, "cell": cell, **settings, **changes})
    return Execution(notebook="a.ipynb", ending=Ending.COMPLETED, trace=Trace(models=(model,), fits=(fit, fit)))


RAW = ArrayFacts(shape=(60_000, 784), dtype="uint8", dataset="mnist", split="train")
HABITS = {
    "pixels never scaled": ({"x": RAW}, "0…255"),
    "a loss for regression": ({"compile": CompileFacts(model=0, optimizer="Adam", loss="mean_squared_error")}, "cross-entropy"),
    "pixels scaled too late": ({"x": RAW, "kinds": ("Dense", "BatchNormalization")}, "0…255"),
    "pixels only moved about": ({"x": RAW, "kinds": ("RandomFlip", "Reshape", "Conv2D")}, "0…255"),
    "trained before": ({"fresh": False, "not_fresh_because": "trained-before"}, "goes on from the weights"),
    "the same weights": ({"fresh": False, "not_fresh_because": "weights-loaded", "follows": 0}, "goes on from the weights"),
}  # fmt: skip


@pytest.mark.parametrize("habit", HABITS.values(), ids=HABITS)
def test_a_training_s_habit_is_named_once(habit):
    """What runs, and still teaches little: the first cell of each habit is named."""
    changes, words = habit
    (hint,) = hints_of(fitted(**changes))
    assert words in say(hint)
    assert hint.values["cell"] == 4


def test_an_honest_training_needs_no_hint():
    """Scaled pixels, a cross-entropy and fresh weights; features of one task are no pixels."""
    assert hints_of(fitted()) == ()
    assert hints_of(fitted(x=ArrayFacts(shape=(1000, 20), dtype="float32", dataset="binary20", split="train"))) == ()


SCALED = {
    "first": {"kinds": ("Rescaling", "Flatten", "Dense")},
    "after what moves pixels about": {"kinds": ("RandomFlip", "Reshape", "Rescaling", "Conv2D")},
    "by what it learned of the data": {"kinds": ("Normalization", "Dense")},
    "batch by batch": {"kinds": ("Flatten", "BatchNormalization", "Dense")},
    "by a function": {"kinds": ("Lambda", "Dense")},
    "by a layer of the student's own, perhaps": {"kinds": ("MyLayer", "Dense")},
    "between the layers, perhaps": {"unseen": ("TrueDivide",)},
}


@pytest.mark.parametrize("changes", SCALED.values(), ids=SCALED)
def test_a_model_that_may_scale_its_pixels_itself_is_not_told_to(changes):
    """Rescaling in the model is as good as a division before it."""
    assert hints_of(fitted(x=RAW, **changes)) == ()


@pytest.mark.parametrize(
    "why", ["weights-loaded", "weights-set", "from-file", "trained-on-batches", "optimizer-has-run"]
)
def test_only_an_earlier_fit_is_named_as_one(why):
    """Weights that were loaded or set are not fresh, and come from no fit that we know of."""
    assert hints_of(fitted(fresh=False, not_fresh_because=why)) == ()


@pytest.mark.parametrize(
    ("error", "message", "word"),
    [
        ("MemoryError", "", "memory"),
        ("_ArrayMemoryError", "Unable to allocate 4.00 GiB for an array", "memory"),
        ("OSError", "[Errno 28] No space left on device", "files"),
        ("OSError", "[Errno 27] File too large", "files"),
        ("OSError", "[Errno 24] Too many open files: '/dev/null'", "open"),
        ("RuntimeError", "can't start new thread", "threads"),
        ("BlockingIOError", "[Errno 11] Resource temporarily unavailable", "processes"),
    ],
)
def test_a_cell_that_met_a_limit_learns_which(error, message, word):
    """Errors that come of limits where notebooks are graded say so, and what to do."""
    (hint,) = hints_of(notebook(("work()", error, message)))
    assert word in say(hint)
