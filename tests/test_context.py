"""What an accuracy is shown beside: the notebook's own claim, and the reference's curves."""

import json

import pytest

from grader.context import claimed_accuracy, envelope
from grader.criteria.case import Candidate, Tier
from grader.records import ArrayFacts, CellOutcome, CellStatus, Ending, EvaluateFacts, Execution


def claim(tmp_path, *cells):
    """Return what is read off cells of (source, stored text); the model is evaluated on test rows in the first one."""
    found = [
        {
            "cell_type": "code",
            "source": source,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}],
        }
        for source, text in cells
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "cells": found}))
    call = EvaluateFacts(model=0, x=ArrayFacts(shape=(10, 4), dtype="uint8", dataset="mnist", test_rows=10), cell=1)
    answer = Candidate(order=0, notebook="a.ipynb", cell=1, tier=Tier.TRAINED, layers=(), evaluations=(call,))
    outcomes = tuple(CellOutcome(index=i, number=i + 1, status=CellStatus.OK) for i in range(len(cells)))
    return claimed_accuracy(
        path, answer, Execution(notebook="a.ipynb", ending=Ending.COMPLETED, cells=outcomes), "mnist"
    )


STORED = {
    "Keras 3": ("313/313 ━━━━ 1s 3ms/step - accuracy: 0.9712 - loss: 0.1\n", 0.9712),
    "Keras 2": ("10000/10000 [====] - 1s 71us/step - loss: 0.0712 - acc: 0.9788\n", 0.9788),
    "printed": ("accuracy: 0.90 - loss: 1\ntest_acc: 0.9788\n", 0.9788),
    "in Russian and in per cent": ("Точность на тестовых данных: 97.88%\n", 0.9788),
    "a pair": ("[0.0712345, 0.9788000226020813]\n", 0.9788000226020813),
    "validation alone": ("val_accuracy: 0.95\n", None),
    "no figure": ("done in 12.5 s\n", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
def test_the_claim_is_what_the_stored_outputs_say_last(tmp_path, stored):
    """Whatever way students print it; training on validation data claims nothing about test data."""
    text, figure = stored
    assert claim(tmp_path, ("model.evaluate(x, y)", text)) == figure


def test_the_claim_may_stand_in_the_next_cell_but_not_in_the_next_model_s(tmp_path):
    """A print after the evaluation counts, another evaluation's does not."""
    assert claim(tmp_path, ("loss, acc = model.evaluate(x, y)", ""), ("print(acc)", "acc 0.91")) == 0.91
    assert claim(tmp_path, ("model.evaluate(x, y)", ""), ("other.evaluate(x, y)", "accuracy: 0.91")) is None


def test_a_broken_file_claims_nothing(tmp_path):
    """The notebook is read as hostile text."""
    call = EvaluateFacts(model=0, x=ArrayFacts(shape=(1,), dtype="u1", dataset="mnist", test_rows=1), cell=1)
    answer = Candidate(order=0, notebook="a", cell=1, tier=Tier.TRAINED, layers=(), evaluations=(call,))
    ran = Execution(
        notebook="a", ending=Ending.COMPLETED, cells=(CellOutcome(index=0, number=1, status=CellStatus.OK),)
    )
    for content in ("", "[" * 100_000, '{"cells": 3}', '{"cells": [3]}', '{"cells": [{"outputs": [{"data": 5}, 7]}]}'):
        (tmp_path / "a").write_text(content)
        assert claimed_accuracy(tmp_path / "a", answer, ran, "mnist") is None


def test_the_reference_s_curves_hold_all_its_trainings():
    """Lowest and highest value of each epoch, where every training has one."""
    one, two = {"acc": (0.5, 0.8, 0.9)}, {"acc": (0.4, None, 0.95)}
    assert envelope([one, two]) == {"acc": ((0.4, 0.5), (0.8, 0.8), (0.9, 0.95))}
    assert envelope([]) == {}
