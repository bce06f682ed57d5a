"""The grade to hand back: one definition for every system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grader.exchange import preview
from grader.exchange.account import SkipReason
from grader.records import Message, RunFacts, Status, SubmissionResult
from grader.report.files import decided, maxima


@dataclass(frozen=True, kw_only=True, slots=True)
class Grade:
    """One submission, as an LMS is concerned."""

    result: SubmissionResult
    points: int | None
    """What it has earned; None while that may still change."""
    most: int
    """What the run's tasks are worth together."""
    why_not: SkipReason | None = None
    """Why there are no points to hand back."""
    notes: tuple[Message, ...] = ()
    """What is to be known of the run: a preview, sample data."""

    @property
    def student(self) -> str:
        """The submission's id in the run."""
        return self.result.student

    @property
    def absent(self) -> bool:
        """Nothing was handed in."""
        return self.result.status is Status.NOT_HANDED_IN

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids of the person, in small letters, those of the LMS first."""
        who = self.result.who
        found = (who.id, *who.other_ids, *who.email.split(", "), *(() if who.id else (self.student,)))
        return tuple(dict.fromkeys(one.casefold() for one in found if one))


def grades_of(run: RunFacts, results: Sequence[SubmissionResult], *, include_review: bool = False) -> tuple[Grade, ...]:
    """Return what there is to hand back, a grade for each submission.

    A total counts only when every task of the run is decided. With ``include_review`` points that wait for the
    lecturer are left out of the total instead; a submission of which nothing at all is decided has no total even then.
    """
    most = sum(maxima(run, results).values())
    notes = tuple(preview.notes(run))
    return tuple(replace(_grade(run, one, most, include_review=include_review), notes=notes) for one in results)


def _grade(run: RunFacts, result: SubmissionResult, most: int, *, include_review: bool) -> Grade:
    points = decided(run, result)
    whole = [value for value in points.values() if value is not None]
    something = any(task.max > task.in_review for task in result.tasks)
    if result.status is Status.NOT_HANDED_IN:
        return Grade(result=result, points=None, most=most, why_not=SkipReason.NOTHING)
    if not result.tasks or not most or len(result.tasks) < len(points):
        return Grade(result=result, points=None, most=most, why_not=SkipReason.NOT_GRADED)
    if len(whole) == len(points):
        return Grade(result=result, points=sum(whole), most=most)
    if include_review and something:
        return Grade(result=result, points=sum(task.earned for task in result.tasks), most=most)
    return Grade(result=result, points=None, most=most, why_not=SkipReason.IN_REVIEW)
