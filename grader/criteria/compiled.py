"""What ``compile`` was given: the loss and the optimizer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from grader.criteria.base import Criterion, Judgement, Judges, either, failed, of, review
from grader.criteria.case import Case
from grader.criteria.names import LOSSES, OPTIMIZERS, unknown
from grader.criteria.settings import never_trained
from grader.records import Message, Words, msg


@dataclass(frozen=True, kw_only=True)
class Loss(Criterion):
    """The loss is one of those named.

    >>> Loss(one_of=("binary_crossentropy",)).default_title.values["names"]
    'binary_crossentropy'
    """

    kind: ClassVar[str] = "loss"
    judges: ClassVar[Judges] = "structure"
    matches: ClassVar[bool] = True

    one_of: tuple[str, ...]
    """Keras's snake-case names."""

    @property
    def default_title(self) -> Words:
        """Such as ``Loss: binary_crossentropy``."""
        return msg("Loss: {names}", names=" / ".join(self.one_of))

    def judge(self, case: Case) -> Judgement:
        """Compare names; a class counts as its function."""
        compiled = of(case).compile
        advice = msg("Compile the model with loss={wanted}.", wanted=repr(self.one_of[0]))
        if compiled is None and of(case).own_loop:
            return never_trained(self.default_title, case)
        if compiled is None or not compiled.loss:
            return failed(self.default_title, msg("the model was compiled without a loss"), advice)
        found = msg("Loss: {names}", names=compiled.loss)
        if compiled.loss_custom:
            return review(self.default_title, msg("a loss of the notebook's own: {name}", name=compiled.loss))
        return either(compiled.loss in self.one_of, self.default_title, found, advice)

    def mistakes(self) -> tuple[Message, ...]:
        """Return what is wrong with the settings."""
        empty = () if self.one_of else (msg("one_of is empty; write at least one loss"),)
        return (*empty, *(text for name in self.one_of for text in unknown("loss", name, LOSSES)))


@dataclass(frozen=True, kw_only=True)
class Optimizer(Criterion):
    """The optimizer has this name, and these arguments where given.

    >>> Optimizer(name="rmsprop").default_title.values["name"]
    'rmsprop'
    """

    kind: ClassVar[str] = "optimizer"
    judges: ClassVar[Judges] = "structure"
    matches: ClassVar[bool] = True

    name: str
    """Upper or lower case is the same."""
    arguments: Mapping[str, float | bool | str] = field(default_factory=dict)
    """Such as ``{learning_rate = 0.01}``."""

    @property
    def default_title(self) -> Words:
        """Such as ``Optimizer: rmsprop``."""
        return msg("Optimizer: {name}", name=self._text(self.name, self.arguments))

    def judge(self, case: Case) -> Judgement:
        """Compare the name, then each argument that is asked for."""
        compiled = of(case).compile
        advice = msg("Compile the model with the optimizer {name}.", name=self._text(self.name, self.arguments))
        if compiled is None and of(case).own_loop:
            return never_trained(self.default_title, case)
        if compiled is None:
            return failed(self.default_title, msg("the model was never compiled"), advice)
        config = compiled.optimizer_config
        found = msg(
            "Optimizer: {name}",
            name=self._text(compiled.optimizer, {k: config[k] for k in self.arguments if k in config}),
        )
        if compiled.optimizer_custom:
            return review(
                self.default_title, msg("an optimizer of the notebook's own: {name}", name=compiled.optimizer)
            )
        if compiled.optimizer.lower() != self.name.lower():
            return failed(self.default_title, found, advice)
        unseen = [key for key in self.arguments if key not in config or isinstance(config[key], Mapping)]
        if unseen:
            return review(
                self.default_title,
                msg(
                    "{name}: these arguments could not be seen: {keys}", name=compiled.optimizer, keys=", ".join(unseen)
                ),
            )
        return either(all(_same(config[k], v) for k, v in self.arguments.items()), self.default_title, found, advice)

    def _text(self, name: str, arguments: Mapping[str, object]) -> str:
        shown = (
            f"{key}={value:.6g}" if isinstance(value, float) else f"{key}={value}" for key, value in arguments.items()
        )
        return f"{name}({', '.join(shown)})" if arguments else name

    def mistakes(self) -> tuple[Message, ...]:
        """Return what is wrong with the settings."""
        return unknown("optimizer", self.name.lower(), OPTIMIZERS)


def _same(actual: object, wanted: object) -> bool:
    if (
        isinstance(wanted, bool)
        or isinstance(actual, bool)
        or not isinstance(wanted, int | float)
        or not isinstance(actual, int | float)
    ):
        return actual == wanted
    return math.isclose(actual, wanted, rel_tol=1e-5, abs_tol=1e-12)  # settings pass through float32
