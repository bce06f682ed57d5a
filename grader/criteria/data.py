"""Which rows the answer was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.criteria.base import Criterion, Judgement, Judges, failed, of, passed, review
from grader.criteria.case import Candidate, Case, Tier
from grader.criteria.runs import looks
from grader.criteria.settings import never_trained
from grader.known import handed_out
from grader.reasons import sentence_of
from grader.records import FitFacts, RowFacts, Words, msg, row_numbers


def distinct_rows(rows: RowFacts) -> int | None:
    """Count different rows; None when the packed rows are damaged, or more than any data set has.

    >>> distinct_rows(RowFacts(count=30, ranges=((0, 20), (10, 20))))
    20
    """
    if rows.ranges is not None:
        total, end = 0, 0
        for start, stop in sorted(rows.ranges):
            total += max(0, stop - max(start, end))
            end = max(end, stop)
        return total
    numbers = row_numbers(rows)
    return None if numbers is None else len(set(numbers))


def on_test_rows(expected: Words, candidate: Candidate, dataset: str) -> Judgement | None:
    """Judge a training on test rows; None where there were none.

    Who joins all images and splits them anew does not cheat: the model is not tested on what it learned. Cheating is
    only seen where it was tested on the data set's own test rows, on so many that it must have learned some of them.
    """
    fit = candidate.fit
    if fit is None:
        return None
    rows = fit.x.test_rows or (fit.x.shape[0] if fit.x.split == "test" and fit.x.shape else 0)
    if not rows:
        return None
    tested = max((x.test_rows for _, x in looks(candidate, dataset) if x.split == "test"), default=0)
    data = handed_out(dataset)
    some_learned = tested > 0 and rows + tested > (data.num_test if data else 0)
    if fit.x.split == "mixed" and not some_learned:
        return review(
            expected,
            msg(
                "training and test data were joined and split anew; test rows among the training data: {rows}",
                rows=rows,
            ),
            msg("Nothing is lost: a person looks at this. Keep to the split of the data set, as the workbook does."),
        )
    return failed(
        expected,
        msg("test rows among the training data: {rows}", rows=rows),
        msg("Train on the training data only: a model that has seen the test data tells nothing about new data."),
    )


def mixed_up(expected: Words, agree: float) -> Judgement:
    """Judge a training on labels of which only the share ``agree`` belongs to its rows."""
    return failed(
        expected,
        msg("labels that belong to their rows, in percent: {share}", share=round(100 * agree, 1)),
        msg("Keep images and labels in the same order: shuffle or cut both alike, or neither."),
    )


@dataclass(frozen=True, kw_only=True)
class TrainingData(Criterion):
    """The answer was trained on the task's training data with their right labels; with ``all``, on every row of it.

    >>> TrainingData(all=True).default_title.text
    'Trained on all of the training data'
    """

    kind: ClassVar[str] = "training-data"
    judges: ClassVar[Judges] = "notebook"
    matches: ClassVar[bool] = True
    needs_fit: ClassVar[bool] = True

    all: bool = False
    """Every row of the train split, none set aside for validation."""

    @property
    def default_title(self) -> Words:
        """What is asked for."""
        if self.all:
            return msg("Trained on all of the training data")
        return msg("Trained on the task's training data")

    def judge(self, case: Case) -> Judgement:
        """Look at the rows and the labels that ``fit`` was given."""
        candidate, expected = of(case), self.default_title
        fit = candidate.fit
        if fit is None or not candidate.is_trained:
            return never_trained(expected, case)
        if candidate.tier is Tier.UNRECOGNISED or not fit.x.dataset:
            return review(
                expected, msg("the training data could not be recognised: {why}", why=sentence_of(fit.x.why or "–"))
            )
        tested = on_test_rows(expected, candidate, case.dataset)
        if tested is not None:
            return tested
        if fit.x.unknown_rows:
            return review(expected, msg("rows that are not in the data set: {rows}", rows=fit.x.unknown_rows))
        return self._labels(fit) or self._rows(fit) or passed(expected, _seen(fit))

    def _labels(self, fit: FitFacts) -> Judgement | None:
        agree = fit.y.agree if fit.y is not None else None
        if handed_out(fit.x.dataset) is None and agree is None:
            return None  # drawn by the student: there are no true labels
        if agree is None:
            return review(self.default_title, msg("the labels could not be compared with the data set's"))
        return None if agree >= 1 else mixed_up(self.default_title, agree)

    def _rows(self, fit: FitFacts) -> Judgement | None:
        if not self.all:
            return None
        if fit.set_aside:
            return failed(
                self.default_title,
                msg("validation_split = {share} sets part of the training data aside", share=fit.set_aside),
                msg("Leave validation_split out of model.fit, so that all training data are used."),
            )
        data = handed_out(fit.x.dataset)
        if data is None:
            return None
        if fit.x.rows is None:
            return review(self.default_title, msg("which rows the data pipeline hands on could not be seen"))
        rows = distinct_rows(fit.x.rows)
        if rows is None:
            return review(self.default_title, msg("which rows were used could not be read"))
        if fit.steps_per_epoch and fit.batch_size:
            rows = min(rows, fit.steps_per_epoch * fit.batch_size * fit.asked_epochs)
        if rows >= data.num_train:
            return None
        return failed(
            self.default_title,
            msg("training rows used: {rows} of {total}", rows=rows, total=data.num_train),
            msg("Give model.fit the whole training data, without slices and without steps_per_epoch."),
        )


def _seen(fit: FitFacts) -> Words:
    return msg("training rows: {rows}", rows=fit.x.train_rows or (fit.x.shape[0] if fit.x.shape else 0))
