"""Words for people, not yet in any language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people, not yet in any language: an English template and its values."""

    text: str
    """English, with ``{name}`` places; also the key of the translation."""
    values: Mapping[str, str | int | float] = field(default_factory=dict)
    """What goes into the places; strings from students are escaped by the renderer, not here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A sentence a lecturer wrote, in both languages."""

    ru: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of a data file, in both languages, with ``{name}`` places and what goes into them."""

    ru: str
    en: str
    values: Mapping[str, str | int | float]


Words = Message | Sentence | Text


def msg(text: str, **values: str | float) -> Message:
    """Make a :class:`Message`; the translation catalogue is extracted from calls of this name."""
    return Message(text, values)
