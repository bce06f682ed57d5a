"""Overfitting: how far accuracy on training data lies above accuracy on test data, in our own trainings."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from grader.criteria.accuracy import judged_before, unmeasured
from grader.criteria.base import Criterion, Judgement, Judges, either, review
from grader.criteria.case import Case
from grader.criteria.rule import NEEDED
from grader.records import Band, Message, Profile, Training, TrainingOutcome, Words, msg

_DIGITS = 4


def gaps_of(trainings: Sequence[Training]) -> list[float]:
    """Return training accuracy less test accuracy of the trainings that came to their end."""
    return [
        round(training.train_accuracy - training.test_accuracy, 12)
        for training in trainings
        if training.outcome == TrainingOutcome.TRAINED
        and training.train_accuracy is not None
        and training.test_accuracy is not None
    ]


@dataclass(frozen=True, kw_only=True)
class AccuracyGap(Criterion):
    """Accuracy on training data is not far above accuracy on test data: the model does not overfit.

    One training decides when it keeps the limit and is all there is; otherwise the median of three does.

    >>> AccuracyGap(at_most=0.15).default_title.values["limit"]
    0.15
    """

    kind: ClassVar[str] = "accuracy-gap"
    judges: ClassVar[Judges] = "training"
    needs_fit: ClassVar[bool] = True

    at_most: float

    @property
    def default_title(self) -> Words:
        """What is asked for."""
        return msg("Training accuracy exceeds test accuracy by {limit} at most", limit=self.at_most)

    def needs_more(self, trainings: Sequence[Training], bands: Mapping[str, Band], profile: Profile) -> bool:  # noqa: ARG002
        """Whether one training leaves it open: its gap is over the limit, or it diverged."""
        diverged = any(training.outcome == TrainingOutcome.DIVERGED for training in trainings)
        return len(trainings) == 1 and (diverged or any(gap > self.at_most for gap in gaps_of(trainings)))

    def judge(self, case: Case) -> Judgement:
        """Take the median gap of our trainings."""
        early = judged_before(self, case)
        if early is not None:
            return early
        gaps = gaps_of(case.measured.trainings)
        if not gaps:
            return unmeasured(self.default_title, case)
        gap = statistics.median(gaps)
        shown = round(gap, _DIGITS)
        if gap > self.at_most and len(gaps) < NEEDED:
            return review(
                self.default_title,
                msg(
                    "training accuracy less test accuracy: {gap}; the median of {count} trainings decides, and it is "
                    "not there",
                    gap=shown,
                    count=NEEDED,
                ),
            )
        found = msg("training accuracy less test accuracy: {gap}", gap=shown)
        advice = msg(
            "The model overfits: it learns the training data by heart. Add Dropout, train for fewer epochs, or make "
            "it smaller."
        )
        return either(gap <= self.at_most, self.default_title, found, advice)

    def mistakes(self) -> tuple[Message, ...]:
        """Return what is wrong with the settings."""
        return () if 0 <= self.at_most <= 1 else (msg("at_most must be a share from 0 to 1, as in  at_most = 0.15"),)
