"""What errors mean, in plain words: for a model that broke, and for a notebook whose cells fail."""

from grader.hints.cells import hint_of, hints_of, kernel_libraries, missing_here, stopped_cell
from grader.hints.lessons import Lesson, error_lines, finding_line, lessons, lessons_for, note_lines
from grader.hints.messages import hints
from grader.hints.missing import stopped_for_want
from grader.hints.models import failure_advice

__all__ = [
    "Lesson",
    "error_lines",
    "failure_advice",
    "finding_line",
    "hint_of",
    "hints",
    "hints_of",
    "kernel_libraries",
    "lessons",
    "lessons_for",
    "missing_here",
    "note_lines",
    "stopped_cell",
    "stopped_for_want",
]
