"""Executions -> candidates: every training of every model, and the models that were never trained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from grader.criteria.case import Candidate, StoppedFit, Tier
from grader.hints import hint_of
from grader.known import mentioned
from grader.records import CellStatus, EvaluateFacts, Execution, FailureFacts, FitFacts, ModelFacts, Trace

_FIT = re.compile(r"\b(\w+)\s*\.\s*fit\s*\(")
_SET = re.compile(r"^\s*(\w+)\s*=(?!=)", re.MULTILINE)

_AFTER_TRAINING = frozenset({"evaluate", "predict"})
"""Where a model that a loop trained may break all the same: it was never compiled, say."""


def candidates_of(executions: Sequence[Execution]) -> tuple[Candidate, ...]:
    """Return all candidates of a submission, its notebooks pooled, in the order of notebooks and cells.

    A model that was trained twice gives two, each with the layers of its own snapshot. ``tier`` is TRAINED for any data
    set that was recognised; whether it is a task's own is for the match to say.
    """
    found = [one for execution in executions for one in _of_notebook(execution)]
    return tuple(replace(one, order=order) for order, one in enumerate(found))


def _of_notebook(execution: Execution) -> list[Candidate]:
    trace, name = execution.trace, execution.notebook
    snapshots = {model.snapshot: model for model in trace.models}
    latest = {model.model: model for model in trace.models}
    found = []
    for fit in trace.fits:
        model = snapshots.get(fit.snapshot) or latest.get(fit.model)
        if model is not None:
            found.append(_trained(fit, model, trace, name))
    fitted = {fit.model for fit in trace.fits}
    found += (_untrained(model, execution) for number, model in latest.items() if number not in fitted)
    found += (_failed(failure, name) for failure in trace.failures if failure.model not in latest and failure.layers)
    return sorted(found, key=lambda one: one.cell)


def _trained(fit: FitFacts, model: ModelFacts, trace: Trace, notebook: str) -> Candidate:
    complete = fit.completed and fit.asked_epochs > 0
    tier = Tier.UNTRAINED
    if complete:
        tier = Tier.TRAINED if fit.x.dataset else Tier.UNRECOGNISED
    return Candidate(
        order=0,
        notebook=notebook,
        cell=fit.cell,
        tier=tier,
        layers=model.layers,
        api=model.api,
        input_shape=model.input_shape,
        output_shape=model.output_shape,
        num_params=model.num_params,
        unseen=model.unseen,
        compile=fit.compile,
        fit=fit,
        epochs_before=_epochs_before(fit, trace),
        loaded=_loaded(trace, fit.cell),
        evaluations=tuple(_after(fit, model, trace.evaluations, trace)),
        predicts=tuple(_after(fit, model, trace.predicts, trace)),
        failure=None if complete else _failure_of(fit.model, trace, cell=fit.cell),
    )


def _epochs_before(fit: FitFacts, trace: Trace) -> int:
    known, total = {one.fit: one for one in trace.fits}, 0
    while fit.follows is not None and fit.follows < fit.fit and (before := known.get(fit.follows)) is not None:
        fit, total = before, total + before.asked_epochs
    return total


def _loaded(trace: Trace, until: int | None = None) -> tuple[str, ...]:
    """Return the data sets that a notebook loaded, until a cell or at all, the latest last."""
    notes = [note for note in trace.notes if note.what == "data" and (until is None or note.cell <= until)]
    return tuple(_dataset_of(note.detail) for note in notes)


def _dataset_of(detail: str) -> str:
    """Return which data set a note ``data`` speaks of, by its own name or a file's.

    >>> _dataset_of("mnist full"), _dataset_of("cifar-10-python.tar.gz from the copy on disk")
    ('mnist', 'cifar10')
    >>> _dataset_of("train-images-idx3-ubyte.gz from the copy on disk"), _dataset_of("tensorflow_datasets")
    ('mnist', '')
    """
    return next(iter(mentioned(detail)), "")


def _untrained(model: ModelFacts, execution: Execution) -> Candidate:
    trace = execution.trace
    failure = _failure_of(model.model, trace)
    return Candidate(
        order=0,
        notebook=execution.notebook,
        cell=model.cell,
        tier=Tier.UNTRAINED,
        layers=max(model.layers, failure.layers if failure else (), key=len),  # the failing layer is in the latter
        api=model.api,
        input_shape=model.input_shape,
        output_shape=model.output_shape,
        num_params=model.num_params,
        unseen=model.unseen,
        compile=next((one for one in reversed(trace.compiles) if one.model == model.model), None),
        failure=failure,
        stopped_fit=_stopped_fit(model, execution),
        own_loop=(failure is None or failure.stage in _AFTER_TRAINING)
        and any(note.what == "custom-training" for note in trace.notes),
        loaded=_loaded(trace),
    )


def _stopped_fit(model: ModelFacts, execution: Execution) -> StoppedFit | None:
    """Find the cell that was to train a model and stopped: it calls ``fit`` of the variable that holds the model.

    That is one which is set where the model was built, after the model before it, and not again since.
    """
    known = {one.model: one.cell for one in reversed(execution.trace.models)}  # cells of first snapshots
    begun = known[model.model]
    before = max((cell for cell in known.values() if cell < begun), default=0)
    names: set[str] = set()
    for cell in execution.cells:
        fitted = set(_FIT.findall(cell.source))
        if before < cell.number <= begun:
            names |= set(_SET.findall(cell.source))
        elif cell.number > begun:
            names -= set(_SET.findall(cell.source))
        if cell.number >= begun and cell.status is CellStatus.ERROR and names & fitted:
            advice = hint_of(cell, execution)
            return StoppedFit(cell=cell.number, error=cell.error, message=cell.message, advice=advice)
    return None


def _failed(failure: FailureFacts, notebook: str) -> Candidate:
    return Candidate(
        order=0,
        notebook=notebook,
        cell=failure.cell,
        tier=Tier.FAILED,
        layers=failure.layers,
        input_shape=failure.input_shape,
        failure=failure,
    )


def _failure_of(model: int, trace: Trace, cell: int | None = None) -> FailureFacts | None:
    own = [one for one in trace.failures if one.model == model and (cell is None or one.cell == cell)]
    return own[-1] if own else None


def _after(fit: FitFacts, model: ModelFacts, calls: Sequence[EvaluateFacts], trace: Trace) -> Iterator[EvaluateFacts]:
    """Yield the calls that looked at this training: on the model itself, or on a copy of it loaded from a file."""
    fitted = {one.model for one in trace.fits}
    fresh = [call for call in calls if call.model not in fitted and call.after_fit is None]
    called = {call.model for call in fresh}
    copies = {one.model for one in trace.models if one.model in called and _alike(one, model)}
    for call in calls:
        own = call.model == fit.model and call.after_fit is not None and call.after_fit >= fit.fit
        copy = call.model in copies and call.after_fit is None and call.cell >= fit.cell
        if own or copy:
            yield call


def _alike(one: ModelFacts, other: ModelFacts) -> bool:
    """Whether two models have the same layers, names apart."""
    return [_settings(layer.config) for layer in one.layers] == [
        _settings(layer.config) for layer in other.layers
    ] and [layer.kind for layer in one.layers] == [layer.kind for layer in other.layers]


def _settings(config: object) -> dict[str, object]:
    return {key: value for key, value in config.items() if key != "name"} if isinstance(config, dict) else {}
