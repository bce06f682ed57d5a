"""What people read, in their language: sentences, numbers, durations.

English is the source; ``reports/locale/ru.po`` holds the Russian. The catalogue is read as it is, so there is no
compiled file that could lag behind it.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Mapping
from datetime import datetime

from babel.dates import format_datetime
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from grader.places import shipped
from grader.records import PLACE, Message, Sentence, Status, Text, Words, msg
from grader.systemtext import system_text_of

LANGUAGES = ("ru", "en")

STATUSES: Mapping[Status, Message] = {
    Status.GRADED: msg("graded"),
    Status.REVIEW: msg("in review"),
    Status.TIMED_OUT: msg("timed out"),
    Status.OUT_OF_MEMORY: msg("out of memory"),
    Status.OUTPUT_LIMIT: msg("too much output"),
    Status.KERNEL_DIED: msg("kernel died"),
    Status.UNREADABLE: msg("unreadable file"),
    Status.EMPTY: msg("no code"),
    Status.NOT_HANDED_IN: msg("not handed in"),
    Status.OTHER_WORKBOOK: msg("another workbook"),
    Status.SANDBOX_FAILED: msg("sandbox failed"),
    Status.INTERNAL_ERROR: msg("grader's fault"),
}

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but for tab and line end
    "\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # directions, invisible characters
    "\ud800-\udfff\U000e0000-\U000e007f]"  # halves of surrogate pairs, tags
)

_MINUTE = 60


class Language:
    """A language to say things in."""

    def __init__(self, code: str) -> None:
        """Choose ``ru`` or ``en``.

        Raises:
            ValueError: There is no such language.
        """
        if code not in LANGUAGES:
            text = f"{code!r}: there is no such language; choose one of {', '.join(LANGUAGES)}"
            raise ValueError(text)
        self.code = code
        self._catalogue = _catalogue(code)

    def say(self, words: Words | None) -> str:
        """Return a sentence in this language, on one or more printable lines; nothing for None.

        A sentence without translation stays English; a place without value stays as it is written. A value that is
        a message, or what the system says, is translated too.
        """
        if words is None:
            return ""
        if isinstance(words, Text):
            return printable(words.ru if self.code == "ru" else words.en)
        values = {name: self._value(value) for name, value in words.values.items()}
        if isinstance(words, Sentence):
            return self._filled(words.ru if self.code == "ru" else words.en, values)
        return self.t(words.text, **values)

    def _value(self, value: str | float | Message) -> str | float | Message:
        sentence = system_text_of(value) if isinstance(value, str) else None
        return value if sentence is None else self.t(sentence.text, **sentence.values)

    def noted(self, text: str) -> str:
        """Return what was noted down in English, such as where data came from, in this language where it is known."""
        sentence = system_text_of(text)
        return self.t(text) if sentence is None else self.t(sentence.text, **sentence.values)

    def t(self, text: str, **values: str | float | Message) -> str:
        """Return an English template's translation with its places filled."""
        return self._filled(self._catalogue.get(text, text), values)

    def _filled(self, template: str, values: Mapping[str, str | float | Message]) -> str:
        def fill(place: re.Match[str]) -> str:
            value = values.get(place[1], place[0])
            if isinstance(value, Message):
                return self.say(value)
            return value if isinstance(value, str) else self.number(value)

        return printable(PLACE.sub(fill, template))

    def status(self, status: Status) -> str:
        """Return a status in a word or two."""
        return self.say(STATUSES[status])

    def number(self, value: float, digits: int = 4) -> str:
        """Return a number with this language's separators and at most ``digits`` decimals."""
        if value != value or value in (float("inf"), float("-inf")):
            return "–"
        return _decimal(value, "#,##0." + "#" * digits, self.code)

    def share(self, value: float | None) -> str:
        """Return an accuracy as Keras prints it, four decimals; a dash when there is none."""
        return "–" if value is None or value != value else _decimal(value, "0.0000", self.code)

    def duration(self, seconds: float) -> str:
        """Return a span of time in its two largest units: hours and minutes, minutes and seconds, or seconds."""
        if seconds < _MINUTE:
            return self.t("{seconds} s", seconds=round(seconds, 1))
        minutes, rest = divmod(round(seconds), _MINUTE)
        if minutes < _MINUTE:
            return self.t("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
        hours, minutes = divmod(round(seconds / _MINUTE), _MINUTE)
        return self.t("{hours} h {minutes} min", hours=hours, minutes=minutes)

    def moment(self, iso: str) -> str:
        """Return an ISO 8601 moment as a date and a time, UTC; what is no moment stays as it is."""
        try:
            moment = datetime.fromisoformat(iso)
        except ValueError:
            return printable(iso)
        pattern = "d MMMM y, HH:mm 'UTC'" if self.code == "ru" else "MMMM d, y, HH:mm 'UTC'"
        return format_datetime(moment, pattern, locale=self.code)


def printable(text: str) -> str:
    r"""Replace what a page or a terminal would obey instead of show.

    Control characters (an escape starts a colour code), characters that turn the direction of writing or cannot be
    seen, and halves of surrogate pairs become U+FFFD; line ends and tabs stay.

    >>> printable("a\x1b[31mb\u202ec")
    'a�[31mb�c'
    """
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def paragraphs(text: str) -> list[str]:
    r"""Return the paragraphs of a command's help, each on one line; one that begins with a backspace keeps its lines.

    >>> paragraphs("Say\n    hello.\n\n    \b\n    a  1\n    b  2\n    ")
    ['Say hello.', 'a  1\nb  2']
    """
    parts = [part for part in inspect.cleandoc(text).split("\n\n") if part]
    return [part.removeprefix("\b\n") if part.startswith("\b") else " ".join(part.split()) for part in parts]


def unlabelled(found: str, title: str) -> str:
    """Return what was found without the label that the title has already: ``Loss: mse`` under ``Loss: hinge``.

    >>> unlabelled("Loss: mse", "Loss: hinge"), unlabelled("Dense: units = 2", "The last Dense: units = 1")
    ('mse', 'units = 2')
    """
    label, colon, rest = found.partition(": ")
    head = title.partition(": ")[0]
    return rest if colon and f" {head}".lower().endswith(f" {label}".lower()) else found


@functools.lru_cache(maxsize=4096)
def _decimal(value: float, pattern: str, code: str) -> str:
    return format_decimal(value, pattern, locale=code)


@functools.cache
def _catalogue(code: str) -> Mapping[str, str]:
    if code == "en":
        return {}
    with (shipped("reports") / "locale" / f"{code}.po").open("rb") as stream:
        catalogue = read_po(stream, locale=code, ignore_obsolete=True)
    return {
        entry.id: entry.string
        for entry in catalogue
        if isinstance(entry.id, str) and isinstance(entry.string, str) and entry.id and entry.string and not entry.fuzzy
    }
