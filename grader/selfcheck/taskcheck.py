"""What of a task's judgement can be told before grading, and in which order a student reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from grader.criteria import Criterion
from grader.criteria.case import Candidate, Match
from grader.grade import expected_layers, totals
from grader.inside.reasons import Reason
from grader.records import AccuracyFacts, Finding, Message, SubmissionResult, TaskResult, Verdict, msg
from grader.selfcheck.results import TaskCheck
from grader.workbook import Task

_OF_ITS_ARGUMENTS = frozenset({"batch-size", "validation-split", "training-data", "evaluated"})
"""Kinds that a training which was not seen leaves open."""
_OF_THE_SESSION = frozenset({"example-run", "configurations", "varied"})
"""Kinds that look at everything the notebook did."""


def task_check(task: Task, match: Match, result: TaskResult, *, name: str, figure: float | None) -> TaskCheck:
    """Return a task's look: what is decided now, what later; nothing that the lecturer shows after grading only."""
    candidate = match.candidate
    kept, later, hidden = [], [], 0
    for criterion, finding in zip(task.criteria, result.findings, strict=True):
        if criterion.show != "always":
            hidden += 1
        elif _is_open(criterion, finding, candidate):
            later.append(finding.title)
        else:
            kept.append(_here(finding))
    return TaskCheck(
        task=task.id,
        title=task.title,
        model=name,
        cell=candidate.cell if candidate else 0,
        findings=tuple(kept),
        later=tuple(later),
        hidden=hidden,
        accuracy=tuple(_accuracy(candidate, result, figure)) if candidate else (),
        advice=_advice(candidate),
    )


def _is_open(criterion: Criterion, finding: Finding, candidate: Candidate | None) -> bool:
    if candidate is None:
        return criterion.judges == "training"
    if criterion.judges == "training":
        return finding.verdict is not Verdict.FAILED or not candidate.is_trained
    if candidate.fit is None and candidate.failure is None and criterion.needs_fit:
        return True
    return (
        _ran_unseen(candidate)
        and finding.verdict is not Verdict.PASSED
        and criterion.kind in _OF_ITS_ARGUMENTS | _OF_THE_SESSION
    )


def _ran_unseen(candidate: Candidate) -> bool:
    return candidate.fit is not None and candidate.fit.x.why == Reason.BEFORE_SELFCHECK


def _here(finding: Finding) -> Finding:
    """Name the cell alone: there is one notebook, and it is this one."""
    where = finding.where
    cell = where.values.get("cell") if isinstance(where, Message) else None
    return replace(finding, where=msg("cell {cell}", cell=cell) if cell else None)


def _accuracy(candidate: Candidate, result: TaskResult, figure: float | None) -> Iterator[Message]:
    """Say how accurate the model is so far, and what the workbook's example reaches."""
    on_test, history = result.accuracy.notebook, candidate.fit.history if candidate.fit else {}
    validated, trained = _last(history, "val_accuracy", "val_acc"), _last(history, "accuracy", "acc")
    if on_test is not None:
        yield msg("Accuracy so far on the test data: {accuracy}", accuracy=round(on_test, 4))
    elif validated is not None:
        yield msg("Accuracy so far on the validation data, last epoch: {accuracy}", accuracy=round(validated, 4))
    elif trained is not None:
        yield msg("Accuracy so far on the training data, last epoch: {accuracy}", accuracy=round(trained, 4))
    else:
        return
    if figure is not None:
        yield msg("The workbook's example reaches on the test data: {accuracy}", accuracy=figure)
    yield msg("The grader trains your model again from the beginning; that accuracy decides.")


def _last(history: object, *names: str) -> float | None:
    values = next((history[name] for name in names if isinstance(history, dict) and history.get(name)), ())
    return values[-1] if values else None


def _advice(candidate: Candidate | None) -> Message | None:
    if candidate is None:
        return None
    if candidate.fit is None and candidate.failure is None and not candidate.own_loop:
        return msg("Train the model, then check again: the rest shows in model.fit.")
    if _ran_unseen(candidate):
        return msg(
            "This training ran before the self-check was imported, so part of it was not seen. Write "
            "“from grader import selfcheck” in the first cell, restart the kernel and run all cells."
        )
    return None


def without_hidden(result: SubmissionResult, tasks: Sequence[Task]) -> SubmissionResult:
    """Return a result without the criteria that the lecturer shows after grading only, and without their points."""
    by_id = {task.id: task for task in tasks}
    return replace(result, tasks=tuple(_shown(one, by_id[one.task]) for one in result.tasks))


def _shown(result: TaskResult, task: Task) -> TaskResult:
    criteria = tuple(criterion for criterion in task.criteria if criterion.show == "always")
    if len(criteria) == len(task.criteria):
        return result
    names = {criterion.id for criterion in criteria}
    findings = tuple(finding for finding in result.findings if finding.id in names)
    earned, in_review, most = totals(findings)
    return replace(
        result,
        findings=findings,
        earned=earned,
        in_review=in_review,
        max=most,
        expected_layers=expected_layers(replace(task, criteria=criteria)),
        accuracy=result.accuracy if any(one.judges == "training" for one in criteria) else AccuracyFacts(),
    )
