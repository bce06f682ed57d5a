"""What ``fit`` was given: batch size, epochs, validation data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.criteria.amounts import Bounded
from grader.criteria.base import Criterion, Judgement, Judges, either, failed, of, passed, review
from grader.criteria.case import Case
from grader.hints.trainings import BROKEN_OFF, MODEL_FAILS, NEVER_TRAINED
from grader.records import Message, Words, msg


def never_trained(expected: Words, case: Case) -> Judgement:
    """Judge what only a training could show."""
    candidate = of(case)
    if candidate.own_loop:
        return review(
            expected,
            msg("the model seems to be trained in a loop of its own, not with model.fit"),
            msg("Nothing is lost: a person looks at this. Train with model.fit, as the workbook does."),
        )
    if candidate.failure is not None:
        values = {"error": candidate.failure.error, "message": candidate.failure.message[:200]}
        found = Message(MODEL_FAILS.text, values)
        return failed(expected, found, msg("Mend the model until model.fit runs to its end."))
    if candidate.fit is not None and candidate.fit.error:
        found = Message(BROKEN_OFF.text, {"error": candidate.fit.error[:200]})
        return failed(expected, found, msg("Mend the cell until model.fit runs to its end."))
    stopped = candidate.stopped_fit
    if stopped is not None:
        found = msg(
            "fit in cell {cell} stopped with {error}: {message}",
            cell=stopped.cell,
            error=stopped.error,
            message=stopped.message[:200],
        )
        where = msg("{notebook}, cell {cell}", notebook=candidate.notebook, cell=stopped.cell)
        advice = stopped.advice or msg("Mend the cell until model.fit runs to its end.")
        return failed(expected, found, advice, where=where)
    return failed(expected, NEVER_TRAINED, msg("Train it: call model.fit on the training data."))


@dataclass(frozen=True, kw_only=True)
class BatchSize(Bounded):
    """The answer was trained in mini-batches of this size.

    >>> BatchSize(exactly=64).default_title.values["count"]
    '64'
    """

    kind: ClassVar[str] = "batch-size"
    judges: ClassVar[Judges] = "structure"
    matches: ClassVar[bool] = True
    needs_fit: ClassVar[bool] = True

    @property
    def default_title(self) -> Words:
        """Such as ``Batch size: 64``."""
        return msg("Batch size: {count}", count=self.amount)

    def judge(self, case: Case) -> Judgement:
        """Compare the batch size as trained."""
        fit = of(case).fit
        if fit is None:
            return never_trained(self.default_title, case)
        if fit.batch_size is None:
            return review(
                self.default_title,
                msg("a data pipeline of the notebook's own makes the batches; their size could not be seen"),
            )
        found = msg("Batch size: {count}", count=fit.batch_size)
        return either(
            self.holds(fit.batch_size),
            self.default_title,
            found,
            msg("Write batch_size={count} in model.fit.", count=self.amount),
        )


@dataclass(frozen=True, kw_only=True)
class Epochs(Bounded):
    """The answer was trained for this many epochs.

    >>> Epochs(exactly=20).default_title.values["count"]
    '20'
    """

    kind: ClassVar[str] = "epochs"
    judges: ClassVar[Judges] = "structure"
    matches: ClassVar[bool] = True
    needs_fit: ClassVar[bool] = True

    @property
    def default_title(self) -> Words:
        """Such as ``Epochs: 20``."""
        return msg("Epochs: {count}", count=self.amount)

    def judge(self, case: Case) -> Judgement:
        """Compare the epochs asked for; what a callback stopped early, or took several fits, is left to a person."""
        fit = of(case).fit
        if fit is None:
            return never_trained(self.default_title, case)
        epochs = fit.asked_epochs
        ran = max((len(values) for values in fit.history.values()), default=epochs)
        found = msg("Epochs: {count}", count=epochs)
        if self.holds(epochs) and not self.holds(ran):
            return review(
                self.default_title,
                msg("{count} epochs were asked for, the training stopped after {ran}", count=epochs, ran=ran),
            )
        if not self.holds(epochs) and self.holds(epochs + of(case).epochs_before):
            return review(
                self.default_title,
                msg("epochs in several calls of fit on one model: {count}", count=epochs + of(case).epochs_before),
            )
        return either(
            self.holds(epochs), self.default_title, found, msg("Write epochs={count} in model.fit.", count=self.amount)
        )


@dataclass(frozen=True, kw_only=True)
class ValidationSplit(Criterion):
    """Part of the training data was set aside for validation, or none was.

    >>> ValidationSplit(present=False).default_title.text
    'Trained without setting validation data aside'
    """

    kind: ClassVar[str] = "validation-split"
    judges: ClassVar[Judges] = "structure"
    matches: ClassVar[bool] = True
    needs_fit: ClassVar[bool] = True

    present: bool

    @property
    def default_title(self) -> Words:
        """What is asked for."""
        if self.present:
            return msg("Part of the training data is set aside for validation")
        return msg("Trained without setting validation data aside")

    def judge(self, case: Case) -> Judgement:
        """Look at ``validation_split``, and at whether ``validation_data`` are rows of the train split."""
        fit = of(case).fit
        if fit is None:
            return never_trained(self.default_title, case)
        other = fit.validation_x
        if other is not None and not other.dataset:
            return review(self.default_title, msg("where validation_data comes from could not be seen"))
        if fit.set_aside:
            found: Words = msg("validation_split = {share}", share=fit.set_aside)
        elif other is not None:
            found = msg(
                "validation_data with training rows: {train}, test rows: {test}",
                train=other.train_rows,
                test=other.test_rows,
            )
        else:
            found = msg("no validation data")
        actual = fit.set_aside > 0 or (other is not None and other.train_rows > 0)
        if actual is self.present:
            return passed(self.default_title, found)
        if self.present:
            return failed(self.default_title, found, msg("Write validation_split=0.1 in model.fit."))
        return failed(self.default_title, found, msg("Train once more without validation_split, on all training data."))
