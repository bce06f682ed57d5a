"""A cohort: collect, run, train, record; what is done already is not done again."""

from grader.batch.cohort import grade_cohort
from grader.batch.observer import CompositeObserver, Observer
from grader.batch.settings import Settings, tasks_of
from grader.batch.setup import bands_of, grading_for, reference_folder
from grader.batch.versions import versions

__all__ = [
    "CompositeObserver",
    "Observer",
    "Settings",
    "bands_of",
    "grade_cohort",
    "grading_for",
    "reference_folder",
    "tasks_of",
    "versions",
]
