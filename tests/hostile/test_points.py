"""Points cannot be forged: accuracy that counts is always our own, structure is what we could build again."""

from dataclasses import replace

import pytest

from grader.batch import tasks_of
from grader.pipeline import grade_submission
from tests.hostile.forging import FORGERIES
from tests.test_lessons import grading  # noqa: F401 - the fixture
from tests.test_sandbox import needs_seal

pytestmark = needs_seal
QUICK = ("claims-a-training-of-nothing",)
"""One for `make test`; the others are slow."""


@pytest.mark.parametrize(
    "forgery",
    [pytest.param(one, marks=() if one.name in QUICK else pytest.mark.slow) for one in FORGERIES],
    ids=lambda forgery: forgery.name,
)
def test_a_forgery_gets_what_it_deserves(forgery, grading, tmp_path):  # noqa: F811
    """The verdicts that it was made for are not passed."""
    mine = replace(grading, tasks=tasks_of(grading.workbook, [forgery.task]))
    result = grade_submission(forgery.submission(tmp_path), mine, lambda _: None)
    assert not forgery.faults(result)
