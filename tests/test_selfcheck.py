"""The self-check in a student's notebook: the grader's criteria and words, at once, on any system."""

import ast
import json
import os
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from grader.criteria.layers import LayerCount
from grader.datasets import DataStore
from grader.execute import Job, run_notebook
from grader.grade import task_result
from grader.language import Language
from grader.match import match_task
from grader.records import Profile, Text, msg
from grader.selfcheck.late import batch_size_from
from grader.selfcheck.page import html_of
from grader.selfcheck.results import CheckResult, ModelCheck, TaskCheck
from grader.selfcheck.taskcheck import task_check, without_hidden
from grader.selfcheck.words import lines_of
from grader.workbook import load_workbook
from tests.facts import TASK3, Notebook, example_of
from tests.lessons import LESSONS
from tests.sample_results import cohort
from tests.selfchecking import ROOT, look_at

TASKS = {task.id: task for task in load_workbook().tasks}
SAY = Language("en").say

WORD_FOR_WORD = (
    "task3-four-and-four",
    "task2-validation-split-added",
    "task1-fixed-with-sigmoid",
    "task3-valid-does-not-fit",
    "task2-not-evaluated",
    "task3-trained-on-test",
    "task4-two-tries-then-all-data",
    "task2-functional",
)
ALONE = tuple(
    lesson
    for lesson in LESSONS
    if lesson.status in {"graded", "review"}
    and len(lesson.submission.notebooks) == 1
    and not any(word in lesson.name for word in ("endless", "memory", "input", "kernel-", "flood"))
)
"""Lessons that one session can be: their kernel lives on to the end."""


def decided(task, look):
    """The verdicts that the self-check gives now, by criterion."""
    return {name: finding[0] for name, finding in look["tasks"].get(task, {"findings": {}})["findings"].items()}


# -- the same as the grader ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[] if one == WORD_FOR_WORD[0] else pytest.mark.slow) for one in WORD_FOR_WORD]
)
def test_the_self_check_says_what_the_grader_says_word_for_word(name, tmp_path):
    """Verdicts, titles, what was expected and found, and the advice: one notebook, judged by both."""
    (lesson,) = (one for one in LESSONS if one.name == name)
    (notebook,) = lesson.submission.notebooks
    workbook = load_workbook()
    datasets = {TASKS[task].dataset for task in lesson.tasks}
    execution = run_notebook(
        Job(
            notebook=notebook.path,
            files=notebook.beside,
            out=tmp_path / "graded",
            datasets=tuple(DataStore().choose(one, "sample") for one in sorted(datasets)),
            profile=workbook.profiles["quick"],
            limits=workbook.limits,
        )
    )
    look = look_at(notebook.path, notebook.beside, tmp_path)
    compared = 0
    for task in lesson.tasks:
        match = match_task(TASKS[task], [execution])
        result = task_result(TASKS[task], match, profile=Profile(name="quick", steps=120), bands={})
        findings = {one.id: one for one in result.findings}
        assert bool(match.candidate) == (task in look["tasks"])
        for name_, said in look["tasks"].get(task, {"findings": {}})["findings"].items():
            one = findings[name_]
            assert said == [one.verdict.value, *map(SAY, (one.title, one.expected, one.found, one.advice))]
            compared += 1
    assert compared >= 3


@pytest.mark.slow
@pytest.mark.parametrize("lesson", ALONE, ids=lambda one: one.name)
def test_the_self_check_agrees_with_the_corpus(lesson, tmp_path):
    """What it decides is what a fair lecturer wrote beside each lesson, and the grader is held to."""
    (notebook,) = lesson.submission.notebooks
    look = look_at(notebook.path, notebook.beside, tmp_path)
    wrong = {
        (task, criterion): (verdict, expected)
        for task in lesson.tasks
        for criterion, expected in lesson.expected.get(task, {}).get("verdicts", {}).items()
        if (verdict := decided(task, look).get(criterion, expected)) != expected
    }
    assert wrong == {}


# -- in the session -----------------------------------------------------------------------------------------------

SOLUTION = """
import keras
from keras import layers
(x, y), (xt, yt) = keras.datasets.mnist.load_data()
x, xt = x.reshape(60000, 784).astype("float32") / 255, xt.reshape(10000, 784).astype("float32") / 255
model = keras.Sequential([keras.Input((784,)), layers.Dense(512, activation="relu"), layers.Dense(10, activation="softmax")])
model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, epochs=20, batch_size=64, steps_per_epoch=2, verbose=0)
model.evaluate(xt[:500], yt[:500], verbose=0)
other = keras.Sequential([keras.Input((7,)), layers.Dense(3)])
"""


def test_all_finds_every_model_and_which_task_it_answers(tmp_path):
    """Imported first, the self-check decides on model, data, batch size, epochs and evaluation."""
    early = look_at([SOLUTION], (), tmp_path)
    roles = {role for _, _, role in early["models"]}
    assert roles == {"answers task2", "belongs to no task"}
    seen = decided("task2", early)
    assert {seen[name] for name in ("batch-size", "epochs", "evaluated")} == {"passed"}
    assert seen["all-data"] == "failed"  # two steps an epoch do not see all of them
    assert "Accuracy so far on the test data" in early["tasks"]["task2"]["accuracy"][0]


@pytest.mark.slow
def test_a_late_import_says_what_it_did_not_see(tmp_path):
    """Imported last, it tells from model and history what it can, and fails nobody for what it cannot know."""
    late = look_at([SOLUTION], (), tmp_path, early=False)
    unseen = decided("task2", late)
    assert unseen["epochs"] == "passed"
    assert not {"all-data", "evaluated", "batch-size"} & set(unseen)
    assert "failed" not in unseen.values()
    assert "Batch size: 64" in late["tasks"]["task2"]["later"]


def test_the_batch_size_is_told_from_the_steps_only_when_one_size_fits():
    """938 steps are batches of 64; a number of steps that no usual size gives tells nothing."""
    assert batch_size_from(938, 60_000, split=False) == 64
    assert batch_size_from(1875, 60_000, split=False) == 32
    assert batch_size_from(2, 60_000, split=False) is None
    assert batch_size_from(0, 60_000, split=False) is None
    assert batch_size_from(938, None, split=False) is None


def run(code, *, timeout=200, **env):
    """Run Python code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", **env},
        check=False,
    )


def test_nothing_is_stored_and_nothing_fetched(tmp_path):
    """Whatever it is asked, it opens no file for writing and no socket."""
    code = """
import keras, sys
from keras import layers
model = keras.Sequential([keras.Input((784,)), layers.Dense(10)])
model.compile("adam", "mse")
wrong = []
def hook(event, args):
    if event.startswith("socket.") or event in ("os.mkdir", "os.rename", "os.remove"):
        wrong.append((event, str(args)[:80]))
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+") and "/dev/" not in str(args[0]):
        wrong.append((event, str(args)[:80]))
sys.dont_write_bytecode = True
sys.addaudithook(hook)
from grader import selfcheck
selfcheck("task2", model)
selfcheck.all()
print("WRONG", wrong)
"""
    done = run(code, HOME=str(tmp_path), KERAS_HOME=str(tmp_path))
    assert done.stdout.splitlines()[-1] == "WRONG []", done.stdout + done.stderr


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("selfcheck('task9', model, lang='en')", "Name the task first"),
        ("selfcheck(model, lang='en')", "Name the task first"),
        ("selfcheck(3, 'model', lang='en')", "must be a Keras model, and it is a str"),
        ("selfcheck('task3', lang='de')", "There is no such language"),
        ("selfcheck('task3', Old(), lang='en')", "The model comes from tf_keras"),
        ("sys.modules['keras'].__version__ = '2.15.0'; selfcheck.all(lang='en')", "This is Keras 2.15.0"),
    ],
)
def test_a_wrong_call_or_environment_is_one_sentence(call, said):
    """What is wrong and what to write; no traceback, and TensorFlow need not even be there."""
    code = f"""
import sys, types
keras = types.ModuleType("keras")
keras.__version__, keras.Model = "3.0.0", type("Model", (), {{"__module__": "keras.src.models.model"}})
from grader import selfcheck
sys.modules["keras"] = keras
Old = type("Mine", (type("Model", (), {{"__module__": "tf_keras.src.engine.training"}}),), {{}})
model = keras.Model()
{call}
"""
    done = run(code)
    assert (done.stderr, len(done.stdout.strip().splitlines())) == ("", 1)
    assert said in done.stdout


def test_a_missing_tensorflow_is_one_sentence():
    """Nothing of Keras on this machine: the command that installs it."""
    code = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in ("keras", "tensorflow") else find(name, *rest)
from grader import selfcheck
selfcheck.all(lang="en")
"""
    assert run(code).stdout.startswith(
        'TensorFlow is not installed here. Run: pip install --upgrade "tensorflow>=2.16"'
    )


def test_an_old_python_is_told_so():
    """The files that an old Python reads first are ones it can read, and the first thing they do is look."""
    for name in ("grader/__init__.py", "grader/selfcheck/__init__.py"):
        ast.parse((ROOT / name).read_text("utf-8"), feature_version=(3, 6))
    code = "import sys; sys.version_info = (3, 8, 1); import grader.selfcheck"
    russian, english = run(code).stderr.splitlines()[-2:]
    assert "Самопроверке нужен Python 3.11 или новее, а здесь Python 3.8" in russian
    assert "The self-check needs Python 3.11 or newer, and this is Python 3.8" in english


@pytest.mark.parametrize("name", ["pydantic", "babel", "platformdirs"])
def test_a_library_that_no_deps_left_out_is_one_sentence(name):
    """After `pip install --no-deps` outside of Colab: the command, with just what is missing."""
    done = run(f"import sys; sys.modules[{name!r}] = None; from grader import selfcheck")
    assert done.stderr.splitlines()[-2:] == [
        f"ImportError: Самопроверке нужно то, что здесь не установлено. Выполните: pip install {name}, затем перезапустите ядро.",
        f"The self-check needs what is not installed here. Run: pip install {name}, then restart the kernel.",
    ]


POSIX = ("fcntl", "resource", "pwd", "grp", "termios", "pty", "syslog")
COLAB = (
    "ipykernel",
    "jupyter_client",
    "nbclient",
    "nbformat",
    "zmq",
    "psutil",
    "scipy",
    "rich",
    "jinja2",
    "markupsafe",
)
"""What the self-check does without, so that `pip install --no-deps` is enough where Keras is."""


@pytest.mark.parametrize(
    "code",
    [
        "from grader import selfcheck; selfcheck.all()",
        "from grader.cli import group; group(['check', '--static', {path!r}], standalone_mode=False)",
        "from grader.cli import group; group(['check', '--fix', {path!r}], standalone_mode=False)",
        "from grader.cli import group; group(['starter', 'task3', '-o', {out!r}], standalone_mode=False)",
    ],
)
def test_students_commands_need_nothing_that_only_linux_has(code, tmp_path):
    """The self-check, the static check, the mended copy and the starters import no module of POSIX systems."""
    path = tmp_path / "a.ipynb"
    cell = {"cell_type": "code", "source": "x = np.float(1)", "metadata": {}, "outputs": [], "execution_count": 1}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}), "utf-8")
    blocked = POSIX + (COLAB if "selfcheck" in code else ())
    head = f"import sys\nfor name in {blocked!r}: sys.modules[name] = None\n"
    done = run(head + code.format(path=str(path), out=str(tmp_path / "s.ipynb")))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_console_of_another_alphabet_shows_what_it_can():
    """Signs that the console does not know do not stop the answer."""
    done = run("from grader import selfcheck; selfcheck(3, 1)", PYTHONIOENCODING="cp1251")
    assert done.returncode == 0, done.stderr
    done = run("from grader import selfcheck; selfcheck('x')", PYTHONIOENCODING="ascii")
    assert (done.returncode, "?" in done.stdout) == (0, True)


# -- what is shown ------------------------------------------------------------------------------------------------


def hidden(task, *names):
    """A task of which the lecturer shows some criteria after grading only."""
    criteria = tuple(replace(one, show="after-grading") if one.id in names else one for one in task.criteria)
    return replace(task, criteria=criteria)


def answer():
    book = Notebook()
    example_of(book, "task3")
    book.train(TASK3, "mnist")
    return book.run()


def test_criteria_for_after_grading_are_counted_and_not_shown():
    """Neither their titles nor what was found reach a student before grading; the same model is judged."""
    task = hidden(TASKS["task3"], "convolutions", "accuracy")
    match = match_task(task, [answer()])
    look = task_check(
        task, match, task_result(task, match, profile=Profile(name="full"), bands={}), name="m", figure=0.99
    )
    assert look.hidden == 2
    text = "\n".join(lines_of(CheckResult(language="en", tasks=(look,)))) + html_of(
        CheckResult(language="en", tasks=(look,))
    )
    assert "Conv2D layers: 5" not in text
    assert "Test accuracy beside" not in text
    assert "MaxPooling2D layers: 4" in text
    assert "shown after grading only: 2" in text


def test_a_whole_check_leaves_them_out_with_their_points():
    """`grader check` shows the result without them, and a task's points without theirs."""
    result = cohort(1)[0]
    tasks = [hidden(TASKS[one.task], one.findings[0].id) for one in result.tasks]
    shown = without_hidden(result, tasks)
    for before, after, task in zip(result.tasks, shown.tasks, tasks, strict=True):
        names = {one.id for one in task.criteria if one.show == "always"}
        assert {one.id for one in after.findings} == {one.id for one in before.findings} & names
        assert after.max == sum(one.points for one in after.findings)
    untouched = without_hidden(result, list(TASKS.values()))
    assert untouched == result


def test_show_is_one_of_two_words():
    """Anything else in a task's file is a mistake that is told."""
    from grader.complaints import read

    assert read(LayerCount, {"layer": "Dense", "exactly": 2, "show": "after-grading"})[1] == []
    (complaint,) = read(LayerCount, {"layer": "Dense", "exactly": 2, "show": "never"})[1]
    assert 'write one of "always" or "after-grading"' in str(complaint)


def test_names_of_the_notebook_are_text_in_the_page():
    """A model may be called anything; the page shows it and does not obey it."""
    name = "<img src=x onerror=alert(1)>"
    task = TaskCheck(task="task3", title=Text(ru="Т", en="T"), model=name, cell=3, accuracy=(msg("{a}", a=name),))
    page = html_of(
        CheckResult(language="en", tasks=(task,), models=(ModelCheck(name=name, cell=3, role=msg("{a}", a=name)),))
    )
    assert "<img" not in page
    assert page.count("&lt;img") == 4
    assert "<script" not in page
    assert "http" not in page


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_a_look_is_told_whole_in_both_languages(lang):
    """Lines and page hold the same sentences, in the language asked for."""
    task = TASKS["task3"]
    match = match_task(task, [answer()])
    result = task_result(task, match, profile=Profile(name="full"), bands={})
    look = CheckResult(
        language=lang, tasks=(task_check(task, match, result, name="cnn", figure=0.991),), missing=(task.title,)
    )
    text, page = "\n".join(lines_of(look)), html_of(look)
    for words in (task.title, *(one.title for one in result.findings if one.kind != "accuracy")):
        said = Language(lang).say(words)
        assert said[1:] in text
        assert said[1:] in unescape(page)
    assert ("Слои Conv2D" in text) == (lang == "ru")


def test_a_notebook_that_is_graded_may_hold_the_self_check(tmp_path):
    """In the sealed kernel its lines say nothing and fail nothing, and the grader itself is out of reach."""
    cells = [
        "from grader import selfcheck",
        "selfcheck('task3', None)\nselfcheck.all()\nimport grader.selfcheck\nprint(selfcheck.all())",
        "import grader.batch",
    ]
    raw = [
        {"cell_type": "code", "source": one, "metadata": {}, "outputs": [], "execution_count": None} for one in cells
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": raw, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}), "utf-8")
    workbook = load_workbook()
    job = Job(notebook=path, out=tmp_path / "out", profile=workbook.profiles["quick"], limits=workbook.limits)
    done = run_notebook(job)
    assert [cell.status.value for cell in done.cells] == ["ok", "ok", "error"]
    assert done.cells[2].error == "ModuleNotFoundError"
    executed = json.loads((tmp_path / "out" / "executed.ipynb").read_text("utf-8"))
    assert "".join(executed["cells"][1]["outputs"][0]["text"]) == "None\n"


@pytest.mark.slow
def test_in_a_real_kernel_the_answer_is_html(tmp_path):
    """Jupyter's own kernel shows the page for a call anywhere in a cell, and the text beside it."""
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    cells = [
        "from grader import selfcheck\nimport keras\nfrom keras import layers",
        "model = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10, activation='softmax')])",
        "selfcheck('task3', model, lang='en')\nx = 1",
        "selfcheck.all(lang='ru')",
    ]
    notebook = new_notebook(cells=[new_code_cell(one) for one in cells])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = [[one for one in cell.outputs if one.output_type == "display_data"] for cell in notebook.cells]
    assert [len(one) for one in shown] == [0, 0, 1, 1]
    data = shown[2][0].data
    assert "Conv2D layers: 5" in data["text/html"]
    assert "Conv2D layers: 5" in data["text/plain"]
    assert "Задание 3" in shown[3][0].data["text/html"]
    Path(tmp_path / "cells.html").write_text("".join(one[0].data["text/html"] for one in shown if one), "utf-8")


def test_a_sign_of_the_example_is_never_shown_or_hidden(tmp_path):
    """`show` belongs to what is graded; elsewhere in a task's file it is a mistake."""
    import shutil

    from grader.errors import WorkbookError
    from grader.places import shipped

    folder = tmp_path / "workbook"
    folder.mkdir()
    for path in shipped("assignments").glob("*.toml"):
        shutil.copy(path, folder)
    task = folder / "task3.toml"
    task.write_text(task.read_text("utf-8").replace("exactly = 3\n", 'exactly = 3\nshow = "always"\n', 1), "utf-8")
    with pytest.raises(WorkbookError, match="show has no meaning here"):
        load_workbook(folder)


@pytest.mark.slow
def test_where_the_driver_cannot_run_a_notebook_is_still_checked(tmp_path):
    """Without the modules, the sockets and the processes of POSIX, `grader check` runs and judges all the same."""
    cells = [
        "import keras, numpy as np\nfrom keras import layers\nfrom grader import selfcheck",
        "x, y = np.random.rand(1000, 20), np.random.randint(2, size=(1000, 1))",
        "net = keras.Sequential([layers.Dense(128, activation='tanh'), layers.Dense(1, activation='softmax')])",
        "net.compile('rmsprop', 'binary_crossentropy', metrics=['accuracy'])\nnet.fit(x, y, epochs=2, verbose=0)",
        "1 / 0",
    ]
    raw = [{"cell_type": "code", "source": one, "metadata": {}, "outputs": [], "execution_count": 1} for one in cells]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": raw, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}), "utf-8")
    code = f"""
import sys, os, socket
for name in {POSIX!r}: sys.modules[name] = None
del os.fork, socket.AF_UNIX
from grader.cli import group
group(["check", {str(path)!r}, "--task", "task1", "--lang", "en"], standalone_mode=False)
"""
    done = run(code, timeout=400, IPYTHONDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr[-2000:]
    for words in ("without a sandbox", "Cell 5 fails: ZeroDivisionError", "✓ The last Dense layer: units = 1"):
        assert words in done.stdout
