"""File names of the pages."""

from __future__ import annotations

from grader.places import safe_name


def page_name(student: str, suffix: str = ".html") -> str:
    """Return the file name of a student's page.

    >>> page_name("anna.petrova")
    'anna.petrova.html'
    """
    return f"{safe_name(student)}{suffix}"
