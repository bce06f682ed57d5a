"""Words for people, not yet in any language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A place in a template. Anything cleverer (attributes, indices, formats) is text."""


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people, not yet in any language: an English template and its values."""

    text: str
    """English, with ``{name}`` places; also the key of the translation."""
    values: Mapping[str, str | int | float | Message] = field(default_factory=dict)
    """What goes into the places; strings from students are escaped by the renderer, not here."""

    def __str__(self) -> str:
        """Return the sentence in English, numbers as Python writes them: for logs, not for people.

        >>> str(msg("{file}: {why}", file="a.toml", why=msg("the file is empty")))
        'a.toml: the file is empty'
        """
        return PLACE.sub(lambda place: str(self.values.get(place[1], place[0])), self.text)


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


def msg(text: str, **values: str | float | Message) -> Message:
    """Make a :class:`Message`; the translation catalogue is extracted from calls of this name."""
    return Message(text, values)


def joined(parts: Iterable[str | Message], between: str = "\n") -> Message:
    """Return several messages as one: a line each, or with something else between them.

    >>> str(joined([msg("one"), "two"], "; "))
    'one; two'
    """
    values = {f"part{number}": part for number, part in enumerate(parts, start=1)}
    return Message(between.join(f"{{{name}}}" for name in values), values)
