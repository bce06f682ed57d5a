"""Which model answers which task.

Never by variable name, cell number or file name: every training is scored on what the task asks of a model and of how
it is trained. The one that surely meets most is the answer, then the one that may meet most, since what could not be
told is no miss; then one on data that were recognised, then the later one. Others that may meet more than the answer
surely does, for all that could be told, are its rivals.
"""

from __future__ import annotations

from collections.abc import Sequence

from grader.belonging import PROFILE, belongs, verdict_of
from grader.candidates import candidates_of
from grader.criteria import Criterion
from grader.criteria.case import Candidate, Case, Match, Tier
from grader.hints import missing_here, stopped_cell, stopped_for_want
from grader.records import Ending, Execution, Message, Verdict, Words, msg
from grader.workbook import Task

__all__ = ["Match", "cut_short", "match_task", "score_of"]

_SEEN = (Ending.COMPLETED, Ending.EMPTY)
_OF_MODELS = frozenset({"", "model", "compile", "fit", "failure"})
"""Events without which a model or a training is missing; one that could not be read may have been any."""
_OF_LOOKS = frozenset({"evaluate", "predict"})


def match_task(task: Task, executions: Sequence[Execution], unseen: Sequence[Message] = ()) -> Match:
    """Find a task's answer, and the runs of its example, in all notebooks of a submission.

    ``unseen`` says why there may be notebooks that were not run.
    """
    found = candidates_of(executions)
    mine = [one for one in found if belongs(task, one)]
    example_runs = tuple(one for one in mine if one.tier is Tier.TRAINED and _shows(task.signs, one))
    answers = [one for one in mine if not _is_example(task, one, example_runs)]
    ranks = {one.order: _rank(task, one, example_runs) for one in answers}
    ranked = sorted(answers, key=lambda one: (*ranks[one.order], one.order), reverse=True)
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
        unsure=tuple(one for one in mine if one.tier is Tier.UNRECOGNISED or one.own_loop),
        rivals=_rivals(task, ranked),
        cut_short=cut_short(executions) or next(iter(unseen), None),
        evaluations_lost=next((_not_recorded(one) for one in executions if _lost(one) & _OF_LOOKS), None),
        missing=next((said for execution in executions if (said := missing_here(execution)) is not None), None),
        stopped=frozenset(what for execution in executions for what in stopped_for_want(execution)),
        unseen_loop=next((said for one in executions if (said := _unseen_loop(one, found)) is not None), None),
        ties=tuple(one for one in ranked[1:] if one.is_trained and ranks[one.order] == ranks[ranked[0].order]),
    )


def _rank(task: Task, candidate: Candidate, example_runs: Sequence[Candidate]) -> tuple[int, ...]:
    """Return how far ahead a candidate stands; of equals the latest is the answer."""
    return (
        _standing(candidate),
        bool(example_runs) or not _may_be_example(task, candidate),
        score_of(task, candidate),
        _possible(task, candidate),
        candidate.tier,
    )


def score_of(task: Task, candidate: Candidate) -> int:
    """Return the points of the matching criteria that a candidate meets, by what was seen of it."""
    return sum(c.points for c in task.criteria if c.matches and verdict_of(c, task, candidate) is Verdict.PASSED)


def _possible(task: Task, candidate: Candidate) -> int:
    """Return the points of the matching criteria that a candidate meets, or may meet for all that could be told."""
    return sum(c.points for c in task.criteria if c.matches and verdict_of(c, task, candidate) is not Verdict.FAILED)


def _standing(candidate: Candidate) -> Tier:
    """Return what comes before all points: trained, in whatever way and on whatever data, before never trained."""
    return Tier.UNRECOGNISED if candidate.own_loop else min(candidate.tier, Tier.UNRECOGNISED)


def _rivals(task: Task, ranked: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return who may be the answer instead of the first: as open and as good as that, or as good and later."""
    if not ranked:
        return ()
    sure = (score_of(task, ranked[0]), ranked[0].order)
    return tuple(one for one in ranked[1:] if _is_open(task, one) and (_possible(task, one), one.order) > sure)


def _is_open(task: Task, candidate: Candidate) -> bool:
    """Whether a candidate was trained, and not everything about it could be told."""
    if candidate.own_loop or candidate.tier is Tier.UNRECOGNISED:
        return True
    return candidate.is_trained and _possible(task, candidate) > score_of(task, candidate)


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
        if _lost(execution) & _OF_MODELS:
            return _not_recorded(execution)
    return None


def _unseen_loop(execution: Execution, found: Sequence[Candidate]) -> Words | None:
    """Say where weights were changed by hand of something that is in no event ``model``; None where that is nowhere."""
    cells = {note.cell for note in execution.trace.notes if note.what == "custom-training"}
    loops = sum(one.own_loop for one in found if one.notebook == execution.notebook)
    if len(cells) <= loops:
        return None
    return msg(
        "{notebook}, cell {cell} trains in a loop of its own; which model could not be seen",
        notebook=execution.notebook,
        cell=max(cells),
    )


def _lost(execution: Execution) -> frozenset[str]:
    """Return the events that the probe could not write, or that were beyond what a trace may hold."""
    trace = execution.trace
    notes = (note.detail for note in trace.notes if note.what in {"lost-event", "too-large"})
    return frozenset(trace.lost) | {detail.partition(":")[0] for detail in notes}


def _not_recorded(execution: Execution) -> Words:
    return msg(
        "part of what {notebook} did could not be recorded, so something that it shows may be missing here",
        notebook=execution.notebook,
    )


def _shows(signs: Sequence[Criterion], candidate: Candidate) -> bool:
    """Whether a candidate shows all signs; where there are none, nothing is a run of the example."""
    return bool(signs) and all(_sign(sign, candidate) is Verdict.PASSED for sign in signs)


def _sign(sign: Criterion, candidate: Candidate) -> Verdict:
    return sign.judge(Case(dataset="", profile=PROFILE, candidate=candidate)).verdict


def _may_be_example(task: Task, candidate: Candidate) -> bool:
    """Whether nothing about a training tells it from the example."""
    return bool(task.signs) and all(_sign(sign, candidate) is not Verdict.FAILED for sign in task.signs)


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
    if all(verdict_of(one, task, candidate) is Verdict.PASSED for one in asked):
        return False  # example and answer differ in their trainings only, and there is none
    return all(_sign(sign, candidate) is Verdict.PASSED for sign in seen)
