"""Which lessons a submission calls for, and which of them belongs to a criterion."""

from __future__ import annotations

from collections.abc import Iterable

from grader.hints import Lesson, error_lines, finding_line, lessons_for, note_lines
from grader.records import Finding, SubmissionResult, TaskResult


def lessons_of(result: SubmissionResult) -> tuple[Lesson, ...]:
    """Return what a student should learn, each lesson once; criteria of a task without an answer teach nothing."""
    lines = [_line(task, finding) for task in result.tasks for finding in task.findings]
    for notebook in result.notebooks:
        lines += (*error_lines(notebook), *note_lines(notebook))
    return lessons_for(line for line in lines if line)


def lesson_of(task: TaskResult, finding: Finding) -> Lesson | None:
    """Return the lesson that goes with a criterion; None when it was passed or there is none."""
    line = _line(task, finding)
    return next(iter(lessons_for([line])), None) if line else None


def lessons_among(task: TaskResult, findings: Iterable[Finding]) -> tuple[Lesson, ...]:
    """Return the lessons that go with any of these criteria, each once."""
    return tuple(dict.fromkeys(lesson for one in findings if (lesson := lesson_of(task, one)) is not None))


def _line(task: TaskResult, finding: Finding) -> str:
    return finding_line(finding) if task.answer is not None else ""
