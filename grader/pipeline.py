"""One submission: the order of the stages, and what still runs after one of them fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from grader.collect import Submission, SubmittedNotebook
from grader.context import with_context
from grader.criteria.case import Measurement
from grader.drivers import WarmPool
from grader.execute import Helper, Job, run_notebook
from grader.grade import status_of, task_result, trainings_failed, unjudged
from grader.hints import hints_of
from grader.ledger import Ledger
from grader.match import Match, match_task
from grader.measure import Measurer
from grader.recorded import RecordedExecutions, RecordedTrainings
from grader.records import Execution, Message, NotebookSummary, Stage, Status, SubmissionResult, TaskResult, msg
from grader.workbook import Task, Workbook

Say = Callable[[Message], None]

_MORE_TRIES = 2
"""Tries as good as the answer that are trained again where that fails."""


@dataclass(frozen=True, kw_only=True)
class Grading:
    """What all submissions of a run share."""

    workbook: Workbook
    tasks: tuple[Task, ...]
    measurer: Measurer
    ledger: Ledger
    trainings: RecordedTrainings | None = None
    """What the measurer trains with, for its counts."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of what may change a trace; recorded executions are used again under the same ones only."""
    unsealed: bool = False
    helper: Helper | None = None
    """Whoever trains for notebooks while they run; None where they train in their kernels."""
    warm_pool: WarmPool | None = None
    """Kernels that wait for notebooks."""
    kernels_see_gpu: bool = False
    run_notebook: Callable[[Job, Helper | None], Execution] = run_notebook
    """Where notebooks run."""
    slots: int = 1
    """Submissions to have at work at the same time."""

    def figure(self, task: Task) -> float | None:
        """Return the test accuracy that the workbook prints for a task's example."""
        wanted = task.example.reference if task.example else None
        return next((one.figure for one in self.workbook.references if one.id == wanted), None)


def grade_submission(submission: Submission, grading: Grading, say: Say) -> SubmissionResult:
    """Take a submission through all stages; what goes wrong in it becomes part of the result."""
    if submission.absent:
        return SubmissionResult(student=submission.student, status=Status.NOT_HANDED_IN, tasks=(), notebooks=())
    if not submission.notebooks:
        return _without_notebook(submission, grading.tasks)
    executions = _executed(submission, grading, say)
    matches = [match_task(task, executions, submission.unseen) for task in grading.tasks]
    grading.ledger.reached(submission.student, Stage.EXECUTED, Stage.MATCHED)
    results = []
    for task, match in zip(grading.tasks, matches, strict=True):
        say(msg("training {task} again", task=task.id))
        results.append(_best(task, match, submission=submission, executions=executions, grading=grading))
    status, reason = status_of(executions, matches, results)
    if status.is_unseen:
        results = [_unseen(task, reason) for task in grading.tasks]
    return SubmissionResult(
        student=submission.student,
        status=status,
        reason=reason,
        tasks=tuple(results),
        notebooks=tuple(_summary(execution) for execution in executions),
    )


def _best(
    task: Task, match: Match, *, submission: Submission, executions: Sequence[Execution], grading: Grading
) -> TaskResult:
    """Judge one task by its answer; where our trainings of that fail, by a try as good that does not."""
    example = grading.measurer.example(match, executions)
    results = []
    for one in (match, *match.instead(_MORE_TRIES)):
        measured = grading.measurer.measure(task, one, executions)
        results.append(
            _judged(task, one, measured, example, submission=submission, executions=executions, grading=grading)
        )
        if not trainings_failed(task, results[-1]):
            break
    return max(results, key=lambda result: (result.earned + result.in_review, result.earned))  # the first of equals


def _judged(
    task: Task,
    match: Match,
    measured: Measurement,
    example: float | None,
    *,
    submission: Submission,
    executions: Sequence[Execution],
    grading: Grading,
) -> TaskResult:
    """Judge one task by what was found and measured."""
    measurer = grading.measurer
    result = task_result(
        task,
        match,
        profile=measurer.profile,
        bands=measurer.bands_for(task, measured.trainings),
        measured=measured,
        example_layers=measurer.bands.layers(task.example.reference) if task.example else (),
        example_trained=example,
        figure=grading.figure(task),
    )
    return with_context(
        result,
        task,
        match,
        handed_in={notebook.name: notebook.path for notebook in submission.notebooks},
        executions=executions,
        measurer=measurer,
        trainings=measured.trainings,
    )


def failed_by_us(submission: Submission, tasks: Sequence[Task], trace: str) -> SubmissionResult:
    """Return what is recorded when the grader itself broke on a submission."""
    reason = msg(
        "The grader itself failed on this submission; nothing is lost and it costs no points. "
        "Please report this to its makers: {trace}",
        trace=trace[-2000:],
    )
    return SubmissionResult(
        student=submission.student,
        status=Status.INTERNAL_ERROR,
        reason=reason,
        tasks=tuple(_unseen(task, reason) for task in tasks),
        notebooks=(),
    )


def _executed(submission: Submission, grading: Grading, say: Say) -> list[Execution]:
    """Run every notebook of a submission that is not on record already."""
    recorded = RecordedExecutions(
        ledger=grading.ledger,
        versions=grading.versions,
        helper=grading.helper,
        warm_pool=grading.warm_pool,
        run_notebook=grading.run_notebook,
    )
    jobs = [_job(notebook, number, submission, grading) for number, notebook in enumerate(submission.notebooks)]
    recorded.settle(submission.student, jobs)
    executions = []
    for number, (notebook, job) in enumerate(zip(submission.notebooks, jobs, strict=True)):
        say(msg("running {notebook}", notebook=notebook.name))
        executions.append(replace(recorded.run(submission.student, number, job), notebook=notebook.name))
    return executions


def _job(notebook: SubmittedNotebook, number: int, submission: Submission, grading: Grading) -> Job:
    measurer = grading.measurer
    return Job(
        notebook=notebook.path,
        files=notebook.beside,
        out=grading.ledger.executions.place(submission.student, number),
        datasets=tuple(measurer.datasets.values()),
        profile=measurer.profile,
        limits=grading.workbook.limits,
        unsealed=grading.unsealed,
        shims=grading.workbook.legacy != "fail",
        gpu=grading.kernels_see_gpu,
    )


def _without_notebook(submission: Submission, tasks: Sequence[Task]) -> SubmissionResult:
    reason = submission.instead or msg(
        "no notebook (.ipynb) was handed in; found: {files}",
        files=", ".join(submission.others[:10]) or "-",
    )
    return SubmissionResult(
        student=submission.student,
        status=Status.UNREADABLE,
        reason=reason,
        tasks=tuple(_unseen(task, reason) for task in tasks),
        notebooks=(),
    )


def _unseen(task: Task, reason: Message | None) -> TaskResult:
    return unjudged(task, reason or msg("the submission could not be read"))


def _summary(execution: Execution) -> NotebookSummary:
    return NotebookSummary(
        name=execution.notebook,
        ending=execution.ending,
        reason=execution.reason,
        cells=execution.cells,
        seconds=execution.seconds,
        seal=execution.seal,
        notes=hints_of(execution),
        legacy=execution.trace.legacy,
    )
