"""Layers: how many of a kind, in which order, with which settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar

from grader.criteria.amounts import Bounded
from grader.criteria.base import Criterion, Judgement, Judges, either, failed, passed, review
from grader.criteria.case import Case
from grader.criteria.layerfacts import activation_of, broadcast, listing, same_activation, value_text
from grader.criteria.names import ACTIVATIONS, LAYERS, unknown
from grader.criteria.untold import hidden_calls, hidden_layers, untold_activation
from grader.records import LayerFacts, Message, Words, msg


@dataclass(frozen=True, kw_only=True)
class LayerCount(Bounded):
    """The model has so many layers of a kind.

    >>> from grader.records import Profile
    >>> from grader.criteria.case import Candidate, Tier
    >>> conv = LayerFacts(kind="Conv2D")
    >>> answer = Candidate(order=0, notebook="a.ipynb", cell=3, tier=Tier.TRAINED, layers=(conv, conv))
    >>> case = Case(dataset="mnist", profile=Profile(name="full"), candidate=answer)
    >>> LayerCount(layer="Conv2D", exactly=5).judge(case).verdict
    <Verdict.FAILED: 'failed'>
    """

    kind: ClassVar[str] = "layer-count"
    judges: ClassVar[Judges] = "structure"
    matches: ClassVar[bool] = True

    layer: str
    """Keras class name, such as ``Conv2D``."""

    @property
    def default_title(self) -> Words:
        """Such as ``Conv2D layers: 5``."""
        return msg("{layer} layers: {count}", layer=self.layer, count=self.amount)

    def judge(self, case: Case) -> Judgement:
        """Count the layers; a student's own layer class may hide some, so it leaves a miss open.

        Pooling by one changes nothing and does not count.
        """
        count = sum(layer.kind == self.layer and not layer.custom and not _idle(layer) for layer in case.layers)
        expected = self.default_title
        found = msg("{layer} layers: {count}", layer=self.layer, count=count)
        if self.holds(count):
            return passed(expected, found)
        hidden = hidden_layers(case, expected)
        if hidden is None and self._too_few(count):
            hidden = hidden_calls(case, expected, self.layer, count)
        if hidden is not None:
            return hidden
        layers = listing(case.layers)
        if self.exactly == 0 or (count and not self._too_few(count)):
            return failed(
                expected,
                found,
                msg(
                    "Remove {layer} layers until there are {count}. Your model: {layers}.",
                    layer=self.layer,
                    count=self.amount,
                    layers=layers,
                ),
            )
        return failed(
            expected,
            found,
            msg(
                "Add {layer} layers until there are {count}. Your model: {layers}.",
                layer=self.layer,
                count=self.amount,
                layers=layers,
            ),
        )

    def _too_few(self, count: int) -> bool:
        least = self.exactly if self.exactly is not None else self.at_least
        return least is not None and count < least

    def mistakes(self) -> tuple[Message, ...]:
        """Return what is wrong with the settings."""
        return (*super().mistakes(), *unknown("layer", self.layer, LAYERS))


def _softmax_in_loss(case: Case, place: int) -> bool:
    """Whether the model's last layer, without an activation, is given to a loss that begins with the softmax."""
    compiled = case.candidate.compile if case.candidate else None
    return (
        compiled is not None
        and compiled.loss in {"categorical_crossentropy", "sparse_categorical_crossentropy"}
        and compiled.loss_config.get("from_logits") is True
        and place == len(case.layers) - 1
        and activation_of(case.layers, place) == "linear"
    )


def _idle(layer: LayerFacts) -> bool:
    """Whether a layer pools windows of one number, one by one."""
    size, strides = layer.config.get("pool_size"), layer.config.get("strides")
    return size is not None and _ones(size) and (strides is None or _ones(strides))


def _ones(value: object) -> bool:
    return all(one == 1 for one in value) if isinstance(value, list | tuple) else value == 1


@dataclass(frozen=True, kw_only=True)
class LayerOrder(Criterion):
    """Layers of these kinds follow each other in this order; others may stand between them.

    >>> LayerOrder(layers=("Conv2D", "MaxPooling2D")).default_title.values["layers"]
    'Conv2D → MaxPooling2D'
    """

    kind: ClassVar[str] = "layer-order"
    judges: ClassVar[Judges] = "structure"
    matches: ClassVar[bool] = True

    layers: tuple[str, ...]
    """Keras class names."""

    @property
    def default_title(self) -> Words:
        """Such as ``Layers in this order: Conv2D → MaxPooling2D``."""
        return msg("Layers in this order: {layers}", layers=" → ".join(self.layers))

    def judge(self, case: Case) -> Judgement:
        """Look for the kinds as a subsequence of the model's layers; a student's own class may hide the missing one."""
        rest = iter(layer.kind for layer in case.layers if not layer.custom)
        missing = next((kind for kind in self.layers if kind not in rest), None)
        hidden = hidden_layers(case, self.default_title) if missing is not None else None
        if hidden is not None:
            return hidden
        found = msg("{layers}", layers=listing(case.layers))
        advice = msg(
            "{layer} is missing or stands too early. Put the layers in the order of the task.", layer=missing or ""
        )
        return either(missing is None, self.default_title, found, advice)

    def mistakes(self) -> tuple[Message, ...]:
        """Return what is wrong with the settings."""
        empty = (
            () if self.layers else (msg('layers is empty; write at least one, as in  layers = ["Conv2D", "Flatten"]'),)
        )
        return (*empty, *(text for kind in self.layers for text in unknown("layer", kind, LAYERS)))


@dataclass(frozen=True, kw_only=True)
class Layer(Criterion):
    """A certain layer has certain settings; only those that are given are looked at.

    >>> Layer(layer="Dense", position=-1, units=10, activation="softmax").default_title.values["settings"]
    'units = 10, activation = softmax'
    """

    kind: ClassVar[str] = "layer"
    judges: ClassVar[Judges] = "structure"
    matches: ClassVar[bool] = True

    layer: str
    """Keras class name, such as ``Dense``."""
    position: int = 1
    """Which one of its kind: 1 is the first, -1 the last."""
    units: int | None = None
    filters: int | None = None
    kernel_size: int | tuple[int, ...] | None = None
    strides: int | tuple[int, ...] | None = None
    pool_size: int | tuple[int, ...] | None = None
    padding: str | None = None
    rate: float | None = None
    activation: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What is asked for, by Keras's own names."""
        keys = ("units", "filters", "kernel_size", "strides", "pool_size", "padding", "rate", "activation")
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}

    @property
    def default_title(self) -> Words:
        """Such as ``The last Dense layer: units = 10``."""
        settings = ", ".join(f"{key} = {value_text(value)}" for key, value in self.settings.items())
        if self.position == 1:
            return msg("The first {layer} layer: {settings}", layer=self.layer, settings=settings)
        if self.position == -1:
            return msg("The last {layer} layer: {settings}", layer=self.layer, settings=settings)
        return msg(
            "{layer} layer number {position}: {settings}", layer=self.layer, position=self.position, settings=settings
        )

    @property
    def line(self) -> str:
        """The layer in a list of what the task asks for, such as ``Dense 128 tanh``."""
        return " ".join([self.layer, *(value_text(value) for key, value in self.settings.items())])

    def judge(self, case: Case) -> Judgement:
        """Compare the layer's settings one by one; a student's own class may hide the layer that is asked for."""
        places = [at for at, layer in enumerate(case.layers) if layer.kind == self.layer and not layer.custom]
        index = self.position - 1 if self.position > 0 else self.position
        if not -len(places) <= index < len(places):
            return self._absent(case, len(places))
        layers, place = case.layers, places[index]
        actual = {key: self._actual(layers, place, key) for key in self.settings}
        wrong = {key: value for key, value in actual.items() if not self._same(key, value)}
        found = msg(
            "{layer}: {settings}",
            layer=self.layer,
            settings=", ".join(f"{k} = {value_text(v)}" for k, v in actual.items()),
        )
        if any(value is None for value in wrong.values()):
            return review(
                self.default_title,
                msg(
                    "{layer}: these settings could not be seen: {settings}",
                    layer=self.layer,
                    settings=", ".join(k for k, v in wrong.items() if v is None),
                ),
            )
        if wrong.keys() == {"activation"} and self.activation == "softmax" and _softmax_in_loss(case, place):
            return passed(self.default_title, msg("softmax is part of the loss: from_logits=True"))
        untold = untold_activation(case, layers, place) if wrong.keys() == {"activation"} else None
        if untold is not None:
            return review(self.default_title, untold)
        hidden = hidden_layers(case, self.default_title) if wrong else None
        return hidden or either(not wrong, self.default_title, found, self._advice(wrong))

    def _absent(self, case: Case, count: int) -> Judgement:
        found = msg("{layer} layers: {count}", layer=self.layer, count=count)
        hidden = hidden_layers(case, self.default_title)
        if hidden is not None:
            return hidden
        advice = msg(
            "Add a {layer} layer where the task asks for one. Your model: {layers}.",
            layer=self.layer,
            layers=listing(case.layers),
        )
        return failed(self.default_title, found, advice)

    def _actual(self, layers: Sequence[LayerFacts], place: int, key: str) -> Any:
        return activation_of(layers, place) if key == "activation" else layers[place].config.get(key)

    def _same(self, key: str, actual: Any) -> bool:
        wanted = self.settings[key]
        if key == "activation":
            return same_activation(str(actual), wanted)
        return broadcast(actual, wanted) == broadcast(wanted, actual)

    def _advice(self, wrong: Mapping[str, Any]) -> Words:
        activation = str(wrong.get("activation", ""))
        if self.activation and activation not in ACTIVATIONS | {""}:
            close = get_close_matches(activation, ACTIVATIONS, n=1)
            if close:
                return msg("The activation is written {found}; did you mean {close}?", found=activation, close=close[0])
        if activation == "softmax" and self.units == 1 and "units" not in wrong:
            return msg(
                "A softmax over a single unit is always 1, so predictions never change; write activation={wanted}.",
                wanted=repr(self.activation),
            )
        change = ", ".join(f"{key}={self.settings[key]!r}" for key in wrong)
        return msg("In this {layer} layer write {change}.", layer=self.layer, change=change)

    def mistakes(self) -> tuple[Message, ...]:
        """Return what is wrong with the settings."""
        texts = list(unknown("layer", self.layer, LAYERS))
        if self.position == 0:
            texts.append(msg("position is 0; the first layer of its kind is 1, the last one -1"))
        if not self.settings:
            texts.append(msg("nothing is asked of the layer; write at least one setting, as in  units = 10"))
        if self.activation is not None:
            texts += unknown("activation", self.activation, ACTIVATIONS)
        if self.padding not in {None, "valid", "same", "causal"}:
            texts.append(msg("padding is {found}; Keras has 'valid', 'same' and 'causal'", found=repr(self.padding)))
        return tuple(texts)
