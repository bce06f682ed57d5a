"""Every lesson of the corpus, run whole: a sealed kernel, the probe, the trainer, the criteria."""

import collections
import dataclasses

import pytest

from grader.batch import Settings, grade_cohort, tasks_of
from grader.workbook import load_workbook
from tests.lessons import LESSONS


class Quiet:
    def started(self, student):
        pass

    def stage(self, student, what):
        pass

    def done(self, result, *, reused):
        pass


def grade(lesson, out):
    """Grade a lesson on the samples with the quick profile."""
    workbook = load_workbook()
    workbook = dataclasses.replace(workbook, limits=dataclasses.replace(workbook.limits, **lesson.limits))
    settings = Settings(
        workbook=workbook,
        tasks=tasks_of(workbook, lesson.tasks),
        profile="quick",
        data="sample",
        jobs=1,
        language="ru",
    )
    ledger = grade_cohort([lesson.submission], settings, out, Quiet())
    (result,) = ledger.results()
    return result


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


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_is_graded_as_its_author_says(lesson, tmp_path):
    """Status, verdicts and points come out as written beside the notebook."""
    assert not lesson.differences(grade(lesson, tmp_path / "run"))
