"""Accuracies of our own trainings, held against recorded references."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from grader.criteria.base import Criterion, Judgement, Judges, failed, of, passed, review
from grader.criteria.case import Case
from grader.criteria.data import mixed_up, on_test_rows
from grader.criteria.rule import NEEDED, Limits, Ruling, rule
from grader.criteria.settings import never_trained
from grader.records import Band, Message, Profile, Training, TrainingOutcome, Verdict, Words, msg

_DIGITS = 4
_SCALE = 10_000
_MOSTLY_RIGHT = 0.5
"""Under this share of right labels nothing of the task can be learned."""


def accuracies_of(trainings: Sequence[Training]) -> tuple[float, ...]:
    """Return the test accuracies of the trainings that came to their end."""
    return tuple(
        t.test_accuracy for t in trainings if t.outcome == TrainingOutcome.TRAINED and t.test_accuracy is not None
    )


def judged_before(criterion: Criterion, case: Case) -> Judgement | None:
    """Judge what no measurement can change: not trained at all, on test rows, or on labels of other rows."""
    candidate = of(case)
    if not candidate.is_trained or candidate.fit is None:
        return never_trained(criterion.default_title, case)
    tested = on_test_rows(criterion.default_title, candidate, case.dataset)
    if tested is not None:
        return tested
    agree = candidate.fit.y.agree if candidate.fit.y is not None else None
    return mixed_up(criterion.default_title, agree) if agree is not None and agree < _MOSTLY_RIGHT else None


def rounded_down(value: float) -> float:
    """Round a limit down to the digits that are shown.

    >>> rounded_down(0.981424), rounded_down(0.99 - 0.01), rounded_down(-0.98142)
    (0.9814, 0.98, -0.9815)
    """
    return math.floor(value * _SCALE + 1e-6) / _SCALE


def _diverges(trainings: Sequence[Training]) -> Words:
    return msg(
        "the training diverges: {count} of {total} trainings ended without a finite loss",
        count=sum(training.outcome == TrainingOutcome.DIVERGED for training in trainings),
        total=len(trainings),
    )


_OWN = (
    "{accuracy} by the model's own predictions in the notebook's kernel, as good as asked for. It could not be trained "
    "again by us, and the notebook has the test labels: a person decides."
)
_OWN_LOW = (
    "{accuracy} by the model's own predictions in the notebook's kernel, less than asked for. It could not be trained "
    "again by us: a person decides."
)
_OWN_HIGH = (
    "{accuracy} by the model's own predictions in the notebook's kernel, above the reference's band (to {upper}). It "
    "could not be trained again by us, and the notebook has the test labels: look for leakage."
)
_TAME = msg("Take a smaller learning rate, and divide the pixels by 255.")


def unmeasured(expected: Words, case: Case) -> Judgement:
    """Say why there is no accuracy."""
    trainings = case.measured.trainings
    if trainings and all(t.outcome == TrainingOutcome.DIVERGED for t in trainings):
        found = _diverges(trainings)
        return failed(expected, found, _TAME) if len(trainings) >= NEEDED else review(expected, found)
    reason = next((t.reason for t in trainings if t.reason is not None), None) or case.measured.reason
    return review(expected, reason or msg("the model was not trained again"))


@dataclass(frozen=True, kw_only=True)
class Accuracy(Criterion):
    """Trained from scratch by us, the answer reaches the reference's lower limit, less a margin.

    The first training decides when it reaches the limit; otherwise the median of three does.

    >>> band = Band(reference="example3", mean=0.99, spread=0.001, count=20, lower=0.985, clearly_below=0.984,
    ...             upper=0.994, alpha=0.001)
    >>> Accuracy(reference="example3", margin=0.01).limit(band, Profile(name="full"))
    0.975
    """

    kind: ClassVar[str] = "accuracy"
    judges: ClassVar[Judges] = "training"
    needs_fit: ClassVar[bool] = True

    reference: str
    """Id of one of the workbook's references."""
    margin: float = 0.0
    """How far under the reference's limit is still good."""
    margin_quick: float | None = None
    """In place of ``margin`` in the quick profile."""
    both_sides: bool = False
    """An accuracy above the band misses too: for a network whose accuracy says whether it is the one asked for."""

    @property
    def default_title(self) -> Words:
        """What is asked for."""
        example = re.fullmatch(r"example(\d+)", self.reference)
        ours = re.fullmatch(r"task(\d+)", self.reference)
        if example is not None:
            return msg(
                "test accuracy as high as example {number} reaches when it is trained anew", number=int(example[1])
            )
        if ours is not None:
            return msg("test accuracy as high as our solution of task {number} reaches", number=int(ours[1]))
        return msg("test accuracy as high as the reference “{name}” reaches", name=self.reference)

    def slack(self, profile: Profile) -> float:
        """Return the margin that holds in a profile."""
        return self.margin_quick if profile.name == "quick" and self.margin_quick is not None else self.margin

    def limit(self, band: Band, profile: Profile) -> float:
        """Return the accuracy to reach, rounded down to the digits that are shown: whoever reads it can tell."""
        return rounded_down(band.lower - self.slack(profile))

    def limits(self, band: Band, profile: Profile) -> Limits:
        """Return what trainings are held against.

        From above as from below a miss buys two more trainings. As ``band.upper`` is missed by chance less often than
        ``band.lower``, and the median forgives most of that, both sides together keep to the risk of one.
        """
        below = round(band.clearly_below - self.slack(profile), 12)
        if not self.both_sides:
            return Limits(lower=self.limit(band, profile), clearly_below=below)
        upper, above = -rounded_down(-band.upper), 2 * band.mean - band.clearly_below
        return Limits(lower=self.limit(band, profile), clearly_below=below, upper=upper, clearly_above=above)

    def needs_more(self, trainings: Sequence[Training], bands: Mapping[str, Band], profile: Profile) -> bool:
        """Whether one training leaves it open: it missed the limits, or diverged."""
        band = bands.get(self.reference)
        if band is None or len(trainings) != 1:
            return False
        only = trainings[0]
        if only.outcome == TrainingOutcome.DIVERGED:
            return True
        return only.test_accuracy is not None and not self.limits(band, profile).passes(only.test_accuracy)

    def ruling(self, trainings: Sequence[Training], band: Band, profile: Profile) -> Ruling | None:
        """Return what trainings come to; None when none of them says anything."""
        return rule(trainings, self.limits(band, profile))

    def judge(self, case: Case) -> Judgement:
        """Hold our trainings against the band."""
        early = judged_before(self, case)
        if early is not None:
            return early
        band = case.bands.get(self.reference)
        if band is None:
            return review(
                self.default_title,
                msg(
                    "uncalibrated: no or too few reference trainings of {reference} are on record for this data, "
                    "profile, device and backend",
                    reference=self.reference,
                ),
            )
        limit = self.limit(band, case.profile)
        expected = msg("test accuracy of {limit} or more", limit=limit)
        ruling = self.ruling(case.measured.trainings, band, case.profile)
        if ruling is None:
            return self._in_kernel(case, band, limit, expected)
        if ruling.verdict is not Verdict.PASSED and ruling.value is not None and ruling.value > band.upper:
            return _too_high(ruling.verdict, ruling.value, limit, band)
        return _judgement(ruling, case.measured.trainings, band, expected)

    def _in_kernel(self, case: Case, band: Band, limit: float, expected: Words) -> Judgement:
        own = case.measured.in_kernel
        if own is None:
            return unmeasured(expected, case)
        shown = round(own, _DIGITS)
        # Whatever this says, the notebook has the test labels: only what we trained ourselves passes or fails.
        if own > band.upper and not self.slack(case.profile):
            return review(expected, msg(_OWN_HIGH, accuracy=shown, upper=round(band.upper, _DIGITS)))
        return review(expected, msg(_OWN if own >= limit else _OWN_LOW, accuracy=shown))

    def mistakes(self) -> tuple[Message, ...]:
        """Return what is wrong with the settings."""
        wrong = [key for key in ("margin", "margin_quick") if not 0 <= (getattr(self, key) or 0) < 1]
        return tuple(
            msg(
                "{key} is {found}; write a share from 0 to 1, as in  {key} = 0.01",
                key=key,
                found=str(getattr(self, key)),
            )
            for key in wrong
        )


def _too_high(verdict: Verdict, value: float, limit: float, band: Band) -> Judgement:
    expected = msg("test accuracy from {lower} to {upper}", lower=limit, upper=-rounded_down(-band.upper))
    found = msg("{accuracy}: another network than the one asked for reaches this", accuracy=round(value, _DIGITS))
    advice = msg("Compare the layers and the output activation with those of the task.")
    return failed(expected, found, advice) if verdict is Verdict.FAILED else review(expected, found)


def _judgement(ruling: Ruling, trainings: Sequence[Training], band: Band, expected: Words) -> Judgement:
    """Say what the trainings came to."""
    if ruling.value is None:
        found = _diverges(trainings)
        return failed(expected, found, _TAME) if ruling.verdict is Verdict.FAILED else review(expected, found)
    shown = round(ruling.value, _DIGITS)
    if ruling.verdict is Verdict.PASSED:
        high = msg(
            "{accuracy}, above the reference's band (to {upper})",
            accuracy=shown,
            upper=round(band.upper, _DIGITS),
        )
        return passed(expected, high if ruling.value > band.upper else msg("{accuracy}", accuracy=shown))
    if ruling.verdict is Verdict.FAILED:
        advice = msg(
            "Look at the accuracies epoch by epoch: train longer, check the data and the loss, or change the layers."
        )
        return failed(
            expected, msg("{accuracy}, the median of {count} trainings", accuracy=shown, count=NEEDED), advice
        )
    if ruling.count < NEEDED:
        return review(
            expected,
            msg(
                "{accuracy} in one training; the median of {count} decides, and it is not there",
                accuracy=shown,
                count=NEEDED,
            ),
        )
    return review(
        expected,
        msg(
            "{accuracy}, the median of {count} trainings: under the limit, but within what chance explains",
            accuracy=shown,
            count=NEEDED,
        ),
    )
