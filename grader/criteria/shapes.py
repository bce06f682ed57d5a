"""The model from outside: what goes in, what comes out, how many parameters it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.criteria.amounts import Bounded
from grader.criteria.base import Criterion, Judgement, Judges, either, of, review
from grader.criteria.case import Case
from grader.records import Message, Words, msg


def _text(shape: tuple[int | None, ...]) -> str:
    return (
        "(" + ", ".join("?" if axis is None else str(axis) for axis in shape) + ("," if len(shape) == 1 else "") + ")"
    )


@dataclass(frozen=True, kw_only=True)
class _Shape(Criterion):
    judges: ClassVar[Judges] = "structure"
    matches: ClassVar[bool] = True

    shape: tuple[int, ...]
    """Without the batch axis, as in ``keras.Input``."""

    def _compare(self, actual: tuple[int | None, ...] | None, found: Words, advice: Words) -> Judgement:
        if actual is None or None in actual[1:]:
            return review(self.default_title, msg("the model's shapes are open until it is built, and it was not"))
        return either(actual[1:] == self.shape, self.default_title, found, advice)

    def mistakes(self) -> tuple[Message, ...]:
        """Return what is wrong with the settings."""
        good = bool(self.shape) and all(axis > 0 for axis in self.shape)
        return (
            ()
            if good
            else (msg("shape must list whole numbers from 1 up, without the batch axis, as in  shape = [28, 28, 1]"),)
        )


@dataclass(frozen=True, kw_only=True)
class InputShape(_Shape):
    """The model takes inputs of this shape.

    >>> InputShape(shape=(28, 28, 1)).default_title.values["shape"]
    '(28, 28, 1)'
    """

    kind: ClassVar[str] = "input-shape"

    @property
    def default_title(self) -> Words:
        """Such as ``Input shape (28, 28, 1)``."""
        return msg("Input shape {shape}", shape=_text(self.shape))

    def judge(self, case: Case) -> Judgement:
        """Compare with the model's input, batch axis left out."""
        actual = of(case).input_shape
        found = msg("input shape {shape}", shape=_text(actual[1:] if actual else ()))
        return self._compare(
            actual,
            found,
            msg("Reshape the data and write shape={shape} in the model's input.", shape=_text(self.shape)),
        )


@dataclass(frozen=True, kw_only=True)
class OutputShape(_Shape):
    """The model gives outputs of this shape.

    >>> OutputShape(shape=(10,)).default_title.values["shape"]
    '(10,)'
    """

    kind: ClassVar[str] = "output-shape"

    @property
    def default_title(self) -> Words:
        """Such as ``Output shape (10,)``."""
        return msg("Output shape {shape}", shape=_text(self.shape))

    def judge(self, case: Case) -> Judgement:
        """Compare with the model's output, batch axis left out."""
        actual = of(case).output_shape
        found = msg("output shape {shape}", shape=_text(actual[1:] if actual else ()))
        return self._compare(
            actual, found, msg("Let the last layer give {shape}, one number for each class.", shape=_text(self.shape))
        )


@dataclass(frozen=True, kw_only=True)
class ParameterCount(Bounded):
    """The model has so many parameters.

    >>> ParameterCount(at_most=105_000).default_title.values["count"]
    '≤ 105000'
    """

    kind: ClassVar[str] = "parameter-count"
    judges: ClassVar[Judges] = "structure"
    matches: ClassVar[bool] = True

    @property
    def default_title(self) -> Words:
        """Such as ``Parameters: ≤ 105000``."""
        return msg("Parameters: {count}", count=self.amount)

    def judge(self, case: Case) -> Judgement:
        """Count the parameters of the rebuilt model, or take the notebook's word for it."""
        if case.num_params is None:
            return review(self.default_title, msg("the model was not built, so its parameters could not be counted"))
        found = msg("Parameters: {count}", count=case.num_params)
        advice = msg("Make layers wider or narrower until model.summary() shows {count}.", count=self.amount)
        return either(self.holds(case.num_params), self.default_title, found, advice)
