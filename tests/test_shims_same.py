"""With the shims on, notebooks that need none run as they run without."""

import pytest

from grader.datasets import DataStore
from grader.execute import Job, run_notebook
from grader.records import Limits, Profile
from tests.lessons import LESSONS
from tests.sameness import traced

QUICK = ("task2-through-variables", "task1-two-units")
NEED_SHIMS = ("task3-colab-lines",)
"""It saves to ``/content/drive``, which is Colab's."""
MODERN = [
    one
    for one in LESSONS
    if one.status == "graded" and one.legacy == "run" and not one.limits and one.name not in NEED_SHIMS
]


def told(lesson, folder, *, shims):
    """Everything a notebook's trace and cells tell, but for what chance decides."""
    out = []
    for number, notebook in enumerate(lesson.submission.notebooks):
        job = Job(
            notebook=notebook.path,
            files=notebook.beside,
            out=folder / f"{number}-{shims}",
            datasets=tuple(DataStore().choose(name, "sample") for name in ("mnist", "cifar10", "binary20")),
            profile=Profile(name="quick", steps=2),
            limits=Limits(),
            shims=shims,
        )
        out += traced(run_notebook(job))
    return out


@pytest.mark.parametrize(
    "lesson",
    [pytest.param(one, marks=() if one.name in QUICK else pytest.mark.slow) for one in MODERN],
    ids=lambda lesson: lesson.name,
)
def test_a_notebook_of_today_leaves_the_same_trace(lesson, tmp_path):
    """Models, compiles, fits, failures and cells are the same with and without shims."""
    assert told(lesson, tmp_path, shims=True) == told(lesson, tmp_path, shims=False)
