"""From a live model to what the grader would find: the same trace, the same match, the same criteria."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from grader.candidates import candidates_of
from grader.criteria.case import Candidate, Match
from grader.errors import GraderError
from grader.grade import task_result
from grader.match import match_task
from grader.records import Ending, Execution, Profile, Trace, msg
from grader.selfcheck.late import take_in
from grader.selfcheck.obstacle import obstacle
from grader.selfcheck.results import CheckResult, ModelCheck, TaskCheck
from grader.selfcheck.taskcheck import task_check
from grader.selfcheck.watch import ObservingSession, begin, live_models
from grader.trace import trace_of
from grader.workbook import Task, Workbook, load_workbook

_HERE = "notebook"
_PROFILE = Profile(name="full")


def check(task: Any = None, model: Any = None, history: Any = None, *, lang: str = "ru") -> CheckResult:
    """Look at one model as an answer to one task; see :mod:`grader.selfcheck`."""
    return _guarded(lang, lambda: _check(task, model, history, lang))


def check_all(*, lang: str = "ru") -> CheckResult:
    """Look at every model of this session."""
    return _guarded(lang, lambda: _check_all(lang))


def _guarded(lang: str, look: Any) -> CheckResult:
    """A fault of ours is a sentence in the student's notebook, not a traceback."""
    if lang not in ("ru", "en"):
        return CheckResult(language="en", said=msg('There is no such language. Write lang="ru" or lang="en".'))
    try:
        found: CheckResult = look()
    except Exception as error:  # noqa: BLE001
        why = error.message if isinstance(error, GraderError) else f"{type(error).__name__}: {error}"[:300]
        said = msg("The self-check itself failed; your notebook is not to blame. Please report this: {why}", why=why)
        return CheckResult(language=lang, said=said)
    return found


@functools.cache
def _workbook() -> Workbook:
    return load_workbook()


def _check(given: Any, model: Any, history: Any, lang: str) -> CheckResult:
    task = _task(given)
    if task is None:
        names = ", ".join(one.id for one in _workbook().tasks)
        said = msg('Name the task first, as in selfcheck("task3", model). There are: {names}.', names=names)
        return CheckResult(language=lang, said=said)
    wrong = obstacle(model)
    if wrong is None and model is not None and not _is_model(model):
        wrong = msg(
            "The second argument must be a Keras model, and it is a {kind}. Write: selfcheck({task}, model, history).",
            kind=type(model).__name__,
            task=f'"{task.id}"',
        )
    if wrong is not None:
        return CheckResult(language=lang, said=wrong)
    session = begin()
    number = None
    for one in [model] if model is not None else live_models():
        number = take_in(session, one, history if model is not None else None, task.dataset)
    execution = _execution(session)
    match = match_task(task, [execution])
    if model is not None:
        # The student asks about this model, whatever else may be the answer.
        match = replace(match, candidate=_of_model(execution, number or 0), rivals=())
    return CheckResult(language=lang, tasks=(_look(task, match, execution),))


def _check_all(lang: str) -> CheckResult:
    wrong = obstacle()
    if wrong is not None:
        return CheckResult(language=lang, said=wrong)
    session = begin()
    for model in live_models():
        take_in(session, model, None, "")
    execution = _execution(session)
    matches = [(task, match_task(task, [execution])) for task in _workbook().tasks]
    return CheckResult(
        language=lang,
        tasks=tuple(_look(task, match, execution) for task, match in matches if match.candidate),
        models=tuple(_models(execution, matches)),
        missing=tuple(task.title for task, match in matches if match.candidate is None),
    )


def _task(given: Any) -> Task | None:
    """Return a task by its name; ``3`` and ``"3"`` do as well."""
    name = str(given).strip().lower()
    name = f"task{name}" if name.isdigit() else name
    return next((task for task in _workbook().tasks if task.id == name), None)


def _is_model(thing: Any) -> bool:
    keras = sys.modules.get("keras")  # a model cannot be there before it
    return keras is not None and isinstance(thing, keras.Model)


def _execution(session: ObservingSession) -> Execution:
    return Execution(notebook=_HERE, ending=Ending.COMPLETED, trace=trace_of(session.channel.lines))


def _of_model(execution: Execution, number: int) -> Candidate | None:
    """Return the latest training of one model, or the model as it stands."""
    trace = execution.trace
    own = Trace(
        versions=trace.versions,
        models=tuple(one for one in trace.models if one.model == number),
        compiles=tuple(one for one in trace.compiles if one.model == number),
        fits=tuple(one for one in trace.fits if one.model == number),
        evaluations=tuple(one for one in trace.evaluations if one.model == number),
        predicts=tuple(one for one in trace.predicts if one.model == number),
        failures=tuple(one for one in trace.failures if one.model == number),
    )
    found = candidates_of([replace(execution, trace=own)])
    return max(found, key=lambda one: (one.fit is not None, one.order), default=None)


def _look(task: Task, match: Match, execution: Execution) -> TaskCheck:
    result = task_result(task, match, profile=_PROFILE, bands={})
    figure = next(
        (one.figure for one in _workbook().references if task.example and one.id == task.example.reference), None
    )
    name = _name(match.candidate, execution) if match.candidate else ""
    return task_check(task, match, result, name=name, figure=figure)


def _name(candidate: Candidate, execution: Execution) -> str:
    for model in execution.trace.models:
        if candidate.fit is not None and model.snapshot == candidate.fit.snapshot:
            return model.name
        if candidate.fit is None and model.layers == candidate.layers:
            return model.name
    return ""


def _models(execution: Execution, matches: Sequence[tuple[Task, Match]]) -> list[ModelCheck]:
    """Say of every model which task it answers; of several trainings of one model the best place counts."""
    roles: dict[str, ModelCheck] = {}
    for one in candidates_of([execution]):
        name, role, known = _name(one, execution), msg("belongs to no task"), False
        for task, match in matches:
            if match.candidate is not None and replace(match.candidate, order=one.order) == one:
                role, known = msg("answers {task}", task=task.id), True
                break
            if any(replace(run, order=one.order) == one for run in match.example_runs):
                role, known = msg("runs the example of {task}", task=task.id), True
                break
            if any(replace(other, order=one.order) == one for other in (*match.others, match.runner_up) if other):
                role, known = msg("another try at {task}", task=task.id), True
        if one.failure is not None and not known:
            role = msg("could not be built")
        key = name or f"-{one.order}"
        if known or key not in roles:
            roles[key] = ModelCheck(name=name, cell=one.cell, role=role)
    return list(roles.values())
