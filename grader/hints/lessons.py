"""What a student learns from a mistake: ``reports/feedback.toml``, matched with what went wrong."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.errors import WorkbookError
from grader.places import shipped
from grader.records import CellStatus, Finding, Message, NotebookSummary, Text, Verdict, Words

_LINE = 600
_PLACE = re.compile(r"\{(\w+)\}")


class Lesson(BaseModel):
    """A short explanation, and where the workbook shows it done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    matches: tuple[re.Pattern[str], ...] = Field(min_length=1)
    """Searched in the lines that :func:`finding_line`, :func:`error_lines` and :func:`note_lines` make."""
    title: Text
    text: Text
    example: Text


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lessons: tuple[Lesson, ...]


@functools.cache
def lessons() -> tuple[Lesson, ...]:
    """Return all lessons, in the order of the file.

    Raises:
        WorkbookError: The file is no list of lessons.
    """
    path = shipped("reports") / "feedback.toml"
    try:
        found = _File.model_validate(tomllib.loads(path.read_text("utf-8"))).lessons
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        text = f"{path}: {error}"
        raise WorkbookError(text) from error
    return found


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
    return f"criterion {finding.kind} {finding.id}: {_english(finding.found)}. {_english(finding.advice)}"[:_LINE]


def error_lines(notebook: NotebookSummary) -> tuple[str, ...]:
    """Return a notebook's failed cells as lines to search in."""
    failed = (cell for cell in notebook.cells if cell.status is CellStatus.ERROR)
    return tuple(f"error {cell.error}: {cell.message}"[:_LINE] for cell in failed)


def note_lines(notebook: NotebookSummary) -> tuple[str, ...]:
    """Return the remarks on a notebook as lines to search in."""
    return tuple(f"note: {_english(note)}"[:_LINE] for note in notebook.notes)


def _english(words: Words | None) -> str:
    match words:
        case Message(text=text, values=values):
            return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)
        case Text(en=text):
            return text
    return ""
