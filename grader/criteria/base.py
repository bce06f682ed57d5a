"""A criterion is a value with a ``judge`` method; what holds for all of them is here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from grader import hints
from grader.criteria.case import Candidate, Case, Measurement
from grader.records import Band, Finding, Message, Profile, Text, Training, Verdict, Words, msg

Judges = Literal["structure", "notebook", "training"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a criterion says of a case."""

    verdict: Verdict
    expected: Words
    found: Words
    where: Words | None = None
    """Notebook and cell; the answer's when left out."""
    advice: Words | None = None
    """What to do, when not passed."""


@dataclass(frozen=True, kw_only=True)
class Criterion(ABC):
    """One line of a task's rubric."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}

    kind: ClassVar[str]
    """Name in a task's TOML file."""
    judges: ClassVar[Judges]
    """``structure``: the model and how it was trained, as written; ``notebook``: what the submission did;
    ``training``: what our own trainings gave."""
    matches: ClassVar[bool] = False
    """Whether it helps to tell which model answers the task."""
    needs_answer: ClassVar[bool] = True
    """Whether there is nothing to judge without an answer."""
    needs_fit: ClassVar[bool] = False
    """Whether a model that was never fitted says nothing about it, for or against."""
    needs_evaluation: ClassVar[bool] = False
    """Whether a call of ``evaluate`` or ``predict`` alone may show it."""

    id: str = ""
    """Unique in its task; signs of an example have none."""
    points: int = 0
    title: Text | None = None
    """In place of the criterion's own words."""
    advice: Text | None = None
    """In place of the criterion's own words when it failed."""
    show: Literal["always", "after-grading"] = "always"
    """``after-grading``: students do not see it when they check themselves, only in the graded report."""

    @abstractmethod
    def judge(self, case: Case) -> Judgement:
        """Judge a case. When ``needs_answer``, ``case.candidate`` is not None."""

    @property
    @abstractmethod
    def default_title(self) -> Words:
        """The criterion in a few words."""

    def needs_more(self, trainings: Sequence[Training], bands: Mapping[str, Band], profile: Profile) -> bool:  # noqa: ARG002
        """Whether one training leaves it open, so that two more should be bought."""
        return False

    def mistakes(self) -> tuple[Message, ...]:
        """Return what is wrong with the settings, for the lecturer."""
        return ()


def finding(criterion: Criterion, case: Case) -> Finding:
    """Judge a case and make a finding of it.

    Four things hold for every criterion: without an answer most have nothing to judge; what was not seen to its end
    is never failed, nor what another model may show that may be the answer; and a model that broke is explained by
    what broke it.
    """
    title = criterion.title or criterion.default_title
    if case.candidate is None and criterion.needs_answer:
        judgement = _no_answer(case, title)
    else:
        judgement = criterion.judge(case)
        if judgement.verdict is Verdict.FAILED and criterion.advice:
            judgement = replace(judgement, advice=criterion.advice)
        failure = case.candidate.failure if case.candidate else None
        hint = hints.failure_advice(failure) if failure and criterion.needs_answer else None
        if judgement.verdict is Verdict.FAILED and hint:
            judgement = replace(judgement, advice=hint)
        judgement = _unless_unseen(judgement, case, criterion)
        judgement = _unless_rivalled(judgement, criterion, case)
    if judgement.where is None and case.candidate is not None and criterion.needs_answer:
        judgement = replace(judgement, where=case.candidate.where)
    return Finding(
        id=criterion.id,
        kind=criterion.kind,
        points=criterion.points,
        title=title,
        verdict=judgement.verdict,
        expected=judgement.expected,
        found=judgement.found,
        where=judgement.where,
        advice=None if judgement.verdict is Verdict.PASSED else judgement.advice,
    )


def _no_answer(case: Case, title: Words) -> Judgement:
    if any(one is not None for one in (case.cut_short, case.missing, case.unseen_loop)):
        return _unless_unseen(Judgement(verdict=Verdict.FAILED, expected=title, found=title), case)
    if case.example_runs:
        return Judgement(
            verdict=Verdict.FAILED,
            expected=title,
            found=msg("only the worked example was found, no model of your own for this task"),
            where=case.example_runs[-1].where,
            advice=msg("Build the model that the task describes, train it with model.fit and evaluate it."),
        )
    return Judgement(
        verdict=Verdict.FAILED,
        expected=title,
        found=msg("no model for this task was found"),
        advice=msg(
            "Build the model that the task describes and train it with model.fit on the task's data ({dataset}). "
            "Then run all cells from top to bottom in a fresh kernel: every cell must work.",
            dataset=case.dataset,
        ),
    )


def _unless_unseen(judgement: Judgement, case: Case, criterion: Criterion | None = None) -> Judgement:
    """Turn failed into review where the rest of the notebook could have shown better.

    Without a criterion, or for one that looks at more than the answer, anything that was not seen could have.
    """
    if judgement.verdict is not Verdict.FAILED:
        return judgement
    answered = criterion is not None and criterion.needs_answer
    if case.cut_short is not None:
        return replace(
            judgement,
            verdict=Verdict.REVIEW,
            found=judgement.found if answered else case.cut_short,
            advice=case.cut_short if answered else _NOT_COUNTED,
        )
    if case.evaluations_lost is not None and criterion is not None and criterion.needs_evaluation:
        return replace(judgement, verdict=Verdict.REVIEW, found=case.evaluations_lost, advice=_NOT_COUNTED)
    if case.missing is not None and (criterion is None or not answered or _shown_by(criterion) & case.stopped):
        return replace(judgement, verdict=Verdict.REVIEW, found=case.missing, advice=_NOT_COUNTED)
    if case.candidate is None and case.unseen_loop is not None:
        return replace(judgement, verdict=Verdict.REVIEW, found=case.unseen_loop, advice=_NOT_COUNTED)
    return judgement


_NOT_COUNTED = msg("Nothing is lost: a person looks at this. What was not seen is not counted against you.")


def _shown_by(criterion: Criterion) -> frozenset[str]:
    """Return what shows whether a criterion is met: ``model``, ``fit``, ``look``."""
    shown = {"look"} if criterion.needs_evaluation else set()
    return frozenset(shown | {"fit" if criterion.needs_fit else "model"})


def _unless_rivalled(judgement: Judgement, criterion: Criterion, case: Case) -> Judgement:
    """Turn failed into review where another model, which may be the answer, does not fail."""
    if judgement.verdict is not Verdict.FAILED or not criterion.needs_answer:
        return judgement
    for one in case.rivals:
        other = criterion.judge(replace(case, candidate=one, measured=Measurement(), rivals=()))
        if other.verdict is not Verdict.FAILED:
            return replace(
                judgement,
                verdict=Verdict.REVIEW,
                found=msg(
                    "another model may be the answer, that of {notebook}, cell {cell}: part of it could not be told",
                    notebook=one.notebook,
                    cell=one.cell,
                ),
                advice=msg("Nothing is lost: a person looks at this, and at which model is your answer."),
            )
    return judgement


def of(case: Case) -> Candidate:
    """Return the answer of a case that has one."""
    assert case.candidate is not None, "a criterion that needs an answer is not asked without one"
    return case.candidate


def passed(expected: Words, found: Words, *, where: Words | None = None) -> Judgement:
    """Make a judgement in the student's favour."""
    return Judgement(verdict=Verdict.PASSED, expected=expected, found=found, where=where)


def failed(expected: Words, found: Words, advice: Words | None = None, *, where: Words | None = None) -> Judgement:
    """Make a judgement against the student; the advice says what to do."""
    return Judgement(verdict=Verdict.FAILED, expected=expected, found=found, advice=advice, where=where)


def review(expected: Words, found: Words, advice: Words | None = None, *, where: Words | None = None) -> Judgement:
    """Leave the judgement to a person; ``found`` says why."""
    return Judgement(verdict=Verdict.REVIEW, expected=expected, found=found, advice=advice, where=where)


def either(holds: bool, expected: Words, found: Words, advice: Words | None = None) -> Judgement:
    """Pass or fail."""
    return passed(expected, found) if holds else failed(expected, found, advice)
