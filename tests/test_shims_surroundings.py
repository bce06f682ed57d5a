"""What notebooks expect around them: libraries, data by address, Colab's folders, drawings, readable cells."""

import pytest

from tests.probing import make_data, run

pytestmark = pytest.mark.xdist_group("surroundings")  # what they look at is made once, in one process

CELLS = {
    "tensorflow.python.keras": "from tensorflow.python.keras.layers import Dense\nimport keras\nassert Dense is keras.layers.Dense",
    "as-tensorflow.python.keras": "import tensorflow.python.keras as old\nassert old.Sequential is keras.Sequential",
    "tabs": "if True:\n\ta = 1\n        b = 2\nassert (a, b) == (1, 2)",
    "terminal-line": "wget http://example.org/mnist.npz\nimport numpy as np\nassert np.load('mnist.npz')['x_train'].shape == (300, 28, 28)",
    "unused-import": "import nowhere.deep as nd\nfrom nowhere import thing",
    "tried-import": "try:\n    import nowhere2\n    there = True\nexcept ImportError:\n    there = False\nassert not there",
    "asked-for-import": "import importlib.util\nassert importlib.util.find_spec('nowhere3') is None",
    "merge": (
        "from keras.layers import merge, Input, Dense\nx = Input((3,)); y = Dense(3)(x)\n"
        "assert merge([x, y], mode='concat', concat_axis=1).shape == (None, 6)\n"
        "assert type(merge([x, y], mode='sum')._keras_history.operation) is keras.layers.Add"
    ),
    "merge-module": "from keras.layers.merge import concatenate\nassert concatenate is keras.layers.concatenate",
    "TensorBoard": (
        "m = keras.Sequential([keras.Input((4,)), Dense(3)]); m.compile('sgd', 'mse')\n"
        "m.fit(np.zeros((4, 4)), np.zeros((4, 3)), verbose=0, callbacks=[keras.callbacks.TensorBoard('logs')])"
    ),
    "plot_model": (
        "from keras.utils.vis_utils import plot_model, model_to_dot\nplot_model(m, to_file='m.png')\n"
        "assert open('m.png', 'rb').read(4) == b'\\x89PNG'\n"
        "assert b'<svg' in model_to_dot(m).create(prog='dot', format='svg')"
    ),
    "scipy.misc": (
        "from scipy.misc import imread, imresize, imsave\nimport PIL.Image\n"
        "imsave('i.png', np.arange(64.0).reshape(8, 8)); i = imread('i.png')\n"
        "assert (i.min(), i.max(), i[0, 1]) == (0, 255, 4)\n"
        "assert (imresize(i, (4, 4)) == np.array(PIL.Image.fromarray(i).resize((4, 4), 2))).all()"
    ),
    "style": (
        "import matplotlib.pyplot as plt\nplt.style.use('seaborn-white'); a = dict(plt.rcParams)\n"
        "plt.style.use('seaborn-v0_8-white'); assert a == dict(plt.rcParams)"
    ),
    "tfds": (
        "import tensorflow_datasets as tfds\n"
        "(a, b), info = tfds.load('mnist', split=['train', 'test[:10%]'], as_supervised=True, with_info=True)\n"
        "(x, y), (xt, yt) = keras.datasets.mnist.load_data()\n"
        "assert (len(a), len(b), info.splits['train'].num_examples) == (300, 10, 300)\n"
        "image, label = next(iter(a)); assert (image.numpy()[..., 0] == x[0]).all() and label == y[0]"
    ),
    "input_data": (
        "from tensorflow.examples.tutorials.mnist import input_data\n"
        "mnist = input_data.read_data_sets('MNIST_data/', one_hot=True, validation_size=50)\n"
        "assert np.allclose(mnist.train.images, x[50:].reshape(-1, 784) / 255)\n"
        "assert (mnist.test.labels.argmax(1) == yt).all()"
    ),
    "urlopen": (
        "import gzip, urllib.request\n"
        "raw = gzip.decompress(urllib.request.urlopen('http://example.org/mnist/t10k-images-idx3-ubyte.gz').read())\n"
        "assert (np.frombuffer(raw[16:], 'uint8').reshape(-1, 28, 28) == xt).all()"
    ),
    "read_csv": (
        "import pandas as pd\nt = pd.read_csv('https://example.org/mnist_test.csv', header=None).values\n"
        "assert (t[:, 0] == yt).all() and (t[:, 1:] == xt.reshape(-1, 784)).all()"
    ),
    "wget-and-more": (
        "!wget -q https://example.org/mnist.npz -P down && cp down/mnist.npz copied.npz\n"
        "assert (np.load('copied.npz')['y_test'] == yt).all()"
    ),
    "sample_data": (
        "t = pd.read_csv('sample_data/mnist_train_small.csv', header=None).values\n"
        "assert (t[:, 0] == y).all() and (t[:, 1:] == x.reshape(-1, 784)).all()"
    ),
    "fetch_openml": (
        "from sklearn.datasets import fetch_openml\nX, d = fetch_openml('mnist_784', version=1, return_X_y=True)\n"
        "assert (X.values[:300] == x.reshape(-1, 784)).all() and list(d[:3]) == list(map(str, y[:3]))"
    ),
    "fetch_mldata": (
        "from sklearn.datasets import fetch_mldata\nold = fetch_mldata('MNIST original')\n"
        "assert old.data.shape == (400, 784) and (np.diff(old.target[:300]) >= 0).all()"
    ),
    "tfds-builder": (
        "builder = tfds.builder('cifar10'); builder.download_and_prepare()\n"
        "assert len(builder.as_dataset(split=tfds.Split.TEST)) == 100\n"
        "assert builder.info.features['label'].int2str(3) == 'cat' and len(tfds.load('mnist', split='train+test')) == 400"
    ),
    "unused-gone-name": "from keras.utils import to_categorical, multi_gpu_model\nassert to_categorical([1], 2).shape == (1, 2)",
    "unused-gone-module": "import tensorflow.contrib.slim as slim\nfrom keras.wrappers.scikit_learn import KerasRegressor",
    "tried-gone-name": (
        "try:\n    from keras.utils import multi_gpu_model\n    there = True\n"
        "except ImportError:\n    there = False\nassert not there"
    ),
    "compat-v1-keras": "from tensorflow.compat.v1.keras.layers import Dense\nassert Dense is keras.layers.Dense",
    "contrib-keras": "from tensorflow.contrib import keras as old\nassert old.layers.Dense is keras.layers.Dense",
    "display": "from IPython.core.display import display, HTML\ndisplay(HTML('<b>a</b>'))",
    "get_ipython-magic": "get_ipython().magic('%who str')",
    "progress-only": (
        "from keras_tqdm import TQDMNotebookCallback\nimport tensorflow_docs.modeling\n"
        "m.fit(np.zeros((4, 4)), np.zeros((4, 3)), verbose=0,"
        " callbacks=[TQDMNotebookCallback(leave_inner=True), tensorflow_docs.modeling.EpochDots()])"
    ),
    "tensorboard-magics": "%load_ext tensorboard\n%tensorboard --logdir logs",
    "upload": "from google.colab import files\nassert 'mnist.npz' in files.upload()",
}
FAILS = {
    "used-absent-library": ("nd.function(1)", "ModuleNotFoundError: No module named 'nowhere.deep'"),
    "used-absent-name": ("thing(1)", "ModuleNotFoundError: No module named 'nowhere'"),
    "used-gone-name": ("multi_gpu_model(m, gpus=2)", "AttributeError: keras.utils.multi_gpu_model belongs"),
    "used-gone-module": ("slim.flatten(m)", "ModuleNotFoundError: tensorflow.contrib.slim belongs"),
    "tfds-other": ("tfds.load('imagenette')", "RuntimeError: tfds.load('imagenette')"),
    "python-2": ("print 'a'", "SyntaxError"),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """All cells, run in one session of IPython; gives each one's error and the events."""
    script = "import os, tempfile\nos.chdir(tempfile.mkdtemp())\n"
    for name, source in [*CELLS.items(), *((name, source) for name, (source, _) in FAILS.items())]:
        script += f"r = shell.run_cell({source!r}, store_history=True)\n"
        script += "e = r.error_before_exec or r.error_in_exec\n"
        script += f"print('@@', {name!r}, '@@', type(e).__name__ + ': ' + str(e) if e else '')\n"
    events, out = run(script, shims=True, ipython=True, data=make_data(tmp_path_factory.mktemp("data")))
    rows = [line.split("@@") for line in out.splitlines() if line.startswith("@@")]
    return {row[1].strip(): row[2].strip() for row in rows}, events


@pytest.mark.parametrize("name", CELLS)
def test_a_notebook_finds_what_it_expects(results, name):
    """The cell runs, and what it asserts holds."""
    assert results[0][name] == ""


@pytest.mark.parametrize("name", FAILS)
def test_what_is_not_here_fails_where_it_is_used(results, name):
    """Nothing is made up: the error is today's."""
    assert results[0][name].startswith(FAILS[name][1])


def test_uses_are_told_with_the_number_of_their_cell(results):
    """Cells count from 1, whenever in the cell's life the shim was at work."""
    told = {event["old"]: event["cell"] for event in results[1] if event["event"] == "legacy"}
    names = list(CELLS)
    assert told["tensorflow.python.keras"] in {1, 2}
    assert told["tabs and spaces mixed"] == names.index("tabs") + 1
    assert told["a line for a terminal"] == names.index("terminal-line") + 1
    assert told["scipy.misc.imread"] == names.index("scipy.misc") + 1
