"""The data sets that the grader knows: one description each, from which every place takes what it needs."""

import importlib
import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from grader.batch import Settings, grading_for, tasks_of
from grader.collect import collect
from grader.datasets import DataStore
from grader.datasets.arrays import NAMES
from grader.errors import DataError
from grader.inside.facts import DataFacts
from grader.inside.probe.copies import FORMS, copy_at
from grader.inside.probe.stored import StoredDataset, called
from grader.known import KNOWN, mentioned
from grader.ledger import Ledger
from grader.pipeline import grade_submission
from grader.records import Evidence
from grader.workbook import json_schema, load_workbook
from tests.test_sandbox import needs_seal

ROOT = Path(__file__).parent.parent
SECTION = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("## How to add a data set")[1].split("\n## ")[0]
SIZE = {"num_train": 1_200, "num_test": 600}
"""Of what stands in for Fashion-MNIST here."""

SPELLINGS = {"grader/legacy/table.py", "grader/inside/shims/provided.py", "grader/inside/shims/tutorials.py"}
"""Old modules that have a data set's name, and what to write in their place."""


@pytest.fixture
def fourth(tmp_path, monkeypatch):
    """The description in CONTRIBUTING.md, saved as a module and entered in KNOWN as it says, only smaller."""
    (text,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    path = tmp_path / "fashion_mnist.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("grader.known.fashion_mnist", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("GRADER_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(KNOWN, "fashion_mnist", replace(module.FASHION_MNIST, **SIZE))
    return module.FASHION_MNIST


def given(folder):
    """A file with blots that a small network learns: the class is the row in which a picture is bright."""
    random, arrays = np.random.default_rng(3), {}
    for split, count in (("train", SIZE["num_train"]), ("test", SIZE["num_test"])):
        y = (np.arange(count) % 10).astype(np.uint8)
        x = random.integers(0, 90, (count, 28, 28), dtype=np.uint8)
        x[np.arange(count), 2 * y + 4] += 150
        arrays |= {f"x_{split}": x, f"y_{split}": y}
    path = folder / "given.npz"
    np.savez(path, **{name: arrays[name] for name in NAMES})
    return path


WORKBOOK = """
id = "clothes"
tasks = ["task1"]
points = 10
title = { ru = "Одежда", en = "Clothes" }

[profiles.quick]
steps = 120

[profiles.full]
"""
TASK = """
dataset = "fashion_mnist"
title = { ru = "Одежда", en = "Clothes" }

[[criteria]]
id = "data"
kind = "training-data"
points = 4
all = true

[[criteria]]
id = "tested"
kind = "evaluated"
points = 2

[[criteria]]
id = "overfit"
kind = "accuracy-gap"
points = 4
at_most = 0.5
"""
NOTEBOOK = """
import keras
(x, y), (xt, yt) = keras.datasets.fashion_mnist.load_data()
x, xt = x.reshape(-1, 784) / 255.0, xt.reshape(-1, 784) / 255.0
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x, y, epochs=4, batch_size=64, verbose=0)
model.evaluate(xt, yt, verbose=0)
"""


@needs_seal
def test_a_data_set_costs_a_description(fourth, tmp_path):
    """Described, added, named in a task: a notebook that loads it is recognised, its training repeated, and judged."""
    DataStore().add("fashion_mnist", given(tmp_path))
    for name, text in (("workbook.toml", WORKBOOK), ("task1.toml", TASK)):
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / "mine" / name).write_text(text, encoding="utf-8")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(NOTEBOOK)])
    (tmp_path / "class").mkdir()
    nbformat.write(notebook, tmp_path / "class" / "anna.ipynb")
    workbook = load_workbook(tmp_path / "mine")
    settings = Settings(
        workbook=workbook, tasks=tasks_of(workbook, None), profile="quick", data="auto", jobs=1, language="en"
    )
    (submission,) = collect([tmp_path / "class"])
    with grading_for(settings, Ledger(tmp_path / "run"), lambda _: None) as grading:
        result = grade_submission(submission, grading, lambda _: None)
    (task,) = result.tasks
    assert {finding.id: finding.verdict for finding in task.findings} == dict.fromkeys(
        ("data", "tested", "overfit"), "passed"
    ), task
    assert task.earned == 10
    assert task.accuracy.evidence is Evidence.DELEGATED
    assert min(task.accuracy.trainings) > 0.9


def test_a_data_set_without_a_sample_is_wanted_in_full(fourth, tmp_path):
    """There is nothing to draw: the list has one edition of it, and whoever asks is told what to run."""
    store = DataStore()
    assert [row.edition for row in store.list() if row.name == "fashion_mnist"] == ["full"]
    for want in ("auto", "sample"):
        with pytest.raises(DataError, match=r"no offline sample.*grader data fetch fashion_mnist"):
            store.choose("fashion_mnist", want)
    added = store.add("fashion_mnist", given(tmp_path))
    assert store.choose("fashion_mnist") == store.choose("fashion_mnist", "full") == added


def test_a_workbook_may_name_whatever_is_known(fourth):
    """Editors complete it, too."""
    names = json_schema("task")["properties"]["dataset"]["enum"]
    assert names == ["mnist", "cifar10", "binary20", "fashion_mnist"]


def test_the_longest_word_tells_which_data_set_is_meant(fourth):
    """A name within another's is not mentioned by it, and words count in the order of the text."""
    assert mentioned("keras.datasets.fashion_mnist") == ("fashion_mnist",)
    assert mentioned("cifar_10 and MNIST") == ("cifar10", "mnist")
    assert mentioned("fashion_mnist: train-images-idx3-ubyte.gz")[0] == "fashion_mnist"


def test_fashion_is_not_taken_for_mnist_where_it_is_not_known():
    """Its name holds MNIST's."""
    assert mentioned("keras.datasets.fashion_mnist, fashion-mnist") == ()


ADDRESSES = {
    "http://yann.lecun.com/exdb/mnist/t10k-images-idx3-ubyte.gz": ("mnist", "idx"),
    "train-labels.idx1-ubyte": ("mnist", "idx"),
    "https://x/tf-keras-datasets/mnist.npz?raw=1": ("mnist", "npz"),
    "mnist_train_small.csv": ("mnist", "csv"),
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz": ("cifar10", "cifar"),
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz": ("fashion_mnist", "idx"),
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/train-labels-idx1-ubyte.gz": ("fashion_mnist", "idx"),
    "https://x/fashion_mnist.npz": None,
    "https://x/cifar-100-python.tar.gz": None,
    "mnist_test_small.csv": None,
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_belongs_to_one_data_set(fourth, address):
    """Files of the same names lie in several places; each is made from the arrays that it is of."""
    stored_datasets = told()
    copy = copy_at(stored_datasets, address)
    assert (copy and (copy.stored.name, copy.form)) == ADDRESSES[address]
    alone = copy_at({name: stored for name, stored in stored_datasets.items() if name != "fashion_mnist"}, address)
    assert alone is None or alone.stored.name != "mnist" or "fashion" not in address


def told():
    """What a kernel knows of all data sets, in the order in which it finds their folders."""
    facts = [DataFacts(**one.for_kernel()) for one in KNOWN.values()]
    return {
        one.name: StoredDataset(name=one.name, edition="", folder=Path(), facts=one)
        for one in sorted(facts, key=by_name)
    }


def by_name(one):
    return one.name


def test_libraries_find_a_data_set_by_their_own_names(fourth):
    """By name or number, in any case."""
    found = [called(told(), "openml", *names) for names in (("mnist_784", None), ("Fashion-MNIST",), (None, 40996))]
    assert [one.name for one in found] == ["mnist", "fashion_mnist", "fashion_mnist"]
    assert called(told(), "openml", "iris", None) is None


@pytest.mark.parametrize("one", KNOWN.values(), ids=lambda one: one.name)
def test_a_description_names_what_there_is(one):
    """Its sample can be made, and the kernel can make its files."""
    sample = importlib.import_module(one.sample)
    assert sample.SOURCE
    assert callable(sample.make)
    assert {form for form, _ in one.for_kernel()["files"]} <= set(FORMS)


def test_nobody_else_knows_a_data_set_by_name():
    """What a place must know of a data set it takes from the description; spellings of old modules are no facts."""
    quoted = re.compile(rf"""["']({"|".join(KNOWN)})["']""")
    naming = []
    for path in sorted((ROOT / "grader").rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        lines = (line for line in path.read_text("utf-8").splitlines() if not re.match(r"\s*(>>>|\.\.\.|\(|\[)", line))
        if not place.startswith("grader/known/") and place not in SPELLINGS and any(map(quoted.search, lines)):
            naming.append(place)
    assert naming == []
