"""Old calls: found in the source, explained, mended; and they really do what the table says."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.legacy import OLD_CALLS, Edit, Effect, LinePattern, Name, apply_edits, find_uses, mended, python_of
from tests.probing import run

MODEL = "import keras, numpy as np\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation='softmax')])\n"
COMPILED = MODEL + "model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])\n"
DATA = COMPILED + "x, y = np.random.rand(8, 4), np.zeros(8, int)\n"
FITTED = DATA + "history = model.fit(x, y, verbose=0)\n"

CASES = [
    ("", "from keras.utils import np_utils", "from keras import utils as np_utils"),
    ("", "from keras.utils.np_utils import to_categorical", "from keras.utils import to_categorical"),
    (
        "",
        "from tensorflow.keras.utils.np_utils import to_categorical",
        "from tensorflow.keras.utils import to_categorical",
    ),
    ("", "from keras.layers.core import Dense, Dropout", "from keras.layers import Dense, Dropout"),
    ("", "from keras.layers.convolutional import Conv2D as C", "from keras.layers import Conv2D as C"),
    ("", "from keras.layers.normalization import BatchNormalization", "from keras.layers import BatchNormalization"),
    ("", "from keras.layers.advanced_activations import LeakyReLU", "from keras.layers import LeakyReLU"),
    (
        "",
        "from keras.preprocessing.image import ImageDataGenerator, load_img",
        "from tensorflow.keras.preprocessing.image import ImageDataGenerator\nfrom keras.preprocessing.image import load_img",
    ),
    ("", "from keras.utils.vis_utils import plot_model", "from keras.utils import plot_model"),
    ("", "from keras.optimizers import SGD, adam", "from keras.optimizers import SGD, Adam as adam"),
    ("", "import keras\nkeras.layers.core.Dense(1)", "import keras\nkeras.layers.Dense(1)"),
    ("", "import tensorflow as tf\ntf.set_random_seed(1)", "import tensorflow as tf\ntf.random.set_seed(1)"),
    ("", "import numpy as np\nnp.float(1)", "import numpy as np\nnp.float64(1)"),
    ("from keras.optimizers import *\n", "SGD(lr=0.01)", "SGD(learning_rate=0.01)"),
    ("from keras.optimizers import *\n", "Adam(\n  lr = 0.01)", "Adam(\n  learning_rate = 0.01)"),
    ("from keras.layers import *\n", "Conv2D(3, 3, border_mode='same')", "Conv2D(3, 3, padding='same')"),
    (
        "from keras.layers import *\n",
        "Dense(output_dim=3, init='uniform')",
        "Dense(units=3, kernel_initializer='uniform')",
    ),
    ("from keras.layers import *\n", "Dropout(p=0.5)", "Dropout(rate=0.5)"),
    ("from keras.layers import *\n", "MaxPooling2D((2, 2), dim_ordering='th')", "MaxPooling2D((2, 2))"),
    ("import keras\n", "keras.Input(shape=(784))", "keras.Input(shape=(784,))"),
    ("import keras\n", "keras.Input(shape=28 * 28)", "keras.Input(shape=(28 * 28,))"),
    (DATA, "model.fit(x, y, nb_epoch=1, verbose=0)", "model.fit(x, y, epochs=1, verbose=0)"),
    (DATA, "model.fit(x, y, workers=2, verbose=0)", "model.fit(x, y, verbose=0)"),
    (DATA, "model.predict_classes(x, verbose=0)", "model.predict(x, verbose=0).argmax(axis=-1)"),
    (DATA, "model.predict_proba(x)", "model.predict(x)"),
    (FITTED, "history.history['acc']", "history.history['accuracy']"),
    (FITTED, "model.save('m')", "model.save('m.keras')"),
    (FITTED, "model.save_weights('w.h5')", "model.save_weights('w.weights.h5')"),
    ("import keras\n", "keras.callbacks.ModelCheckpoint('best.hdf5')", "keras.callbacks.ModelCheckpoint('best.keras')"),
    (
        "import keras\n",
        "keras.callbacks.ModelCheckpoint('b', save_weights_only=True)",
        "keras.callbacks.ModelCheckpoint('b.weights.h5', save_weights_only=True)",
    ),
    ("import keras\n", "keras.callbacks.TensorBoard('.', write_grads=True)", "keras.callbacks.TensorBoard('.')"),
    ("import matplotlib.pyplot as plt\n", "plt.style.use('seaborn-white')", "plt.style.use('seaborn-v0_8-white')"),
    ("a = b = 1\n", "print 'a', b", "print('a', b)"),
    ("x = 1\n", "if x:\n    print x", "if x:\n    print(x)"),
]
"""What comes before, an old call, what it becomes. Each old one fails today, and each new one runs."""

TODAY = [
    "import keras",
    "from keras.utils import to_categorical",
    "from tensorflow.keras.preprocessing.image import ImageDataGenerator",
    "from keras.layers import Embedding\nEmbedding(input_dim=10, output_dim=3)",
    "from keras.layers import Conv2D\nConv2D(32, (3, 3), padding='same', input_shape=(28, 28, 1))",
    "Conv2D(32, 3)",
    "model.save('m.keras'); model.save('m.h5'); model.save_weights('a.weights.h5')",
    "np.save('a.npy', x); fig.save('a.png')",
    "m = model.compile(metrics=['acc'])\nhistory.history['acc']",
    "plt.style.use('seaborn-v0_8')",
    "scores['acc'] = 1",
    "print('print x')",
    "f(lr=1, init=2, p=3)",
    "layers.Input(shape=(784,))",
]
"""What is no old call."""


@pytest.mark.parametrize(
    ("before", "old", "new"), CASES, ids=[old.splitlines()[-1].strip()[:40] for _, old, _ in CASES]
)
def test_an_old_call_becomes_what_one_writes_today(before, old, new):
    """The mended cell differs from the old one in the old call alone."""
    cells, left = mended([before + old])
    assert cells == [before + new]
    assert not [use for use in left if use.old.effect is Effect.FAILS]


@pytest.mark.parametrize("source", TODAY)
def test_what_one_writes_today_is_left_alone(source):
    """No false alarm, and nothing to mend."""
    assert [use.found for use in find_uses([source])] == []
    assert mended([source])[0] == [source]


@pytest.mark.slow
def test_old_calls_fail_today_and_their_new_forms_run(tmp_path):
    """The table is true of the Keras that is installed: every old call raises, every new one does not."""
    script = tmp_path / "run.py"
    script.write_text(
        "import json, sys, warnings\nwarnings.simplefilter('ignore')\nout = []\n"
        "for source in json.load(open(sys.argv[1])):\n"
        "    try:\n        exec(compile(source, 'cell', 'exec'), {})\n        out.append('')\n"
        "    except BaseException as error:\n        out.append(type(error).__name__ + ': ' + str(error)[:200])\n"
        "print('\\n' + json.dumps(out))\n",
        encoding="utf-8",
    )
    sources = [before + code for before, old, new in CASES for code in (old, new)]
    (tmp_path / "sources.json").write_text(json.dumps(sources), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), "sources.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=500,
        check=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "MPLBACKEND": "Agg"},
    )
    errors = json.loads(done.stdout.splitlines()[-1])
    assert [old for (_, old, _), error in zip(CASES, errors[::2], strict=True) if not error] == []
    assert {new: error for (_, _, new), error in zip(CASES, errors[1::2], strict=True) if error} == {}


def test_an_alias_is_followed_through_the_cells():
    """What a name stands for is known from the cells before."""
    uses = find_uses(["from tensorflow import keras as K", "K.utils.np_utils.to_categorical(y)"])
    assert [(use.cell, use.line, use.found) for use in uses] == [(1, 1, "K.utils.np_utils.to_categorical")]
    assert mended(["from tensorflow import keras as K", "K.utils.np_utils.to_categorical(y)"])[0][1] == (
        "K.utils.to_categorical(y)"
    )


def test_what_was_saved_under_another_name_is_loaded_by_it():
    """A file name that had to change changes where it is loaded, too."""
    cells, _ = mended(["model.save('net')", "keras.models.load_model('net')"])
    assert cells == ["model.save('net.keras')", "keras.models.load_model('net.keras')"]


def test_a_window_of_keras_1_is_told_though_it_runs():
    """`Convolution2D(32, 3, 3)` does not fail, and does something else: that is said, and mended."""
    (use,) = find_uses(["Convolution2D(32, 3, 3)"])
    assert use.old.effect is Effect.DIFFERS
    assert mended(["Convolution2D(32, 3, 3)"])[0] == ["Convolution2D(32, (3, 3))"]


def test_what_a_person_must_mend_stays_and_is_told():
    """An old call without a mechanical form is left in the text and in the list."""
    cells, left = mended(["import tensorflow as tf\ns = tf.Session()"])
    assert cells == ["import tensorflow as tf\ns = tf.Session()"]
    assert [use.found for use in left] == ["tf.Session"]


def test_magics_do_not_hide_old_calls():
    """Lines of IPython's are passed over, and the lines below keep their numbers."""
    source = "%matplotlib inline\n!pip install \\\n   keras\nmodel.fit(x, y, nb_epoch=3)\n?model"
    (use,) = find_uses([source])
    assert (use.line, use.write) == (4, "epochs=3")
    assert python_of("%%bash\nls -l").strip() == ""
    assert python_of("%%time\nx = 1").strip() == "x = 1"


def test_letters_of_two_bytes_do_not_shift_a_mend():
    """Columns count in bytes: Cyrillic before an old call leaves it where it is."""
    assert mended(["print('обучение'); модель.fit(x, y, nb_epoch=3)"])[0] == [
        "print('обучение'); модель.fit(x, y, epochs=3)"
    ]


@given(st.text(max_size=300))
def test_any_text_can_be_looked_through(source):
    """Whatever a cell holds, looking and mending end without an exception."""
    cells, _ = mended([source])
    assert len(cells) == 1


@given(st.text(alphabet="ab(),=\n я", max_size=60), st.data())
def test_an_edit_replaces_its_piece_and_nothing_else(source, data):
    """Text before and after the piece stays."""
    lines = source.encode().split(b"\n")
    row = data.draw(st.integers(1, len(lines)))
    ends = [len(lines[row - 1].decode()[:n].encode()) for n in range(len(lines[row - 1].decode()) + 1)]
    start, end = sorted((data.draw(st.sampled_from(ends)), data.draw(st.sampled_from(ends))))
    after = apply_edits(source, [Edit(start=(row, start), end=(row, end), text="Ж")]).encode().split(b"\n")
    assert after[row - 1] == lines[row - 1][:start] + "Ж".encode() + lines[row - 1][end:]
    assert after[: row - 1] + after[row:] == lines[: row - 1] + lines[row:]


def test_the_table_explains_every_old_call():
    """Each says why in a sentence and what to write, or that there is nothing in its place."""
    for old in OLD_CALLS:
        assert old.why.text.endswith("."), old
        assert old.write or not old.mechanical or old.effect is not Effect.FAILS or "argument" in old.why.text, old
    assert len({repr(old.pattern) for old in OLD_CALLS}) == len(OLD_CALLS)
    assert {type(old.pattern) for old in OLD_CALLS} > {Name, LinePattern}


@pytest.mark.slow
def test_what_is_called_imitated_runs_with_old_spellings_known(tmp_path, monkeypatch):
    """And only that: the others stop in the kernel as they do in Colab."""
    monkeypatch.chdir(tmp_path)  # some of them save files
    sources = [before + old for before, old, _ in CASES] + [
        "from keras.wrappers.scikit_learn import KerasClassifier\nKerasClassifier(build_fn=lambda: 1)",
        MODEL + "from keras.utils import multi_gpu_model\nmulti_gpu_model(model)",
        "import tensorflow as tf\ntf.placeholder(tf.float32)",
        "import tensorflow as tf\ntf.contrib.layers",
        "from keras import backend as K\nK.set_image_dim_ordering('tf')",
        "from keras.optimizers.legacy import Adam\nAdam()",
        "exec 'x=1'",
    ]
    script = (
        "import json\n"
        f"for source in json.loads({json.dumps(sources)!r}):\n"
        "    done = shell.run_cell(source, silent=True)\n"
        "    print('\\n' + json.dumps(['runs', done.success]))\n"
    )
    _, out = run(script, ipython=True, shims=True)
    runs = [json.loads(line)[1] for line in out.splitlines() if line.startswith('["runs"')]
    claimed = [all(use.old.imitated for use in find_uses([source])) for source in sources]
    assert [source for source, one, other in zip(sources, runs, claimed, strict=True) if one != other] == []
