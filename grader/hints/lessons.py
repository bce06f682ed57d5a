"""What a student learns from a mistake: ``reports/feedback.toml``, matched with what went wrong."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from grader.hints.files import STRICT, entries, toml_of
from grader.hints.trainings import UNTRAINED
from grader.places import shipped
from grader.records import PLACE, CellStatus, Finding, Message, NotebookSummary, Sentence, Text, Verdict, Words, msg

_LINE = 600


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A short explanation, and where the workbook shows it done."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: str
    matches: tuple[re.Pattern[str], ...]
    """Searched in the lines that :func:`finding_line`, :func:`error_lines` and :func:`note_lines` make."""
    title: Text
    text: Text
    example: Text

    def mistakes(self) -> Iterator[Message]:
        """Yield what is wrong with the entry as a whole."""
        if not re.fullmatch("[a-z][a-z0-9-]*", self.id):
            yield msg(
                "id is {id}; write small letters, digits and hyphens: it becomes part of an address", id=repr(self.id)
            )
        if not self.matches:
            yield msg("matches is empty; write a pattern, as in  matches = ['criterion epochs ']")


@functools.cache
def lessons() -> tuple[Lesson, ...]:
    """Return all lessons, in the order of the file.

    Raises:
        WorkbookError: Something in the file is wrong; all of it is said.
    """
    path = shipped("reports") / "feedback.toml"
    return entries(Lesson, toml_of(path, ("lessons",)), "lessons", path)


def lessons_for(lines: Iterable[str]) -> tuple[Lesson, ...]:
    """Return the lessons that any of the lines calls for, each once."""
    told = tuple(lines)
    return tuple(
        lesson
        for lesson in lessons()
        if any(re.search(pattern.pattern, line, re.IGNORECASE) for pattern in lesson.matches for line in told)
    )


def finding_line(finding: Finding) -> str:
    """Return a criterion that was not passed as a line to search in; empty for one that was."""
    if finding.verdict is not Verdict.FAILED:
        return ""
    # What a criterion asks for is not what went wrong where no training ran to its end.
    untrained = isinstance(finding.found, Message) and finding.found.text in UNTRAINED
    about = "no training" if untrained else f"criterion {finding.kind} {finding.id}"
    return f"{about}: {_english(finding.found)}. {_english(finding.advice)}"[:_LINE]


def error_lines(notebook: NotebookSummary) -> tuple[str, ...]:
    """Return a notebook's failed cells as lines to search in."""
    failed = (cell for cell in notebook.cells if cell.status is CellStatus.ERROR)
    return tuple(f"error {cell.error}: {cell.message}"[:_LINE] for cell in failed)


def note_lines(notebook: NotebookSummary) -> tuple[str, ...]:
    """Return the remarks on a notebook as lines to search in."""
    return tuple(f"note: {_english(note)}"[:_LINE] for note in notebook.notes)


def _english(words: Words | None) -> str:
    match words:
        case Message(text=text, values=values) | Sentence(en=text, values=values):
            return PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)
        case Text(en=text):
            return text
    return ""
