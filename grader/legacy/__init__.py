"""Spellings of older Keras, TensorFlow, NumPy and Python: what they are, why they fail today, what to write instead."""

from grader.legacy.find import Use, find_uses
from grader.legacy.mend import mended
from grader.legacy.model import (
    Argument,
    Effect,
    HistoryKey,
    Keyword,
    LinePattern,
    Method,
    Name,
    OldCall,
    Saved,
    Shape,
    Window,
)
from grader.legacy.source import Edit, apply_edits, python_of
from grader.legacy.table import OLD_CALLS

__all__ = [
    "OLD_CALLS",
    "Argument",
    "Edit",
    "Effect",
    "HistoryKey",
    "Keyword",
    "LinePattern",
    "Method",
    "Name",
    "OldCall",
    "Saved",
    "Shape",
    "Use",
    "Window",
    "apply_edits",
    "find_uses",
    "mended",
    "python_of",
]
