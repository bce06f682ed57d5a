"""File names of the pages."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_LONGEST_NAME = 60


def page_name(student: str, suffix: str = ".html") -> str:
    """Return the file name of a student's page: one per student, harmless on every file system.

    >>> page_name("anna.petrova")
    'anna.petrova.html'
    >>> page_name("../x")
    '_x-d6b96a97.html'
    """
    plain = re.sub(r"[^\w.-]", "_", unicodedata.normalize("NFC", student)).strip(".")[:_LONGEST_NAME]
    if plain != student:
        plain = f"{plain}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return f"{plain}{suffix}"
