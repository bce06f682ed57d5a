"""Which model answers which task.

Never by variable name, cell number or file name: every training is scored on what the task asks of a model and of how
it is trained. The best one on the task's data set is the answer; the later one on a tie.
"""

from __future__ import annotations

from collections.abc import Sequence

from grader.candidates import candidates_of
from grader.criteria import Criterion
from grader.criteria.case import Candidate, Case, Match, Tier
from grader.criteria.names import INPUT_SHAPES
from grader.hints import missing_module, stopped_cell
from grader.records import Ending, Execution, Profile, Verdict, Words, msg
from grader.workbook import Task

__all__ = ["Match", "cut_short", "match_task", "score_of"]

_PROFILE = Profile(name="full")  # what matching looks at is the same in every profile
_SEEN = (Ending.COMPLETED, Ending.EMPTY)


def match_task(task: Task, executions: Sequence[Execution]) -> Match:
    """Find a task's answer, and the runs of its example, in all notebooks of a submission."""
    mine = [one for one in candidates_of(executions) if _belongs(task, one)]
    example_runs = tuple(one for one in mine if one.tier is Tier.TRAINED and _shows(task.signs, one))
    ranked = sorted(
        (one for one in mine if not _is_example(task, one, example_runs)),
        key=lambda one: (one.tier, score_of(task, one), one.order),
        reverse=True,
    )
    best = ranked[0] if ranked else None
    second = ranked[1] if len(ranked) > 1 else None
    return Match(
        candidate=best,
        runner_up=second,
        score=score_of(task, best) if best else 0,
        runner_up_score=score_of(task, second) if second else 0,
        best_score=sum(criterion.points for criterion in task.criteria if criterion.matches),
        example_runs=example_runs,
        others=tuple(one for one in mine if one.tier is Tier.TRAINED),
        unsure=tuple(one for one in mine if one.tier is Tier.UNRECOGNISED),
        cut_short=cut_short(executions),
        missing_module=next((name for execution in executions if (name := missing_module(execution))), ""),
    )


def score_of(task: Task, candidate: Candidate) -> int:
    """Return the points of the matching criteria that a candidate meets, by what was seen of it."""
    return sum(c.points for c in task.criteria if c.matches and _verdict(c, task, candidate) is Verdict.PASSED)


def cut_short(executions: Sequence[Execution]) -> Words | None:
    """Say why part of a submission was not seen; None when all of it was."""
    for execution in executions:
        stopped = stopped_cell(execution)
        if stopped is not None:
            return stopped
        if execution.ending not in _SEEN:
            return execution.reason or msg(
                "{notebook} was not run to its end ({ending})",
                notebook=execution.notebook,
                ending=execution.ending.value,
            )
    return None


def _verdict(criterion: Criterion, task: Task, candidate: Candidate) -> Verdict:
    return criterion.judge(Case(dataset=task.dataset, profile=_PROFILE, candidate=candidate)).verdict


def _belongs(task: Task, candidate: Candidate) -> bool:
    """Whether a candidate may have to do with the task: by its data, or, where none was seen, by its input."""
    if any(_verdict(criterion, task, candidate) is Verdict.FAILED for criterion in task.scope):
        return False
    data = candidate.fit.x if candidate.fit else None
    if data is not None and data.dataset:
        return data.dataset == task.dataset
    shapes = INPUT_SHAPES.get(task.dataset, ())
    shape = candidate.input_shape or ((None, *data.shape[1:]) if data and data.shape else None)
    if shape is not None and None not in shape[1:]:
        return shape[1:] in shapes
    return score_of(task, candidate) > 0


def _shows(signs: Sequence[Criterion], candidate: Candidate) -> bool:
    """Whether a candidate shows all signs; where there are none, nothing is a run of the example."""
    return bool(signs) and all(_sign(sign, candidate) is Verdict.PASSED for sign in signs)


def _sign(sign: Criterion, candidate: Candidate) -> Verdict:
    return sign.judge(Case(dataset="", profile=_PROFILE, candidate=candidate)).verdict


def _is_example(task: Task, candidate: Candidate, runs: Sequence[Candidate]) -> bool:
    """Whether a candidate is the example and not an answer.

    A model that was never trained does not show the signs of a training; it is taken for the example as long as the
    example was not run elsewhere and nothing else about it differs.
    """
    if not task.signs:
        return False
    if candidate.fit is not None:
        return _shows(task.signs, candidate)
    if runs:
        return False
    seen = [sign for sign in task.signs if not sign.needs_fit]
    asked = [one for one in task.criteria if one.judges == "structure" and not one.needs_fit]
    if all(_verdict(one, task, candidate) is Verdict.PASSED for one in asked):
        return False  # example and answer differ in their trainings only, and there is none
    return all(_sign(sign, candidate) is Verdict.PASSED for sign in seen)
