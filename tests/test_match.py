"""Which model answers which task: by what was built and trained, never by where it stands."""

from dataclasses import replace

import pytest

from grader.criteria.case import Tier
from grader.grade import task_result
from grader.language import Language
from grader.match import match_task
from grader.records import CellOutcome, CellStatus, Ending, Verdict, msg
from grader.workbook import load_workbook
from tests.facts import (
    BIGGER4,
    EXAMPLE1,
    EXAMPLE3,
    EXAMPLE4,
    FLATTEN,
    FULL,
    MLP,
    TASK1,
    TASK3,
    Notebook,
    cells_of,
    conv,
    data,
    dense,
    example_of,
    layer,
    pool,
    unknown_data,
)

say = Language("en").say
TASKS = {task.id: task for task in load_workbook().tasks}


def answer_of(task, execution):
    return match_task(TASKS[task], [execution]).candidate


def answer(task, *books, ending=Ending.COMPLETED):
    return match_task(TASKS[task], [book.run(ending) for book in books])


def test_each_task_finds_its_own_model_in_one_notebook():
    """All examples and all answers in one notebook: every answer goes to its task."""
    book = Notebook()
    for task in TASKS:
        example_of(book, task)
    book.train(TASK1, "binary20")
    book.train(MLP, "mnist", epochs=20, batch=64)
    book.train(TASK3, "mnist", epochs=5, batch=64)
    book.train(BIGGER4, "cifar10", epochs=30, batch=64)
    wanted = {"task1": TASK1, "task2": MLP, "task3": TASK3, "task4": BIGGER4}
    for task, layers in wanted.items():
        match = answer(task, book)
        assert match.candidate.layers == layers
        assert len(match.example_runs) == 1
    assert answer("task2", book).candidate.fit.epochs == 20


@pytest.mark.parametrize("task", TASKS)
def test_the_example_alone_is_no_answer(task):
    """A run of the worked example never answers the task, also when nothing else is there."""
    book = Notebook()
    example_of(book, task)
    match = answer(task, book)
    assert match.candidate is None
    assert len(match.example_runs) == 1


def test_a_convolutional_network_does_not_answer_the_dense_task():
    """Tasks 2 and 3 share MNIST; example 3 left over must not be taken for task 2."""
    book = Notebook()
    book.train(EXAMPLE3, "mnist", epochs=3, batch=64)
    assert answer("task2", book).candidate is None
    assert answer("task3", book).candidate is not None


def test_the_same_model_trained_twice_gives_two_candidates():
    """Example 2's own model trained on with the task's settings: the second fit answers."""
    book = Notebook()
    model = book.train(MLP, "mnist", epochs=5, batch=128)
    book.fit(model, data("mnist"), epochs=20, batch=64, fresh=False)
    match = answer("task2", book)
    assert match.candidate.fit.fit == 1
    assert len(match.example_runs) == 1


BUILT = "model = keras.Sequential([...])\nmodel.compile()"
NO_NAME = ("NameError", "name 'X_train' is not defined")


@pytest.mark.parametrize(
    ("later", "stopped"),
    [
        ([("model.fit(X_train, y)", *NO_NAME)], 2),
        ([("x = 1", "", ""), ("history = model.fit(X_train, y)", *NO_NAME)], 3),
        ([("print(model)", *NO_NAME)], None),
        ([("other.fit(X_train, y)", *NO_NAME)], None),
        ([("x = 1", "", "")], None),
    ],
)
def test_a_model_whose_fit_stopped_before_keras_saw_it_knows_the_cell(later, stopped):
    """The cell that was to train the model is named, and no cell that trains another or only shows it."""
    book = Notebook()
    book.model(TASK1, shape=(20,))
    cells = cells_of([(BUILT, "", ""), *later])
    found = answer_of("task1", replace(book.run(Ending.COMPLETED), cells=cells)).stopped_fit
    assert (found and (found.cell, found.error)) == (stopped and (stopped, "NameError"))


def test_a_variable_that_holds_another_model_by_then_says_nothing_of_the_first():
    """Each model is told of its own cell where a notebook calls all of them model."""
    book = Notebook()
    book.model(TASK1, shape=(20,))
    book.model(MLP, shape=(784,))
    failing = CellOutcome(
        index=3, number=3, status=CellStatus.ERROR, source="model.fit(X_train)", error="NameError", message="X_train"
    )
    built = [CellOutcome(index=number, number=number, status=CellStatus.OK, source=BUILT) for number in (1, 2)]
    execution = replace(book.run(Ending.COMPLETED), cells=(*built, failing))
    assert answer_of("task1", execution).stopped_fit is None
    assert answer_of("task2", execution).stopped_fit.cell == 3


def test_a_model_may_be_compiled_in_another_cell_than_it_is_built_in():
    """The variable is set before Keras first shows the model."""
    book = Notebook()
    book.code("model = keras.Sequential([...])")
    book.model(TASK1, shape=(20,))
    book.cells.append(replace(book.cells[0], number=2, source="model.compile()"))
    book.error(*NO_NAME, "model.fit(X_train, y)")
    assert answer_of("task1", book.run(Ending.COMPLETED)).stopped_fit.cell == 3


def test_a_student_is_told_the_error_that_kept_the_model_untrained():
    """Not that fit should be called: which cell called it, and why it stopped."""
    book = Notebook()
    book.code(BUILT)
    book.cell = 0
    book.model(TASK1, shape=(20,))
    book.error(*NO_NAME, "model.fit(X_train, y)")
    result = task_result(TASKS["task1"], answer("task1", book), profile=FULL, bands={})
    trained = next(one for one in result.findings if one.id == "trained")
    assert say(trained.found) == "fit in cell 2 stopped with NameError: name 'X_train' is not defined"
    assert say(trained.where) == "work.ipynb, cell 2"
    assert "no cell defines" in say(trained.advice)


def test_the_best_try_wins_whatever_its_place():
    """A worse try after the right model does not replace it, and is named as the runner-up."""
    book = Notebook()
    book.train(TASK3, "mnist")
    book.train((conv(8), FLATTEN, dense(10, "softmax")), "mnist")
    match = answer("task3", book)
    assert match.candidate.layers == TASK3
    assert match.score == match.best_score == 20
    assert match.runner_up.order == 1


def test_the_later_one_wins_a_tie():
    """Of two equal tries the student's last word counts."""
    book = Notebook()
    for _ in range(2):
        book.train(TASK1, "binary20")
    assert answer("task1", book).candidate.order == 1


def test_equal_tries_are_kept_for_the_case_that_the_last_one_fails():
    """The latest first; one that is less good, or the example, is none of them."""
    book = Notebook()
    example_of(book, "task2")
    for optimizer in ("RMSprop", "Adam", "SGD"):
        book.train(MLP, "mnist", epochs=20, batch=64, optimizer=optimizer)
    book.train(MLP, "mnist", epochs=20, batch=32)
    match = answer("task2", book)
    assert [one.order for one in (match.candidate, *match.ties)] == [3, 2, 1]
    instead = [(one.candidate.order, one.runner_up.order) for one in match.instead(1)]
    assert instead == [(2, 3)]


def test_in_task_4_the_training_on_all_data_is_the_answer():
    """The last training, without a validation split, is what the task asks to keep."""
    book = Notebook()
    book.train(BIGGER4, "cifar10", epochs=30, batch=64)
    book.train(BIGGER4, "cifar10", epochs=30, batch=64, validation_split=0.1)
    assert answer("task4", book).candidate.order == 0


def test_another_data_set_is_no_candidate():
    """The right layers on CIFAR-10 do not answer a task on MNIST."""
    book = Notebook()
    book.train(TASK3, "cifar10")
    assert answer("task3", book).candidate is None


def scaled(layers=MLP, **fit):
    """A training on data that could not be recognised, as after a StandardScaler."""
    book = Notebook()
    book.fit(book.model(layers, shape=(784,)), unknown_data(60_000, 784), **{"epochs": 20, "batch": 64, **fit})
    return book


def test_unrecognised_data_of_a_fitting_shape_makes_a_candidate():
    """It is taken when nothing else surely meets as much; of two as good ones that on known data is the answer."""
    book = scaled()
    assert answer("task2", book).candidate.tier is Tier.UNRECOGNISED
    book.train((dense(16, "relu"), dense(10, "softmax")), "mnist")
    assert answer("task2", book).candidate.tier is Tier.UNRECOGNISED
    book.train(MLP, "mnist", epochs=20, batch=64)
    assert answer("task2", book).candidate.tier is Tier.TRAINED


@pytest.mark.parametrize("shape", [(32, 32, 1), (32, 32), (28, 28, 3), (56, 56, 1)])
def test_resized_pictures_belong_to_the_task_whose_data_were_loaded(shape):
    """MNIST padded, resized or coloured cannot be recognised, and stays task 3's."""
    book = Notebook()
    book.load("mnist")
    book.fit(book.model(TASK3, shape=shape), unknown_data(60_000, *shape))
    assert answer("task3", book).candidate.tier is Tier.UNRECOGNISED
    assert answer("task4", book).candidate is None


@pytest.mark.parametrize("shape", [(96, 96, 3), (32, 32, 3)])
def test_resized_cifar_does_not_answer_the_task_on_mnist(shape):
    """Both data sets were loaded; the latest is what pictures in colour were made of."""
    book = Notebook()
    book.load("mnist")
    book.load("cifar10")
    book.fit(book.model(TASK3, shape=shape), unknown_data(50_000, *shape))
    assert answer("task3", book).candidate is None
    assert answer("task4", book).candidate is not None


def test_where_nothing_is_known_of_the_data_the_layers_tell():
    """Pictures from a file of the student's own: five convolutions are task 3's, two classes are another workbook's."""
    book = Notebook()
    book.fit(book.model(TASK3, shape=(64, 64, 1)), unknown_data(9000, 64, 64, 1))
    assert answer("task3", book).candidate is not None
    other = Notebook()
    other.fit(other.model((*TASK3[:-1], dense(2, "softmax")), shape=(150, 150, 3)), unknown_data(2000, 150, 150, 3))
    assert [answer(task, other).candidate for task in TASKS] == [None] * 4


def test_what_may_be_as_good_and_comes_later_is_a_rival():
    """It may be the answer; what surely is worse, or was told whole, is none."""
    book = Notebook()
    book.train(MLP, "mnist", epochs=20, batch=64)
    assert answer("task2", book, scaled()).rivals == ()
    assert answer("task2", book, scaled(batch=None)).rivals == ()
    book = Notebook()
    book.train(MLP, "mnist", epochs=20, batch=32)
    (rival,) = answer("task2", book, scaled(batch=None)).rivals
    assert rival.tier is Tier.UNRECOGNISED
    book.train(MLP, "mnist", epochs=10, batch=32)
    assert len(answer("task2", book, scaled(batch=None)).rivals) == 1


def test_a_run_that_may_be_the_example_comes_after_what_surely_is_another():
    """The example stopped early: a try of one's own is the answer, though it meets less."""
    book = Notebook()
    book.train(MLP, "mnist", epochs=5, batch=128, history={"loss": (0.1,) * 3})
    book.train((dense(256, "relu"), dense(10, "softmax")), "mnist", epochs=5, batch=32)
    assert answer("task2", book).candidate.order == 1


def test_unrecognised_data_of_another_shape_is_none():
    """A model of 13 inputs belongs to another workbook."""
    book = Notebook()
    book.fit(book.model(MLP, shape=(13,)), unknown_data(404, 13))
    assert answer("task2", book).candidate is None


def test_a_model_never_trained_is_taken_when_nothing_was_trained():
    """So that its layers still earn their points."""
    book = Notebook()
    book.model(TASK3, shape=(28, 28, 1))
    assert answer("task3", book).candidate.tier is Tier.UNTRAINED
    book.train((conv(8), FLATTEN, dense(10, "softmax")), "mnist")
    assert answer("task3", book).candidate.tier is Tier.TRAINED


def test_a_model_that_broke_while_built_is_taken_last():
    """The layers that stood are judged; a task it has nothing of does not take it."""
    book = Notebook()
    book.fail("Computed output size would be negative.", (conv(32), pool()) * 4 + (conv(64),))
    assert answer("task3", book).candidate.tier is Tier.FAILED
    assert answer("task1", book).candidate is None


def test_a_sequential_that_broke_at_its_last_layer_keeps_that_layer():
    """The snapshot stands without it; the failure event has it."""
    book = Notebook()
    model = book.model(TASK3[:8], shape=(28, 28, 1))
    book.fail("Computed output size would be negative.", TASK3[:9], model=model)
    match = answer("task3", book)
    assert match.candidate.layers == TASK3[:9]
    assert match.candidate.failure is not None


def test_an_example_that_was_never_trained_is_no_answer_either():
    """Built and compiled only, it still is the example."""
    book = Notebook()
    book.model(EXAMPLE1, shape=(20,), optimizer="Adam")
    assert answer("task1", book).candidate is None


def test_an_untrained_model_like_the_example_is_the_answer_when_the_example_was_run():
    """Task 2's model looks like example 2; once that was trained, another of its kind is the task's."""
    book = Notebook()
    example_of(book, "task2")
    book.model(MLP, shape=(784,))
    assert answer("task2", book).candidate.tier is Tier.UNTRAINED


def test_several_notebooks_are_pooled():
    """Example in one file, answer in another."""
    one, two = Notebook("a.ipynb"), Notebook("b.ipynb")
    example_of(one, "task1")
    two.train(TASK1, "binary20")
    match = answer("task1", one, two)
    assert match.candidate.notebook == "b.ipynb"
    assert match.example_runs[0].notebook == "a.ipynb"
    assert [candidate.order for candidate in match.others] == [0, 1]


def test_a_fit_that_was_broken_off_is_no_training():
    """It is the answer only for want of a better one, with what broke it."""
    book = Notebook()
    model = book.model(TASK3, shape=(28, 28, 1))
    book.fit(model, data("mnist"), completed=False, error="ValueError: shapes")
    match = answer("task3", book)
    assert match.candidate.tier is Tier.UNTRAINED
    assert match.others == ()


def test_the_evaluation_of_a_copy_loaded_from_a_file_belongs_to_the_training():
    """`load_model` gives another object; its layers tell whose it is."""
    book = Notebook()
    book.train(TASK3, "mnist", test=False)
    copy = book.model(TASK3, shape=(784,))
    book.evaluate(copy, data("mnist", "test"))
    assert len(answer("task3", book).candidate.evaluations) == 1


def test_an_evaluation_before_the_training_does_not_belong_to_it():
    """Only what came after the fit tells about it."""
    book = Notebook()
    model = book.model(TASK3, shape=(28, 28, 1))
    book.evaluate(model, data("mnist", "test"))
    book.fit(model, data("mnist"))
    assert answer("task3", book).candidate.evaluations == ()


def test_a_stopped_notebook_says_so():
    """What is missing may only be unseen."""
    match = answer("task1", Notebook(), ending=Ending.TIMED_OUT)
    assert match.cut_short is not None


def test_a_notebook_that_was_not_run_leaves_missing_tasks_open():
    """A task without an answer may be answered there: a person looks, and reads why."""
    why = msg("a notebook lies too deep")
    book = Notebook()
    book.train(TASK3, "mnist", epochs=5, batch=64)
    match = match_task(TASKS["task2"], [book.run()], (why,))
    result = task_result(TASKS["task2"], match, profile=FULL, bands={})
    assert all((one.verdict, one.found) == (Verdict.REVIEW, why) for one in result.findings)
    assert match_task(TASKS["task2"], [book.run()]).cut_short is None


@pytest.mark.parametrize(
    ("note", "lost", "expected"),
    [
        (("lost-event", "fit: TypeError: sparse array length is ambiguous (batches.py:144)"), (), True),
        (("too-large", "model"), (), True),
        (("probe-fault", "KeyError: 'x' (session.py:9)"), (), False),
        (("too-large", "predictions"), (), False),
        (("lost-event", "evaluate: KeyError: 'x' (calls.py:9)"), (), False),
        (None, ("fit",), True),
        (None, ("",), True),
        (None, ("note", "predict", "start"), False),
    ],
)
def test_a_training_that_could_not_be_recorded_is_not_seen(note, lost, expected):
    """Only where an event about models was really lost: not for a fault that lost none, nor for a thousand calls."""
    book = Notebook()
    book.lost = lost
    if note:
        book.note(*note)
    assert (answer("task1", book).cut_short is not None) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import wandb\nmodel.fit(x, y)", {"fit"}),
        ("px.line(history)\nmodel.evaluate(x_test, y_test)", {"look"}),
        ("model.compile('adam')\nmodel.fit(x, y)\nmodel.predict(x)", {"model", "fit", "look"}),
        ("px.line(history)  # after model.fit(...)", set()),
        ("pattern = re.compile('x')", set()),
        ("history = train(model)", {"fit"}),
    ],
)
def test_what_a_missing_library_stopped_is_told_by_the_cell(source, expected):
    """Trainings and evaluations behind the import were not seen; a drawing says nothing about them."""
    book = Notebook()
    book.code("def train(model):\n    return model.fit(x, y)")
    book.error("ModuleNotFoundError", "No module named 'wandb'", source)
    assert answer("task1", book).stopped == expected


def test_what_ran_before_the_library_was_asked_for_was_seen():
    """A fit whose event is there was not stopped."""
    book = Notebook()
    model = book.model(TASK1, shape=(20,))
    book.fit(model, data("binary20"))
    book.cell -= 1
    book.error("ModuleNotFoundError", "No module named 'plotly'", "model.fit(x, y)\nimport plotly")
    assert answer("task1", book).stopped == set()


def test_a_cell_that_lacks_what_a_stopped_one_makes_stopped_too():
    """The names of an import cell that failed are missing everywhere; a name that nobody makes is the student's."""
    book = Notebook()
    book.error("ModuleNotFoundError", "No module named 'wandb'", "import wandb\nfrom keras import Sequential")
    book.error("NameError", "name 'Sequential' is not defined", "m = Sequential([])\nm.compile()\nm.fit(x, y)")
    book.error("NameError", "name 'x_tset' is not defined", "m.evaluate(x_tset)")
    assert answer("task1", book).stopped == {"model", "fit"}


@pytest.mark.parametrize(
    ("error", "message", "expected"),
    [
        ("ModuleNotFoundError", "No module named 'torch'", "torch"),
        ("ModuleNotFoundError", "No module named 'torch.nn'", "torch"),
        ("ModuleNotFoundError", "No module named 'nunpy'", ""),
        ("ModuleNotFoundError", "No module named 'keras.utils.np_utils'", ""),
        ("ModuleNotFoundError", "No module named 'google.colab'", ""),
        ("ImportError", "cannot import name 'np_utils' from 'keras.utils'", ""),
    ],
)
def test_only_a_library_that_is_really_missing_counts(error, message, expected):
    """Misspelt names and an older Keras's modules are the student's to mend."""
    book = Notebook()
    book.error(error, message)
    said = answer("task1", book).missing
    assert (said.values["module"] if said else "") == expected


@pytest.mark.parametrize(
    ("error", "message", "source", "lacks"),
    [
        ("IndexError", "list index out of range", "g = tf.config.list_physical_devices('GPU')\nuse(g[0])", True),
        ("SystemError", "GPU device not found", "if tf.test.gpu_device_name() != '/device:GPU:0': raise", True),
        ("AssertionError", "", "assert tf.config.list_physical_devices('GPU')", True),
        ("IndexError", "list index out of range", "print(history[20])", False),
        ("Exception", "URL fetch failure on https://example.org/weights.h5: None -- unreachable", "Net()", True),
        ("Exception", "the file is empty", "Net()", False),
    ],
)
def test_what_other_machines_have_counts_as_missing(error, message, source, lacks):
    """A GPU and the internet, which notebooks have in Colab; another error in such a cell is the student's."""
    book = Notebook()
    book.error(error, message, source)
    assert (answer("task1", book).missing is not None) is lacks


def test_a_class_of_the_students_own_does_not_break_the_match():
    """Subclassed models come with layers that are not Keras's."""
    book = Notebook()
    book.train((layer("MyBlock"), *EXAMPLE4), "cifar10")
    assert answer("task4", book).candidate is not None
