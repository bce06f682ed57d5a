"""Every lesson of the corpus, run whole: a sealed kernel, the probe, the trainer, the criteria."""

import collections
from dataclasses import replace

import pytest

from grader.batch import Settings, grading_for, tasks_of
from grader.ledger import Ledger
from grader.pipeline import grade_submission
from grader.records import Evidence
from grader.workbook import load_workbook
from tests.lessons import LESSONS

QUICK = (
    "task1-one-unit-softmax",
    "task3-valid-does-not-fit",
    "broken-json",
    "kernel-killed-after-task",
    "task3-subclassed",
)
"""A first few, for `make test`; the others are slow."""


@pytest.fixture(scope="session")
def grading(tmp_path_factory):
    """One measurer for all lessons of a worker, on the samples with the quick profile."""
    workbook = load_workbook()
    settings = Settings(
        workbook=workbook,
        tasks=tasks_of(workbook, None),
        profile="quick",
        data="sample",
        jobs=1,
        language="ru",
    )
    with grading_for(settings, Ledger(tmp_path_factory.mktemp("lessons")), lambda _: None) as grading:
        yield grading


def test_the_corpus_is_large_and_mostly_wrong():
    """At least 40 lessons, and in more than half of them something is failed, in review or not graded."""
    wrong = [
        lesson
        for lesson in LESSONS
        if lesson.status != "graded"
        or any(v != "passed" for task in lesson.expected.values() for v in task.get("verdicts", {}).values())
    ]
    assert len(LESSONS) >= 40
    assert len(wrong) > len(LESSONS) / 2


def test_the_corpus_meets_every_status_a_notebook_can_bring_about():
    """Each way a student's notebook can end stands in some lesson."""
    met = collections.Counter(lesson.status for lesson in LESSONS)
    assert {"graded", "review", "timed_out", "kernel_died", "unreadable", "empty", "other_workbook"} <= set(met)


@pytest.mark.parametrize(
    "lesson",
    [pytest.param(one, marks=() if one.name in QUICK else pytest.mark.slow) for one in LESSONS],
    ids=lambda lesson: lesson.name,
)
def test_a_lesson_is_graded_as_its_author_says(lesson, grading):
    """Status, verdicts and points come out as written beside the notebook."""
    limits = replace(grading.workbook.limits, **lesson.limits)
    workbook = replace(grading.workbook, limits=limits, legacy=lesson.legacy)
    mine = replace(grading, workbook=workbook, tasks=tasks_of(workbook, lesson.tasks))
    result = grade_submission(lesson.submission, mine, lambda _: None)
    assert not lesson.differences(result)


BOTH_WAYS = (
    "task1-one-unit-softmax",
    "task2-as-asked",
    "task2-early-stopping",
    "task2-functional",
    "task2-goes-on-from-the-example",
    "task2-one-hot",
    "task2-scaled-and-shuffled",
    "task2-trained-on-test",
    "task2-validation-data-is-test",
    "task2-validation-split-added",
    "task3-as-asked",
    "task3-good-try-then-bad",
    "task3-saved-and-loaded",
    "task4-two-tries-then-all-data",
)
"""All that is usually handed to the trainer, and some that must not be."""


@pytest.mark.slow
@pytest.mark.parametrize("lesson", [one for one in LESSONS if one.name in BOTH_WAYS], ids=lambda lesson: lesson.name)
def test_who_trains_changes_no_verdict(lesson, grading):
    """A lesson that trains in its own kernel is graded as one that the trainer trains for, which is as written."""
    workbook = replace(grading.workbook, limits=replace(grading.workbook.limits, **lesson.limits))
    mine = replace(grading, workbook=workbook, tasks=tasks_of(workbook, lesson.tasks), helper=None)
    result = grade_submission(replace(lesson.submission, student=f"{lesson.name}-alone"), mine, lambda _: None)
    assert not lesson.differences(result)
    evidence = {task.accuracy.evidence for task in result.tasks if task.accuracy is not None}
    assert Evidence.DELEGATED not in evidence
