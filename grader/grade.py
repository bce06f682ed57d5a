"""Judges the criteria of a task and adds up the points, whole numbers all; makes the records of what was judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from grader.criteria.accuracy import Accuracy, accuracies_of
from grader.criteria.base import Criterion, finding
from grader.criteria.case import Case, Match, Measurement
from grader.criteria.layers import Layer, LayerCount, LayerOrder
from grader.criteria.settings import Epochs
from grader.hints import stopped_cell
from grader.records import (
    AccuracyFacts,
    Answer,
    Band,
    Ending,
    Evidence,
    Execution,
    Finding,
    LayerFacts,
    Message,
    Profile,
    Status,
    TaskResult,
    Training,
    Verdict,
    Words,
    accuracy_among,
    msg,
)
from grader.workbook import Task

_NOTHING = Measurement()


def task_result(
    task: Task,
    match: Match,
    *,
    profile: Profile,
    bands: Mapping[str, Band],
    measured: Measurement = _NOTHING,
    example_layers: tuple[LayerFacts, ...] = (),
    example_trained: float | None = None,
    figure: float | None = None,
) -> TaskResult:
    """Judge every criterion of a task.

    Args:
        task: What is asked.
        match: What was found.
        profile: How much training was bought.
        bands: By reference, for the data and profile in use; a missing one is "uncalibrated".
        measured: What training the answer again gave.
        example_layers: Layers of the example's reference, where on record.
        example_trained: Test accuracy of the student's own run of the example, trained again by us.
        figure: Test accuracy the workbook prints for the example.
    """
    case = Case(
        **match.seen,
        dataset=task.dataset,
        profile=profile,
        signs=task.signs,
        example_layers=example_layers,
        measured=measured,
        bands=bands,
    )
    findings = _together([finding(criterion, case) for criterion in task.criteria], task)
    earned, in_review, most = totals(findings)
    return TaskResult(
        task=task.id,
        title=task.title,
        findings=findings,
        earned=earned,
        in_review=in_review,
        max=most,
        answer=_answer(case, match),
        accuracy=_accuracy(task, case, example_trained, figure),
        expected_layers=expected_layers(task),
        dataset=task.dataset,
    )


def _together(findings: Sequence[Finding], task: Task) -> tuple[Finding, ...]:
    """Leave what our trainings missed to a person where how long the model was trained waits for one."""
    waits = any(one.kind == Epochs.kind and one.verdict is Verdict.REVIEW for one in findings)
    return tuple(
        replace(one, verdict=Verdict.REVIEW, advice=_AS_LONG) if waits and _missed(criterion, one) else one
        for criterion, one in zip(task.criteria, findings, strict=True)
    )


_AS_LONG = msg("A person looks at how long the model was trained, and at this with it.")


def unjudged(task: Task, reason: Words) -> TaskResult:
    """Leave a whole task to a person, because nothing of the submission could be seen."""
    return task_result(task, Match(cut_short=reason), profile=Profile(name="full"), bands={})


def trainings_failed(task: Task, result: TaskResult) -> bool:
    """Whether something that our own trainings showed fails."""
    return any(map(_missed, task.criteria, result.findings))


def _missed(criterion: Criterion, one: Finding) -> bool:
    return criterion.judges == "training" and one.verdict is Verdict.FAILED


def totals(findings: Iterable[Finding]) -> tuple[int, int, int]:
    """Return points earned, in review, and in all.

    >>> totals([])
    (0, 0, 0)
    """
    points = dict.fromkeys(Verdict, 0)
    for one in findings:
        points[one.verdict] += one.points
    return points[Verdict.PASSED], points[Verdict.REVIEW], sum(points.values())


_FAULTS = {
    Ending.SANDBOX_FAILED: Status.SANDBOX_FAILED,
    Ending.INTERNAL_ERROR: Status.INTERNAL_ERROR,
}
_STOPS = {
    Ending.TIMED_OUT: Status.TIMED_OUT,
    Ending.OUT_OF_MEMORY: Status.OUT_OF_MEMORY,
    Ending.OUTPUT_LIMIT: Status.OUTPUT_LIMIT,
    Ending.KERNEL_DIED: Status.KERNEL_DIED,
}


def status_of(
    executions: Sequence[Execution], matches: Sequence[Match], results: Sequence[TaskResult]
) -> tuple[Status, Message | None]:
    """Say how a submission ended, in one word, and why when there is a reason.

    Our own faults come first, then files that could not be read, then what stopped a notebook, then what was found.
    """
    for ending, status in _FAULTS.items():
        stopped = next((one for one in executions if one.ending is ending), None)
        if stopped is not None:
            return status, stopped.reason
    readable = [one for one in executions if one.ending is not Ending.UNREADABLE]
    if not readable:
        return Status.UNREADABLE, next((one.reason for one in executions if one.reason), None)
    if all(one.ending is Ending.EMPTY for one in readable):
        return Status.EMPTY, readable[0].reason
    for ending, status in _STOPS.items():
        stopped = next((one for one in readable if one.ending is ending), None)
        if stopped is not None:
            return status, stopped.reason
    slow = next((found for one in readable if (found := stopped_cell(one)) is not None), None)
    if slow is not None:
        return Status.TIMED_OUT, slow
    if not any(match.found_anything or match.missing or match.unseen_loop for match in matches) and _is_elsewhere(
        readable
    ):
        return Status.OTHER_WORKBOOK, msg("no model in the notebook belongs to a task of this workbook")
    if any(one.verdict is Verdict.REVIEW for result in results for one in result.findings):
        return Status.REVIEW, None
    return Status.GRADED, None


def _is_elsewhere(executions: Sequence[Execution]) -> bool:
    """Whether notebooks without any answer are about something else, not about this and broken.

    Cells that fail before the first model, in a notebook that uses Keras, are broken answers.
    """
    if any(one.trace.models or one.trace.fits for one in executions):
        return True
    cells = [cell for one in executions for cell in one.cells]
    keras = any("keras" in cell.source or "tensorflow" in cell.source for cell in cells)
    return not (keras and any(cell.error for cell in cells))


def expected_layers(task: Task) -> tuple[str, ...]:
    """Return what the task asks for, one line a layer.

    A count says nothing more where every one of the counted layers is described.
    """
    described = [criterion for criterion in task.criteria if isinstance(criterion, Layer)]
    lines: list[str] = []
    for criterion in task.criteria:
        match criterion:
            case Layer():
                lines.append(criterion.line)
            case LayerCount() if criterion.exactly != sum(one.layer == criterion.layer for one in described):
                lines.append(f"{criterion.layer} × {criterion.amount}")
            case LayerOrder():
                lines += criterion.layers
    return tuple(lines)


def _answer(case: Case, match: Match) -> Answer | None:
    candidate = case.candidate
    if candidate is None:
        return None
    compiled, fit = candidate.compile, candidate.fit
    second = match.runner_up
    return Answer(
        notebook=candidate.notebook,
        cell=candidate.cell,
        api=candidate.api,
        layers=case.layers,
        verified=any(training.layers for training in case.measured.trainings),
        num_params=case.num_params,
        optimizer=compiled.optimizer if compiled else "",
        loss=compiled.loss if compiled else "",
        batch_size=fit.batch_size if fit else None,
        epochs=fit.asked_epochs if fit else 0,
        score=match.score,
        best_score=match.best_score,
        runner_up=msg(
            "{notebook}, cell {cell}: {score} of {best} points",
            notebook=second.notebook,
            cell=second.cell,
            score=match.runner_up_score,
            best=match.best_score,
        )
        if second
        else None,
        recipe=case.measured.recipe,
        not_rebuilt_because=case.measured.reason,
    )


def _accuracy(task: Task, case: Case, example_trained: float | None, figure: float | None) -> AccuracyFacts:
    criterion = next((one for one in task.criteria if isinstance(one, Accuracy)), None)
    band = case.bands.get(criterion.reference) if criterion else None
    trainings = case.measured.trainings
    own = case.measured.in_kernel
    accuracies = accuracies_of(trainings)
    ruling = criterion.ruling(trainings, band, case.profile) if criterion and band else None
    decisive = ruling.value if ruling else next(iter(accuracies), None)
    chosen = next((one for one in trainings if one.is_finished and one.test_accuracy == decisive), None)
    return AccuracyFacts(
        evidence=_evidence(case.measured),
        trainings=accuracies or ((own,) if own is not None else ()),
        decisive=own if decisive is None else decisive,
        decided_by=ruling.count if ruling else 1,
        notebook=_notebook_accuracy(case),
        train=chosen.train_accuracy if chosen else None,
        limit=criterion.limit(band, case.profile) if criterion and band else None,
        band=band,
        example_band=case.bands.get(task.example.reference) if task.example else None,
        example_trained=example_trained,
        workbook_example=figure,
        history=_history(chosen, case),
    )


def _evidence(measured: Measurement) -> Evidence | None:
    if accuracies_of(measured.trainings):
        return Evidence.DELEGATED if measured.delegated else Evidence.RETRAINED
    return Evidence.IN_KERNEL if measured.in_kernel is not None else None


def _history(chosen: Training | None, case: Case) -> Mapping[str, tuple[float | None, ...]]:
    if chosen is not None:
        return chosen.history
    return case.candidate.fit.history if case.candidate and case.candidate.fit else {}


def _notebook_accuracy(case: Case) -> float | None:
    """Return what the notebook's last ``evaluate`` on test rows gave."""
    for call in reversed(case.candidate.evaluations if case.candidate else ()):
        if call.x.dataset == case.dataset and call.x.test_rows:
            name = accuracy_among(name for name, value in call.results.items() if value is not None)
            if name is not None:
                return call.results[name]
    return None
