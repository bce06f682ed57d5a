"""What systems leave behind, and what lecturers keep beside submissions."""

from __future__ import annotations

import re

_JUNK = re.compile(r"^(\..*|__MACOSX|__pycache__|~\$.*|Thumbs\.db|desktop\.ini)$", re.IGNORECASE | re.DOTALL)
_CHECKPOINTS = ".ipynb_checkpoints"
_LECTURERS = re.compile(r"^(README.*|.*\.(csv|xlsx|txt|md|toml|json|ya?ml))$", re.IGNORECASE | re.DOTALL)


def is_junk(name: str) -> bool:
    """Whether a file or folder of this name is nobody's work: ``.ipynb_checkpoints``, ``._lab.ipynb``, ``~$a.docx``."""
    return bool(_JUNK.match(name))


def is_checkpoint(name: str) -> bool:
    """Whether a folder of this name holds the copies that Jupyter makes by itself."""
    return name == _CHECKPOINTS


def is_lecturers(name: str) -> bool:
    """Whether a file of this name, lying beside submissions, is a list, a note or a setting."""
    return bool(_LECTURERS.match(name))
