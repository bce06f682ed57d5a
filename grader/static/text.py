"""A static report as lines for a terminal; nothing is printed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from grader.language import Language, printable
from grader.records import Message, msg
from grader.static.check import StaticReport
from grader.static.notes import Note, Severity

Line = tuple[str, str]
"""Text and colour; an empty colour is the terminal's own."""

_SIGNS = {
    Severity.FAILS: ("✕", "red"),
    Severity.OLD: ("~", "yellow"),
    Severity.ABSENT: ("✕", "red"),
    Severity.WARNS: ("!", "yellow"),
    Severity.UNSURE: ("?", "cyan"),
}
_COUNTS: Mapping[Severity, Message] = {
    Severity.FAILS: msg("✕ Will fail: {count}"),
    Severity.OLD: msg("~ Old spellings: {count} (they work when it is graded, not in today's Colab)"),
    Severity.ABSENT: msg("✕ Tasks without an answer: {count}"),
    Severity.WARNS: msg("! Worth a look: {count}"),
    Severity.UNSURE: msg("? Cannot be told without running: {count}"),
}


def lines_of(report: StaticReport, language: Language) -> Iterator[Line]:
    """Yield the report line by line: what is wrong, where, what to write."""
    yield f"{printable(report.notebook)}: {language.t('code cells: {count}', count=report.cells)}", ""
    for note in report.notes:
        yield from _note(note, language)
    yield "", ""
    counts = Counter(note.severity for note in report.notes)
    for severity, words in _COUNTS.items():
        if counts[severity] or severity is Severity.FAILS:
            yield language.say(Message(words.text, {"count": counts[severity]})), ""
    if report.fixable:
        words = msg("Old spellings that can be mended for you: {count}. Call: grader check --fix", count=report.fixable)
        yield language.say(words), "green"


def _note(note: Note, language: Language) -> Iterator[Line]:
    sign, colour = _SIGNS[note.severity]
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
