"""Whoever trains, a notebook runs the same: the lessons, with their fits handed to the trainer and without."""

import dataclasses

import pytest

from grader.datasets import DataStore
from grader.delegate import Delegate
from grader.execute import Job, run_notebook
from grader.records import Limits, Profile, TrainingLimits
from grader.train import TrainerPool
from tests.lessons import FOLDER, LESSONS
from tests.sameness import files_left, listing_files, shown, traced
from tests.test_sandbox import needs_seal

PROFILE = Profile(name="quick", steps=2)
QUICK = ("task3-saved-and-loaded",)
"""For `make test`; the others are slow."""
HANDED_OVER = (
    "task2-as-asked",
    "task2-early-stopping",
    "task2-goes-on-from-the-example",
    "task3-saved-and-loaded",
    "task4-two-tries-then-all-data",
)
"""Of some it is known that the trainer trains for them: two runs of the same kind would tell nothing."""
ENDLESS = ("endless-loop-after-task", "endless-loop-first")
"""They take as long as they may, and train nothing that is not in others."""
TRAIN = [
    one
    for one in LESSONS
    if one.name not in ENDLESS and any(b".fit" in path.read_bytes() for path in (FOLDER / one.name).rglob("*.*"))
]


@pytest.fixture(scope="module")
def datasets():
    """The offline samples."""
    return {name: DataStore().choose(name, "sample") for name in ("mnist", "cifar10", "binary20")}


@pytest.fixture(scope="module")
def delegate(datasets, tmp_path_factory):
    """One trainer for all lessons, so that most are answered from its cache."""
    cache, known = tmp_path_factory.mktemp("cache"), tuple(datasets.values())
    with TrainerPool(bounds=TrainingLimits(), cache=cache, datasets=known, keeps_states=True) as pool:
        yield Delegate(trainer=pool, datasets=datasets, profile=PROFILE)


def ran(lesson, folder, datasets, helper):
    """Return for each notebook of a lesson: the execution, what its cells showed, the files they left."""
    found = []
    for number, notebook in enumerate(lesson.submission.notebooks):
        out = folder / f"{number}-{helper is not None}"
        out.mkdir()
        job = Job(
            notebook=listing_files(notebook.path, out),
            files=notebook.beside,
            out=out / "run",
            datasets=tuple(datasets.values()),
            profile=PROFILE,
            limits=dataclasses.replace(Limits(), **lesson.limits),
        )
        execution = run_notebook(job, helper)
        fits = tuple(dataclasses.replace(one, delegated=False, in_kernel_because="") for one in execution.trace.fits)
        # Which models are scored at the end is asked of whoever trains.
        trace = dataclasses.replace(execution.trace, fits=fits, predictions=())
        execution = dataclasses.replace(execution, trace=trace)
        found.append((execution, shown(job.out), files_left(job.out)))
    return found


@needs_seal
@pytest.mark.parametrize(
    "lesson",
    [pytest.param(one, marks=() if one.name in QUICK else pytest.mark.slow) for one in TRAIN],
    ids=lambda lesson: lesson.name,
)
def test_a_lesson_runs_the_same_whoever_trains(lesson, datasets, delegate, tmp_path):
    """Models, fits, failures, cells, all that they show and the files they leave are the same."""
    pairs = zip(ran(lesson, tmp_path, datasets, delegate), ran(lesson, tmp_path, datasets, None), strict=True)
    for (execution, looks, files), (alone, expected, left) in pairs:
        assert execution.delegated or lesson.name not in HANDED_OVER
        assert not alone.delegated
        assert traced(execution) == traced(alone)
        assert looks == expected
        assert files == (left and pytest.approx(left, rel=0.05, abs=200))
