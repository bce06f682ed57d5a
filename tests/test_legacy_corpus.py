"""Notebooks in the styles of ten years: what trains, what is captured, what is refused and with which words."""

import tomllib

import pytest

from grader.coverage import causes, covered
from grader.datasets import DataStore
from grader.execute import Job, run_notebook
from grader.language import Language
from grader.records import Limits, Profile
from tests.lessons import FOLDER

CORPUS = FOLDER / "legacy"
EXPECTED = tomllib.loads((CORPUS / "expected.toml").read_text(encoding="utf-8"))
QUICK = ("keras1-convolution", "keras22-early-stopping", "tf23-python-keras", "colab-drive-and-upload")
"""A handful, for `make test`; the others are slow."""


def test_the_corpus_has_every_style_and_mostly_trains():
    """At least 30 notebooks, 27 of which are to be captured; each other one says why not."""
    assert {path.stem for path in CORPUS.glob("*.ipynb")} == set(EXPECTED)
    assert {name.partition("-")[0] for name in EXPECTED} == {"keras1", "keras22", "tf23", "tf212", "colab"}
    captured = [name for name, wanted in EXPECTED.items() if wanted.get("captured", True)]
    assert len(EXPECTED) >= 30
    assert len(captured) >= 27
    assert all("story" in wanted and "cause" in wanted for name, wanted in EXPECTED.items() if name not in captured)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in EXPECTED]
)
def test_an_old_notebook_ends_as_its_author_says(name, tmp_path):
    """It trains and is captured, with its old spellings told; or it is refused with what to write."""
    wanted = EXPECTED[name]
    execution = run_notebook(
        Job(
            notebook=CORPUS / f"{name}.ipynb",
            files=(("units.csv", CORPUS / "units.csv"),),
            out=tmp_path,
            datasets=tuple(DataStore().choose(one, "sample") for one in ("mnist", "cifar10", "binary20")),
            profile=Profile(name="quick", steps=2),
            limits=Limits(cell_seconds=200, notebook_seconds=400),
        )
    )
    found = covered(name, execution)
    errors = [(cell.number, cell.error, cell.message[:300]) for cell in execution.cells if cell.error]
    assert found.captured == wanted.get("captured", True), (found.cause, errors)
    assert found.trained == wanted.get("trained", True), errors
    assert not errors or not found.captured or wanted.get("ran") is False, errors
    assert wanted.get("cause", "") in Language("en").say(found.cause) + repr(errors)
    assert set(wanted.get("old", ())) <= {use.old for use in execution.trace.legacy}
    assert not [note for note in execution.trace.notes if note.what.startswith("probe")]


def test_causes_are_counted_without_what_is_particular(tmp_path):
    """Two errors that differ in a number or a folder have one cause."""
    from tests.test_hints import notebook

    runs = [notebook(("x", "ValueError", f"{number} rows in '/home/{number}/a.csv'")) for number in (3, 40)]
    ((cause, count),) = causes([covered(str(at), run) for at, run in enumerate(runs)])
    assert count == 2
    assert "rows in" in Language("en").say(cause)
