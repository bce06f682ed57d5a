"""What students are told, as data: every entry fires on a real error, and a broken entry is named with what to write."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from grader.errors import WorkbookError
from grader.hints import Lesson, hints, lessons
from grader.language import PLACE, Language

pytestmark = pytest.mark.xdist_group("hints")  # what they look at is made once, in one process

RU, EN = Language("ru"), Language("en")

NET = """
def net(*middle, inputs=(28, 28, 1), outputs=10, loss="sparse_categorical_crossentropy", optimizer="adam", metric="accuracy"):
    model = keras.Sequential([keras.Input(inputs), *middle, layers.Dense(outputs, activation="softmax")])
    model.compile(optimizer=optimizer, loss=loss, metrics=[metric])
    return model
x, y = np.zeros((8, 28, 28, 1), "float32"), np.zeros(8, int)
hot, flat = np.eye(10)[y], layers.Flatten
"""
CELLS = {
    "file-not-handed-in": ["open('digits.csv')", "keras.models.load_model('m.keras')", "keras.models.load_model('m.h5')"],
    "memory": ["np.zeros((10**7, 10**7))", "bytearray(10**16)"],
    "disk": ["open('/dev/full', 'w').write('x' * 10**6)"],
    "open-files": ["import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\nkept = [open('/dev/null') for _ in range(50)]"],
    "processes": ["raise BlockingIOError(11, os.strerror(11))", 'raise RuntimeError("can\'t start new thread")'],
    "download": ["import urllib.request as web\nweb.urlopen('http://nowhere.invalid/')", "keras.utils.get_file('a', 'http://nowhere.invalid/a')"],
    "gpu": [
        "import tensorflow as tf\nprint(tf.config.list_physical_devices('GPU')[64])",
        "import tensorflow as tf\nassert len(tf.config.list_physical_devices('GPU')) > 64",
        "import tensorflow as tf\nif tf.test.gpu_device_name() != '/device:GPU:64':\n    raise SystemError('GPU device not found')",
    ],
    "python2-module": ["import cPickle"],
    "misspelt-library": ["import nunpy"],
    "colab": ["from google.colab import drive"],
    "np-utils": ["from keras.utils import np_utils", "from keras.utils.np_utils import to_categorical"],
    "older-import": ["from keras.layers.convolutional import Conv2D", "from keras.layers import Convolution9D", "from tensorflow.examples.tutorials.mnist import input_data"],
    "library-of-the-extra": ["raise ModuleNotFoundError(\"No module named 'cv2'\")"],
    "library": ["import fastai.vision"],
    "cannot-be-imitated": ["told.refused(ImportError, 'keras.layers.Merge', 'keras.layers.concatenate')"],
    "cannot-be-imitated-nor-replaced": ["told.refused(ImportError, 'keras.legacy')"],
    "renamed-argument": ["net(flat()).fit(x, y, nb_epoch=1)", "layers.Conv2D(4, 3, border_mode='same')", "keras.optimizers.Adam(lr=0.1)"],
    "unknown-argument": ["net(flat()).fit(x, y, epoch=1)", "layers.Dense(4, activations='relu')"],
    "predict-classes": ["net(flat()).predict_classes(x)"],
    "unknown-attribute": ["keras.layer"],
    "python2-name": ["xrange(3)"],
}  # fmt: skip
MODELS = {
    "too-small": ["net(layers.Conv2D(4, 28), layers.Conv2D(4, 3))", "net(layers.MaxPooling2D(16), layers.MaxPooling2D(2))"],
    "no-channels": ["net(layers.Conv2D(4, 3), inputs=(28, 28))", "net(layers.Conv2D(4, 3), inputs=(784,))"],
    "other-input-shape": ["net(inputs=(784,)).fit(x, y)", "net(flat()).fit(x.reshape(8, 784), y)"],
    "other-row-length": ["dense = layers.Dense(3)\ndense(np.zeros((8, 784)))\ndense(np.zeros((8, 28)))"],
    "reshape": ["np.zeros((600, 28, 28)).reshape(600, 764)", "x.reshape(7)"],
    "no-flatten": ["net(layers.Conv2D(4, 3)).fit(x, y)", "net(layers.Conv2D(4, 3), loss='categorical_crossentropy').fit(x, hot)"],
    "one-hot-with-sparse": ["net(flat()).fit(x, hot)"],
    "numbers-with-categorical": ["net(flat(), loss='categorical_crossentropy').fit(x, y)"],
    "labels-and-outputs": ["net(flat(), loss='categorical_crossentropy').fit(x, np.eye(4)[y])"],
    "label-out-of-range": ["net(flat(), outputs=5).fit(x, y + 7)"],
    "rows-and-labels": ["net(flat()).fit(x, y[:4])"],
    "not-numbers": ["net(flat()).fit(x, y.astype(str))", "net(flat()).fit(x.astype(object), y)"],
    "misspelt-activation": ["layers.Dense(1, activation='sofmax')"],
    "misspelt-optimizer": ["net(flat(), optimizer='rmspop')"],
    "misspelt-loss": ["net(flat(), loss='categorical_crossentrop').fit(x, hot)"],
    "misspelt-metric": ["net(flat(), metric='acuracy').fit(x, y)"],
    "unknown-name": ["layers.Dense(1, activation='blub')", "net(flat(), optimizer='blub')"],
    "renamed-argument-of-a-model": ["layers.Conv2D(4, 3, border_mode='same')"],
    "unknown-argument-of-a-model": ["layers.Dense(4, activations='relu')"],
    "padding": ["layers.Conv2D(4, 3, padding='sam')"],
    "not-compiled": ["keras.Sequential([keras.Input((784,)), layers.Dense(1)]).fit(x.reshape(8, 784), y)"],
    "not-built": ["keras.Sequential([layers.Dense(1)]).count_params()"],
}  # fmt: skip
RUNNER = """
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, keras
from keras import layers
from grader.drive.outputs import both_ends, without_colours
from grader.inside.shims.reporter import LegacyReporter
setup, cells = json.load(sys.stdin)
shims, told, out = LegacyReporter(None), {}, sys.stdout
sys.stdout = open(os.devnull, "w")
for source in cells:
    names = {"np": np, "keras": keras, "layers": layers, "os": os, "told": shims}
    exec(setup, names)
    try:
        exec(source, names)
    except Exception as error:
        told[source] = type(error).__name__, both_ends(without_colours(str(error)), 2000)
json.dump(told, out)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What Python and Keras, neither helped nor hindered by us, say to each of the cells: class and message."""
    sources = [source for table in (CELLS, MODELS) for cells in table.values() for source in cells]
    sources.sort(key=lambda source: "RLIMIT" in source)  # that one ends what else this process could open
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps([NET, sources]),
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("cells"),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_every_hint_of_a_cell_explains_a_real_error(told):
    """Each entry fires on what a real cell ends with, in both languages, with every place filled; none is untried."""
    assert [hint.id for hint in hints().cells] == list(CELLS)
    for name, sources in CELLS.items():
        for source in sources:
            said = hints().of_cell(*told[source], 3, source)
            assert said is not None, (source, told[source])
            assert said.hint.id == name, (source, told[source])
            assert_complete(said.words)


def test_every_hint_of_a_model_explains_a_real_error(told):
    """The same for what Keras says of models that cannot be built or trained."""
    assert [hint.id for hint in hints().models] == list(MODELS)
    for name, sources in MODELS.items():
        for source in sources:
            said = hints().of_model(*told[source])
            assert said is not None, (source, told[source])
            assert said.hint.id == name, (source, told[source])
            assert_complete(said.words)


def assert_complete(words):
    """A sentence is Russian in Russian and English in English, and nothing is left to fill in."""
    ru, en = RU.say(words), EN.say(words)
    assert any("а" <= letter <= "я" for letter in ru)
    assert not any("а" <= letter <= "я" for letter in en)
    assert not PLACE.findall(ru + en)


GOOD = """
[[cells]]
id = "a"
matches = ['a (?P<b>x)']
says = { ru = "б {b} {cell}", en = "b {b} {cell}" }
"""
BROKEN = {
    "no TOML": ("[[cells]", "hints.toml: this cannot be read as TOML: Expected"),
    "another key": ("[[cell]]", "cell is not known here; did you mean cells?"),
    "another setting": (GOOD + 'eror = "a"', "cells 1 (a): eror is not known here; did you mean errors?"),
    "no pattern": (GOOD.replace("'a (?P<b>x)'", ""), "cells 1 (a): matches is empty; write a pattern"),
    "a broken pattern": (GOOD.replace("x)", "x"), "cells 1 (a): matches[1] is \"a (?P<b>x\"; Input should be a valid reg"),
    "no Russian": (GOOD.replace('ru = "б {b} {cell}", ', ""), "cells 1 (a): says.ru is missing; write it, as in  ru = ..."),
    "an unfilled place": (GOOD.replace("<b>", "<c>"), "cells 1 (a): {b} is filled by nothing; write a group (?P<b>...) in"),
    "other places": (GOOD.replace("{cell}\" }", '" }'), "cells 1 (a): says.ru and says.en have different {places}"),
    "no group": (GOOD.replace("(?P<b>x)", "x").replace("{b} ", "") + 'near = "words"', "has no group; put the word that near"),
    "no list": (GOOD + 'near = "words"', "a: there is no [lists.words]"),
    "a name used twice": (GOOD + GOOD, "cells: the id 'a' is used more than once"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_a_broken_hint_is_named_with_what_to_write(case, tmp_path, monkeypatch):
    """File, entry, what was found, what to do."""
    text, complaint = case
    monkeypatch.setattr("grader.hints.messages.shipped", lambda _: tmp_path)
    (tmp_path / "hints.toml").write_text(text, "utf-8")
    with pytest.raises(WorkbookError) as error:
        hints.__wrapped__()
    assert complaint in str(error.value)


def test_every_mistake_of_the_lessons_comes_at_once(tmp_path, monkeypatch):
    """One reading, one list."""
    monkeypatch.setattr(sys.modules[Lesson.__module__], "shipped", lambda _: tmp_path)
    (tmp_path / "feedback.toml").write_text("[[lessons]]\nid = 'A b'\nmatches = []\ntext = 3\n[[lessons]]\n", "utf-8")
    with pytest.raises(WorkbookError) as error:
        lessons.__wrapped__()
    lines = str(error.value).splitlines()
    assert [line.split("lessons ")[1] for line in lines[:4]] == [
        "1 (A b): title is missing; write it, as in  title = ...",
        "1 (A b): text is 3; write a table, as in  text = { ... }",
        "1 (A b): example is missing; write it, as in  example = ...",
        "2: id is missing; write it, as in  id = ...",
    ]


def test_a_new_hint_needs_no_code(tmp_path, monkeypatch):
    """An entry of a file is all that a new explanation takes."""
    monkeypatch.setattr("grader.hints.messages.shipped", lambda _: tmp_path)
    (tmp_path / "hints.toml").write_text(GOOD, "utf-8")
    said = hints.__wrapped__().of_cell("AnyError", "an A X", 7)
    assert (RU.say(said.words), EN.say(said.words)) == ("б X 7", "b X 7")
