"""What a notebook's source alone tells, in a moment and without running anything."""

from grader.static.check import StaticReport, check_static
from grader.static.notes import Note, Severity

__all__ = ["Note", "Severity", "StaticReport", "check_static"]
