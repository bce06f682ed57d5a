"""What the submission did: ran the example, trained its answer, evaluated it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from grader.criteria.base import Criterion, Judgement, Judges, either, failed, of, passed, review
from grader.criteria.case import Candidate, Case
from grader.criteria.settings import never_trained
from grader.known import handed_out
from grader.records import ArrayFacts, Verdict, Words, msg


@dataclass(frozen=True, kw_only=True)
class Trained(Criterion):
    """The answer was trained: one epoch or more ran to its end.

    >>> Trained().default_title.text
    'The model was trained'
    """

    kind: ClassVar[str] = "trained"
    judges: ClassVar[Judges] = "notebook"
    needs_fit: ClassVar[bool] = True

    @property
    def default_title(self) -> Words:
        """What is asked for."""
        return msg("The model was trained")

    def judge(self, case: Case) -> Judgement:
        """Look for a fit that ran to its end."""
        candidate = of(case)
        if not candidate.is_trained or candidate.fit is None:
            return never_trained(self.default_title, case)
        return passed(self.default_title, msg("Epochs: {count}", count=candidate.fit.asked_epochs))


_FEW = 500
"""Fewer rows say little: one picture more or less is 0.2 % of them. Task 1 has 1,000, which are not split."""


@dataclass(frozen=True, kw_only=True)
class Evaluated(Criterion):
    """The answer was evaluated after its training, on test rows unless said otherwise.

    ``predict`` over the whole test split counts, since the accuracy can be worked out from it. So do test rows given to
    ``fit`` as ``validation_data``: they show the test accuracy after every epoch.

    >>> Evaluated(on="test").default_title.text
    'Evaluated on the test data'
    """

    kind: ClassVar[str] = "evaluated"
    judges: ClassVar[Judges] = "notebook"
    matches: ClassVar[bool] = True
    needs_fit: ClassVar[bool] = True
    needs_evaluation: ClassVar[bool] = True

    on: Literal["test", "train", "any"] = "test"

    @property
    def default_title(self) -> Words:
        """What is asked for."""
        if self.on == "train":
            return msg("Evaluated on the training data")
        return msg("Evaluated on the test data") if self.on == "test" else msg("The trained model was evaluated")

    def judge(self, case: Case) -> Judgement:
        """Look through the evaluations that came after the answer's fit."""
        candidate, expected = of(case), self.default_title
        if not candidate.is_trained:
            return never_trained(expected, case)
        seen = list(looks(candidate, case.dataset))
        good = next((how for how, x in seen if self._counts(x, case.dataset)), None)
        if good is not None:
            return passed(expected, msg("{call} on such data was seen", call=good))
        if any(not x.dataset for _, x in seen):
            return review(expected, msg("the data of an evaluation could not be recognised"))
        few = max((_rows(x, self.on) for _, x in seen if x.dataset == case.dataset), default=0)
        if few:
            return review(expected, msg("too few rows were evaluated on: {rows}", rows=few))
        if seen:
            return failed(
                expected,
                msg("evaluated on other data only"),
                msg(
                    "Call model.evaluate(x_test, y_test): accuracy on data the model was trained on says little "
                    "about new data."
                )
                if self.on == "test"
                else msg("Call model.evaluate on the training data too."),
            )
        return failed(
            expected,
            msg("no evaluation after the training was seen"),
            msg("Call model.evaluate(x_test, y_test) after model.fit."),
        )

    def _counts(self, x: ArrayFacts, dataset: str) -> bool:
        if x.dataset != dataset:
            return False
        return self.on == "any" or _rows(x, self.on) >= _FEW


def _rows(x: ArrayFacts, split: str) -> int:
    return {"test": x.test_rows, "train": x.train_rows}.get(split, 0)


def looks(candidate: Candidate, dataset: str) -> Iterator[tuple[str, ArrayFacts]]:
    """Yield every way in which the answer's accuracy was looked at, and on what."""
    for evaluation in candidate.evaluations:
        yield "evaluate", evaluation.x
    if candidate.fit is not None and candidate.fit.validation_x is not None:
        yield "validation_data", candidate.fit.validation_x
    data = handed_out(dataset)
    for predict in candidate.predicts:
        if not predict.x.dataset or predict.x.test_rows >= (data.num_test if data else 1):
            yield "predict", predict.x


@dataclass(frozen=True, kw_only=True)
class ExampleRun(Criterion):
    """The worked example was run: a training shows all of its signs.

    >>> ExampleRun().default_title.text
    'The worked example was run'
    """

    kind: ClassVar[str] = "example-run"
    judges: ClassVar[Judges] = "notebook"
    needs_answer: ClassVar[bool] = False

    @property
    def default_title(self) -> Words:
        """What is asked for."""
        return msg("The worked example was run")

    def judge(self, case: Case) -> Judgement:
        """Look for a run of the example; name what the nearest one lacks."""
        expected = self.default_title
        if case.example_runs:
            return passed(expected, msg("the example was trained"), where=case.example_runs[0].where)
        maybe = next((one for one in (*case.others, *case.unsure) if may_be_example(one, case)), None)
        if maybe is not None:
            found = msg("a training that may be the example's was found; part of it could not be told")
            return review(expected, found, where=maybe.where)
        advice = msg("Type in the worked example and run it before the task.")
        for one in reversed(case.others):
            missed = [sign for sign in case.signs if not judge_as_answer(sign, case, one, Verdict.PASSED)]
            if len(missed) == 1 and len(case.signs) > 1:
                found = msg("a model close to the example was trained; one thing differs")
                return failed(expected, found, missed[0].title or missed[0].default_title, where=one.where)
        return either(False, expected, msg("no run of the example was found"), advice)


def may_be_example(candidate: Candidate, case: Case) -> bool:
    """Whether no sign tells a training from a run of the example: one that was stopped early, say."""
    return bool(case.signs) and not any(judge_as_answer(sign, case, candidate, Verdict.FAILED) for sign in case.signs)


def judge_as_answer(criterion: Criterion, case: Case, candidate: Candidate, verdict: Verdict) -> bool:
    """Whether a criterion gives this verdict when another training is taken for the answer, by what was seen of it."""
    alone = Case(dataset=case.dataset, profile=case.profile, candidate=candidate)
    return criterion.judge(alone).verdict is verdict
