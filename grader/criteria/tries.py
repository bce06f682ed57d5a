"""Trying things out: how many different trainings there were, and what was varied against the example."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from grader.criteria.base import Criterion, Judgement, Judges, failed, passed, review
from grader.criteria.case import Candidate, Case
from grader.criteria.layerfacts import sizes
from grader.criteria.layers import Layer, LayerCount
from grader.criteria.runs import judge_as_answer, may_be_example
from grader.criteria.settings import BatchSize, Epochs
from grader.records import Message, Verdict, Words, msg

_NAMES = frozenset({"name", "trainable", "dtype", "seed", "build_config"})
"""Settings in which two models may differ and still be the same."""


_UNSURE = msg("some models were trained on data, or in a way, that could not be recognised")


def configuration(candidate: Candidate) -> str:
    """Write what was tried, the same for two trainings that differ in nothing but names, rows and seeds."""
    layers = [
        (layer.kind, {key: value for key, value in layer.config.items() if key not in _NAMES})
        for layer in candidate.layers
    ]
    compiled, fit = candidate.compile, candidate.fit
    settings = [
        (
            compiled.optimizer,
            {key: value for key, value in compiled.optimizer_config.items() if key != "name"},
            compiled.loss,
        )
        if compiled
        else None,
        (fit.asked_epochs, fit.batch_size) if fit else None,
    ]
    return json.dumps([layers, settings], sort_keys=True, default=str)


def _tries(candidates: Sequence[Candidate], case: Case) -> tuple[Candidate, ...]:
    return tuple(one for one in candidates if one not in case.example_runs)


@dataclass(frozen=True, kw_only=True)
class Configurations(Criterion):
    """So many different configurations were trained on the task's data, runs of the example not counted.

    >>> Configurations(at_least=2).default_title.values["count"]
    2
    """

    kind: ClassVar[str] = "configurations"
    judges: ClassVar[Judges] = "notebook"
    needs_answer: ClassVar[bool] = False

    at_least: int

    @property
    def default_title(self) -> Words:
        """Such as ``Different configurations trained: 2 or more``."""
        return msg("Different configurations trained: {count} or more", count=self.at_least)

    def judge(self, case: Case) -> Judgement:
        """Count configurations: layers, optimizer, loss, epochs, batch size.

        What may be the example counts for sure where that was run besides.
        """
        expected = self.default_title
        tries = _tries(case.others, case)
        sure = [one for one in tries if case.example_runs or not may_be_example(one, case)]
        count = len({configuration(one) for one in sure})
        found = msg("different configurations trained: {count}", count=count)
        if count >= self.at_least:
            return passed(expected, found)
        if len({configuration(one) for one in tries}) >= self.at_least:
            return review(expected, msg("one of the trainings may be the example's; part of it could not be told"))
        if len({configuration(one) for one in (*tries, *case.unsure)}) >= self.at_least:
            return review(expected, _UNSURE)
        return failed(
            expected,
            found,
            msg(
                "Train more variants and keep their cells in the notebook: other layers, units, epochs or batch sizes."
            ),
        )

    def mistakes(self) -> tuple[Message, ...]:
        """Return what is wrong with the settings."""
        return () if self.at_least > 0 else (msg("at_least must be a whole number from 1 up, as in  at_least = 2"),)


@dataclass(frozen=True, kw_only=True)
class Varied(Criterion):
    """Some training on the task's data differs from the worked example in one aspect.

    ``units``: a Dense layer's units or a Conv layer's filters; ``layers``: more layers that have such, than the example
    or than another try, since who starts small and adds layers has added layers; ``epochs`` and ``batch_size``: as
    given to ``fit``. The example is known from its reference, else from the student's own run of it,
    else from its signs.

    >>> Varied(aspect="epochs").default_title.text
    'Another number of epochs than in the example was tried'
    """

    kind: ClassVar[str] = "varied"
    judges: ClassVar[Judges] = "notebook"
    needs_answer: ClassVar[bool] = False

    aspect: Literal["units", "layers", "epochs", "batch_size"]

    @property
    def default_title(self) -> Words:
        """What is asked for."""
        match self.aspect:
            case "units":
                return msg("Another number of units or filters than in the example was tried")
            case "layers":
                return msg("Hidden layers were added: more than in the example, or than in another try")
            case "epochs":
                return msg("Another number of epochs than in the example was tried")
            case "batch_size":
                return msg("Another batch size than in the example was tried")

    def judge(self, case: Case) -> Judgement:
        """Compare every try with the example."""
        expected, advice = self.default_title, self._advice
        tries = _tries(case.others, case)
        answers = [(one, self._differs(one, case)) for one in tries]
        if self.aspect == "layers":
            fewest = min((len(sizes(one.layers)) for one in tries), default=0)
            answers = [(one, len(sizes(one.layers)) > fewest or differs) for one, differs in answers]
        for one, differs in answers:
            if differs:
                return passed(expected, self._found(one), where=one.where)
        if any(differs is None for _, differs in answers):
            return review(expected, msg("the example's own figures are not known, so nothing could be compared"))
        if any(self._differs(one, case) is not False for one in case.unsure):
            return review(expected, _UNSURE)
        if not tries:
            return failed(expected, msg("no training of your own on the task's data was found"), advice)
        return failed(expected, msg("in every training this is as in the example"), advice)

    @property
    def _advice(self) -> Words:
        match self.aspect:
            case "units":
                return msg("Train a variant with other units or filters, such as Dense(256) in place of Dense(512).")
            case "layers":
                return msg("Train a variant with one more Conv2D or Dense layer.")
            case "epochs":
                return msg("Train a variant with another number of epochs.")
            case "batch_size":
                return msg("Train a variant with another batch_size.")

    def _found(self, one: Candidate) -> Words:
        match self.aspect:
            case "units":
                return msg("units and filters: {sizes}", sizes=", ".join(map(str, sizes(one.layers))))
            case "layers":
                return msg("layers with units or filters: {count}", count=len(sizes(one.layers)))
            case "epochs":
                return msg("Epochs: {count}", count=one.fit.asked_epochs if one.fit else 0)
            case "batch_size":
                return msg("Batch size: {count}", count=(one.fit.batch_size or 0) if one.fit else 0)

    def _differs(self, one: Candidate, case: Case) -> bool | None:
        """Whether a training differs from the example; None when that cannot be told."""
        if self.aspect in {"units", "layers"}:
            example = case.example_layers or next((run.layers for run in case.example_runs), ())
            return self._layers_differ(sizes(one.layers), sizes(example)) if example else self._by_signs(one, case)
        run = next((run.fit for run in case.example_runs), None)
        if run is None or one.fit is None:
            return self._by_signs(one, case)
        if self.aspect == "epochs":
            return one.fit.asked_epochs != run.asked_epochs
        return None if one.fit.batch_size is None else one.fit.batch_size != run.batch_size

    def _layers_differ(self, own: tuple[int, ...], example: tuple[int, ...]) -> bool:
        if self.aspect == "layers":
            return len(own) > len(example)
        if len(own) == len(example):
            return own != example
        more, fewer = Counter(own) - Counter(example), Counter(example) - Counter(own)
        # With layers added or taken away, a size is changed where it is new, or stands in another's place.
        return bool(set(own) - set(example)) or bool(more and fewer)

    def _by_signs(self, one: Candidate, case: Case) -> bool | None:
        """Compare with the signs alone: a missed one is a difference; when none is missed the rest is unknown."""
        kinds = {"units": Layer, "layers": LayerCount, "epochs": Epochs, "batch_size": BatchSize}
        signs = [sign for sign in case.signs if isinstance(sign, kinds[self.aspect])]
        if self.aspect == "layers":
            counts = [sign for sign in signs if isinstance(sign, LayerCount) and sign.exactly]
            more = any(sum(layer.kind == sign.layer for layer in one.layers) > (sign.exactly or 0) for sign in counts)
            return True if more else None
        verdicts = {judge for sign in signs for judge in Verdict if judge_as_answer(sign, case, one, judge)}
        if Verdict.FAILED in verdicts:
            return True
        return False if verdicts == {Verdict.PASSED} and self.aspect != "units" else None
