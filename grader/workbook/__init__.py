"""The lecturer's files, ``assignments/*.toml``, read into one frozen value."""

from __future__ import annotations

from grader.workbook.load import load_workbook
from grader.workbook.model import Cohort, Example, Reference, Task, Workbook
from grader.workbook.schema import json_schema

__all__ = [
    "Cohort",
    "Example",
    "Reference",
    "Task",
    "Workbook",
    "json_schema",
    "load_workbook",
]
