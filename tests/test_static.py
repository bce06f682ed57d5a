"""The static check: what the source of a notebook tells in a moment."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from grader.cli import group
from grader.legacy.source import tree_of
from grader.static import Severity, check_static
from grader.static.cells import code_cells
from grader.static.requirements import requirements_of
from grader.workbook import load_workbook
from tests.lessons import FOLDER

EXAMPLE3 = """
from keras import layers
from keras.datasets import mnist
inputs = keras.Input(shape=(28, 28, 1))
x = layers.Conv2D(32, 3)(inputs)
x = layers.MaxPooling2D(2)(x)
x = layers.Conv2D(64, 3)(x)
x = layers.MaxPooling2D(2)(x)
x = layers.Conv2D(128, 3)(x)
outputs = layers.Dense(10)(layers.Flatten()(x))
"""


def write(folder, *sources, run=True, name="work.ipynb", **cell):
    """Write a notebook whose cells hold these sources, run in order unless said otherwise."""
    cells = [
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": n if run else None}
        | cell
        for n, source in enumerate(sources, start=1)
    ]
    path = folder / name
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}), "utf-8")
    return path


def notes(path, *tasks):
    """The notes on a notebook as (gravity, cell, line, first words)."""
    asked = [one for one in requirements_of() if one.task in tasks]
    return [(note.severity, note.cell, note.line, note.what.text) for note in check_static(path, asked).notes]


def test_nothing_is_said_about_a_notebook_in_good_order(tmp_path):
    """A clean cell that was run gives no note."""
    assert notes(write(tmp_path, "import keras", "x = 1")) == []


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("x = [1, 2\nprint(x)", 1, "This is not Python"),
        ("if x:\nprint(x)", 2, "does not begin where it should"),
        ("if x:\n\ty = 1\n        z = 2", 3, "Tabs and blanks"),
        ("open('C:\\Users\\me\\a.csv')", 1, "backslash"),
        ("for i in range(3) print(i)", 1, "This is not Python"),
    ],
)
def test_a_syntax_error_is_told_by_cell_and_line(tmp_path, source, line, said):
    """Where it is and what to do; the other cells are looked at all the same."""
    found = notes(write(tmp_path, "import keras", source, "model.fit(x, y, nb_epoch=3)"))
    assert (found[0][:3], said in found[0][3]) == ((Severity.FAILS, 2, line), True)
    assert found[-1][:3] == (Severity.OLD, 3, 1)


def test_a_python_2_print_is_named_once_and_as_what_it_is(tmp_path):
    """The old print is told, and not a syntax error besides."""
    assert [text for *_, text in notes(write(tmp_path, "print 'a'"))] == ["print is a function in Python 3."]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("pd.read_csv('/content/drive/MyDrive/a.csv')", "one machine only"),
        ("data = r'C:\\data\\mnist.npz'", "one machine only"),
        ("np.load('~/mnist.npz')", "one machine only"),
        ("n = int(input('epochs'))", "Nobody answers"),
        ("urllib.request.urlretrieve('https://host/a.csv', 'a.csv')", "without a network"),
        ("!wget https://host/a.csv", "without a network"),
        ("pd.read_csv('marks.csv')", "does not lie beside"),
        ("model.load_weights('best.weights.h5')", "does not lie beside"),
    ],
)
def test_what_will_not_be_there_is_told(tmp_path, source, said):
    """Paths of one machine, files that are not handed in, the network, somebody at the keyboard."""
    (found,) = notes(write(tmp_path, "x = 1", source))
    assert (found[:3], said in found[3]) == ((Severity.FAILS, 2, 1), True)


@pytest.mark.parametrize(
    "source",
    [
        "open('out.txt', 'w').write('x')",
        "model.save('a.keras')\nkeras.models.load_model('a.keras')",
        "cb = ModelCheckpoint('b.keras')\nkeras.models.load_model('b.keras')",
        "pd.read_csv('here.csv')",
        "print('/home/ is a path')",
        "requests = 1\nd.get('http')",
        "a / b",
    ],
)
def test_what_is_there_or_made_by_the_notebook_is_not_told(tmp_path, source):
    """Files that lie beside the notebook or that it writes itself are no trouble."""
    (tmp_path / "here.csv").write_text("a,b", "utf-8")
    found = notes(write(tmp_path, source))
    assert [one for one in found if "one machine" not in one[3] or "print" not in source] == []


def test_forgotten_outputs_are_told(tmp_path):
    """Nothing run, some cells not run, another order than it stands in, an error left in the outputs."""
    assert "No cell has an output" in notes(write(tmp_path, "x = 1", run=False))[0][3]
    path = write(tmp_path, "x = 1", "y = 2", "z = 3")
    raw = json.loads(path.read_text("utf-8"))
    raw["cells"][0]["execution_count"] = 7
    raw["cells"][1]["execution_count"] = None
    raw["cells"][2]["outputs"] = [{"output_type": "error", "ename": "NameError", "evalue": "", "traceback": []}]
    path.write_text(json.dumps(raw), "utf-8")
    said = [text for *_, text in notes(path)]
    assert ["not run" in said[0], "another order" in said[1], "is an error" in said[2]] == [True] * 3


def test_a_task_that_cannot_be_there_is_told(tmp_path):
    """Example 3 alone is no answer to task 3: three convolutions are not five."""
    path = write(tmp_path, EXAMPLE3)
    assert [(severity, "Conv2D" in text or "kind" in text) for severity, *_, text in notes(path, "task3")] == [
        (Severity.ABSENT, True)
    ]
    assert [severity for severity, *_ in notes(path, "task4")] == [Severity.ABSENT]


@pytest.mark.parametrize(
    "more",
    [
        "for n in range(5):\n    model.add(layers.Conv2D(32, 3))\n    model.add(layers.MaxPooling2D(2))",
        "x = layers.Conv2D(1, 3)(layers.Conv2D(1, 3)(x)); layers.MaxPooling2D(2); layers.MaxPooling2D(2)",
        "def block(x):\n    return layers.MaxPooling2D()(layers.Conv2D(32, 3)(x))",
        "model = keras.models.load_model(name)",
        "x = layers.MaxPooling2D(2)(layers.Conv2D(32, 3)(x)",
        "model = Sequential([Conv2D(32, 3), MaxPool2D(2)] * 5)",
    ],
)
def test_what_may_be_there_is_not_called_missing(tmp_path, more):
    """Loops, functions, files and broken cells leave it open: it cannot be told without running."""
    found = notes(write(tmp_path, EXAMPLE3, more), "task3")
    assert [severity for severity, cell, *_ in found if cell is None] == [Severity.UNSURE]


LESSONS = [path for path in sorted(FOLDER.glob("*/*.ipynb")) if (path.parent / "expect.toml").exists()]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.parent.name)
def test_no_answer_of_the_corpus_is_called_missing(path):
    """Whatever lesson passes a task is not told that its answer is not there."""
    import tomllib

    expect = tomllib.loads((path.parent / "expect.toml").read_text("utf-8"))
    verdicts = {task: expect.get(task, {}).get("verdicts", {}) for task in expect["tasks"]}
    right = [task for task, of in verdicts.items() if of and set(of.values()) == {"passed"}]
    if len(list(path.parent.glob("*.ipynb"))) > 1:
        right = []
    lost = [
        (task, note.what.values) for task in right for note in check_static(path, [_asked(task)]).notes if _lost(note)
    ]
    assert lost == []


def _asked(task):
    return next(one for one in requirements_of() if one.task == task)


def _lost(note):
    return note.severity is Severity.ABSENT


def test_the_quick_reading_of_the_workbook_agrees_with_the_whole_one():
    """Titles and data sets are those that the validating reader gives."""
    loaded = {task.id: (task.title, task.dataset) for task in load_workbook().tasks}
    assert {one.task: (one.title, one.dataset) for one in requirements_of()} == loaded


def test_cells_are_numbered_as_everywhere(tmp_path):
    """Empty cells have no number, as in a clean run; texts are no cells."""
    path = write(tmp_path, "x = 1", "  ", "y = 2")
    raw = json.loads(path.read_text("utf-8"))
    raw["cells"].insert(0, {"cell_type": "markdown", "source": ["# T"], "metadata": {}})
    path.write_text(json.dumps(raw), "utf-8")
    assert [(cell.number, cell.index, cell.source) for cell in code_cells(path)] == [(1, 1, "x = 1"), (2, 3, "y = 2")]


@pytest.mark.parametrize("name", ["broken-json", "html-instead-of-notebook", "nbformat-3", "empty-notebook"])
def test_files_that_are_not_in_order_are_explained_as_the_grader_does(name):
    """A damaged file is a note; an old format is read all the same."""
    (path,) = (FOLDER / name).glob("*.ipynb")
    report = check_static(path, [])
    assert bool(report.cells) == (name == "nbformat-3")
    assert bool(report.notes or report.unreadable) != (name == "nbformat-3")


def test_fix_writes_a_copy_beside_and_leaves_the_original(tmp_path):
    """The copy has the new spellings and what else the notebook held; the original and an earlier copy stay."""
    path = write(tmp_path, "# текст\nmodel.fit(x, y, nb_epoch=3)", "y = 1", outputs=[{"output_type": "stream"}])
    before = path.read_bytes()
    for copy in ("work-mended.ipynb", "work-mended-2.ipynb"):
        done = CliRunner().invoke(group, ["check", str(path), "--fix", "--lang", "en"])
        assert done.exit_code == 0, done.output
        assert "+model.fit(x, y, epochs=3)" in done.output
        cells = json.loads((tmp_path / copy).read_text("utf-8"))["cells"]
        assert "".join(cells[0]["source"]) == "# текст\nmodel.fit(x, y, epochs=3)"
        assert [cell["outputs"] for cell in cells] == [[], [{"output_type": "stream"}]]
    assert path.read_bytes() == before
    assert "--- ячейка 1\n" in CliRunner().invoke(group, ["check", str(path), "--fix"]).output


PROGRAM = "# %% [markdown]\n# A title\n# %%\nmodel.fit(x, y, nb_epoch=3)\n# %%\nprint('two')\n"


def test_a_program_with_cells_is_read_as_when_it_is_graded(tmp_path):
    """Its cells are looked through, and --fix makes a notebook of it; one without cells is told what to check."""
    path = tmp_path / "work.py"
    path.write_text(PROGRAM, "utf-8")
    assert notes(path) == [(Severity.OLD, 1, 1, "The argument has another name in Keras 3.")]
    done = CliRunner().invoke(group, ["check", str(path), "--fix", "--lang", "en"])
    assert done.exit_code == 0, done.output
    cells = json.loads((tmp_path / "work-mended.ipynb").read_text("utf-8"))["cells"]
    assert [(cell["cell_type"], "".join(cell["source"])) for cell in cells] == [
        ("markdown", "A title"),
        ("code", "model.fit(x, y, epochs=3)"),
        ("code", "print('two')"),
    ]
    path.write_text("print('no cells')", "utf-8")
    assert "does not show the cells" in check_static(path, []).unreadable.text


def test_old_spellings_missing_answers_and_faults_are_counted_apart(tmp_path):
    """What is understood when it is graded is not said to fail, unless the workbook wants it to."""
    path = write(
        tmp_path, "from keras.utils import np_utils\nSGD(lr=0.1)", "tf.placeholder()\nimport tensorflow as tf", "x = ("
    )
    done = CliRunner().invoke(group, ["check", str(path), "--static", "--lang", "en"])
    for words in ("Will fail: 2\n", "Old spellings: 2 (they work when it is graded", "Tasks without an answer: 4\n"):
        assert words in done.output, done.output
    assert Severity.OLD not in {note.severity for note in check_static(path, [], legacy="fail").notes}


def test_fix_says_when_there_is_nothing_to_mend(tmp_path):
    """No copy is made of a notebook in good order."""
    path = write(tmp_path, "x = 1")
    done = CliRunner().invoke(group, ["check", str(path), "--fix", "--lang", "en"])
    assert "There is no old spelling" in done.output
    assert [one.name for one in tmp_path.iterdir()] == ["work.ipynb"]


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_the_command_tells_place_reason_and_what_to_write(tmp_path, lang):
    """What one reads in the terminal: cell, line, the code, why, the new spelling; the exit code stays 0."""
    path = write(tmp_path, "from keras.utils import np_utils")
    done = CliRunner().invoke(group, ["check", str(path), "--static", "--task", "task2", "--lang", lang])
    assert done.exit_code == 0
    for words in ("from keras.utils import np_utils", "→ from keras import utils as np_utils", "task2"):
        assert words in done.output
    assert ("В Keras 3 нет такого модуля" in done.output) == (lang == "ru")


def test_the_static_check_loads_nothing_heavy(tmp_path):
    """It must answer in a moment, so neither TensorFlow nor the validating readers are imported."""
    path = write(tmp_path, "from keras.utils import np_utils\nx = tf.Session()")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "grader", "check", "--static", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert not loaded & {"tensorflow", "keras", "numpy", "pydantic", "nbformat", "nbclient", "scipy", "jinja2", "rich"}


def test_trees_are_of_the_lines_one_sees():
    """A statement below a magic keeps its line number."""
    assert tree_of("%matplotlib inline\nx = 1").body[1].lineno == 2
