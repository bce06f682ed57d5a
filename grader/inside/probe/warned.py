"""Warnings at calls that pass through us name the notebook's line: a student has no use for a file of ours."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

_OURS = str(Path(__file__).parent.parent)


def point_at_the_notebook() -> None:
    """Let a warning whose place is one of our files show the line of the notebook that led to it."""
    plain = warnings.formatwarning

    def formatted(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
    ) -> str:
        if filename.startswith(_OURS):
            filename, lineno = _line_of_the_notebook()
        return plain(message, category, filename, lineno, line)

    warnings.formatwarning = formatted


def _line_of_the_notebook() -> tuple[str, int]:
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__") != "__main__":
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno
