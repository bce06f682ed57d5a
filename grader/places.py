"""Where things lie: what ships with the grader, and what it keeps on this machine."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).parent
_APP = "workbook-grader"
_LONGEST_NAME = 60


def shipped(name: str) -> Path:
    """Return a folder that ships with the grader: ``assignments``, ``reference`` or ``reports``.

    A wheel carries them inside the package; a checkout has them beside it.
    """
    inside = _PACKAGE / "assets" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def safe_name(student: str) -> str:
    """Return a student's name as a file or folder takes it: one for each, harmless on every file system.

    >>> safe_name("anna.petrova")
    'anna.petrova'
    >>> safe_name("../x")
    '_x-d6b96a97'
    """
    plain = re.sub(r"[^\w.-]", "_", unicodedata.normalize("NFC", student)).strip(".")[:_LONGEST_NAME]
    if plain != student:
        plain = f"{plain}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return plain


def data_home() -> Path:
    """Return the folder of the data sets: ``$GRADER_HOME/data``, or the platform's place for a user's data."""
    return _own("data", platformdirs.user_data_path(_APP))


def cache_home() -> Path:
    """Return the folder of what can be made again: ``$GRADER_HOME/cache``, or the platform's cache."""
    return _own("cache", platformdirs.user_cache_path(_APP))


def _own(name: str, default: Path) -> Path:
    home = os.environ.get("GRADER_HOME")
    return Path(home) / name if home else default
