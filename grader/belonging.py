"""Whether a training may have to do with a task: by its data, or, where these were not recognised, by their shape."""

from __future__ import annotations

from grader.criteria import Criterion
from grader.criteria.case import Candidate, Case, Tier
from grader.known import KNOWN, Description
from grader.records import Profile, Verdict
from grader.workbook import Task

PROFILE = Profile(name="full")
"""What is looked at here is the same in every profile."""


def verdict_of(criterion: Criterion, task: Task, candidate: Candidate) -> Verdict:
    """Return what a criterion says of a candidate alone, by what was seen of it."""
    return criterion.judge(Case(dataset=task.dataset, profile=PROFILE, candidate=candidate)).verdict


def belongs(task: Task, candidate: Candidate) -> bool:
    """Whether a candidate may have to do with a task."""
    if any(verdict_of(criterion, task, candidate) is Verdict.FAILED for criterion in task.scope):
        return False
    data = candidate.fit.x if candidate.fit else None
    if data is not None and data.dataset:
        return data.dataset == task.dataset
    shape = _shape_of(candidate)
    if shape is None:
        return any(_meets(task, candidate, criterion) for criterion in task.criteria)
    of = KNOWN.get(task.dataset)
    return of is not None and (shape in of.input_shapes or _may_be_resized(task, of, candidate, shape))


def _meets(task: Task, candidate: Candidate, criterion: Criterion) -> bool:
    return criterion.matches and verdict_of(criterion, task, candidate) is Verdict.PASSED


def _shape_of(candidate: Candidate) -> tuple[int, ...] | None:
    """Return the shape of one row, by the model's input or, where that leaves it open, by the data."""
    given = candidate.fit.x.shape[1:] if candidate.fit else ()
    for shape in ((candidate.input_shape or ())[1:], given):
        known = tuple(axis for axis in shape if axis is not None)
        if known and len(known) == len(shape):
            return known
    return None


def _may_be_resized(task: Task, of: Description, candidate: Candidate, shape: tuple[int, ...]) -> bool:
    """Whether pictures of another size, which cannot be recognised, may be the task's: padded, resized, coloured.

    What the notebook had loaded tells; where nothing is known of that, the layers do, so that a model of another task,
    or of another workbook, is not taken for an answer.
    """
    trained = candidate.tier is Tier.UNRECOGNISED or candidate.own_loop
    if not trained or len(shape) not in {2, 3} or not _pictures(of):
        return False
    owners = {name for name, one in KNOWN.items() if shape in one.input_shapes}
    if owners and (not candidate.loaded or owners & set(candidate.loaded)):
        return False
    source = _source(candidate.loaded, shape)
    if source:
        return source == task.dataset
    if candidate.output_shape is not None and candidate.output_shape[-1] != of.classes:
        return False
    layers = [one for one in task.criteria if one.matches and one.judges == "structure" and not one.needs_fit]
    return any(_meets(task, candidate, one) for one in layers) if layers else not _is_grey(shape)


def _source(loaded: tuple[str, ...], shape: tuple[int, ...]) -> str:
    """Return the data set that resized pictures are of: one without colours, else the latest; empty where unknown."""
    grey = [name for name in loaded if name and _is_grey(shape) and any(map(_is_grey, _pictures(KNOWN[name])))]
    return (grey or list(loaded) or [""])[-1]


def _pictures(dataset: Description) -> list[tuple[int, ...]]:
    return [shape for shape in dataset.input_shapes if len(shape) > 1]


def _is_grey(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 or 1 in (shape[0], shape[-1])
