"""A static report as lines for a terminal; nothing is printed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from grader.language import Language, printable
from grader.records import Message, msg
from grader.static.check import StaticReport
from grader.static.notes import Gravity, Note

Line = tuple[str, str]
"""Text and colour; an empty colour is the terminal's own."""

_SIGNS = {
    Gravity.FAILS: ("✕", "red"),
    Gravity.OLD: ("~", "yellow"),
    Gravity.ABSENT: ("✕", "red"),
    Gravity.WARNS: ("!", "yellow"),
    Gravity.UNSURE: ("?", "cyan"),
}
_COUNTS: Mapping[Gravity, Message] = {
    Gravity.FAILS: msg("✕ Will fail: {count}"),
    Gravity.OLD: msg("~ Old spellings: {count} (they work when it is graded, not in today's Colab)"),
    Gravity.ABSENT: msg("✕ Tasks without an answer: {count}"),
    Gravity.WARNS: msg("! Worth a look: {count}"),
    Gravity.UNSURE: msg("? Cannot be told without running: {count}"),
}


def lines_of(report: StaticReport, language: Language) -> Iterator[Line]:
    """Yield the report line by line: what is wrong, where, what to write."""
    yield f"{printable(report.notebook)}: {language.t('code cells: {count}', count=report.cells)}", ""
    for note in report.notes:
        yield from _note(note, language)
    yield "", ""
    counts = Counter(note.gravity for note in report.notes)
    for gravity, words in _COUNTS.items():
        if counts[gravity] or gravity is Gravity.FAILS:
            yield language.say(Message(words.text, {"count": counts[gravity]})), ""
    if report.fixable:
        words = msg("Old spellings that can be mended for you: {count}. Call: grader check --fix", count=report.fixable)
        yield language.say(words), "green"


def _note(note: Note, language: Language) -> Iterator[Line]:
    sign, colour = _SIGNS[note.gravity]
    what = language.say(note.what)
    if note.cell is None:
        yield f"{sign} {what}", colour
        return
    place = (
        language.say(msg("cell {cell}", cell=note.cell))
        if note.line is None
        else language.say(msg("cell {cell}, line {line}", cell=note.cell, line=note.line))
    )
    yield f"{sign} {place}{f': {printable(note.code)}' if note.code else ''}", colour
    yield f"    {what}", ""
    if note.write:
        yield f"    → {printable(note.write)}", "green"
