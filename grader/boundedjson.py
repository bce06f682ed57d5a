"""How many values JSON text of strangers holds, told before it is parsed.

A byte of text may become forty bytes of objects: sixty megabytes of ``[],[],...`` are more than a gigabyte once
:func:`json.loads` has been over them. So text is weighed first, a piece at a time, at about its reading speed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_WHOLE_STRINGS = re.compile(r'(?:[^"]*+"[^"\\]*+(?:\\.[^"\\]*+)*+")*+[^"]*+', re.DOTALL)
_PIECE = 1 << 20


class TooManyValuesError(ValueError):
    """Text holds more values than may be parsed."""

    def __init__(self, most: int) -> None:
        super().__init__(f"it holds more than {most} values")
        self.most = most


def is_heavier(text: str, most: int) -> bool:
    """Tell whether text that is meant to be JSON holds more than ``most`` values: numbers, strings, lists, objects.

    >>> is_heavier('{"a": [1, 2, "x, y, [z]"]}', 6), is_heavier('{"a": [1, 2, "x, y, [z]"]}', 3)
    (False, True)
    """
    if _values(text) <= most:  # at most so many, with all that stands in strings; nearly always that settles it
        return False
    found, at = 0, 0
    while at < len(text) and found <= most:
        whole = _WHOLE_STRINGS.match(text, at, at + _PIECE)
        end = whole.end() if whole else at
        if end > at:
            found += _values(_STRING.sub("", text[at:end]))
        else:  # a string longer than a piece; one without an end is no JSON, and ends the parser too
            string = _STRING.match(text, at)
            end = string.end() if string else len(text)
        at = end
    return found > most


def loads(text: str, most: int, *, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """Parse JSON of ``most`` values or fewer.

    Raises:
        TooManyValuesError: It holds more.
        ValueError: It is no JSON.
        RecursionError: It is nested too deeply.
    """
    if is_heavier(text, most):
        raise TooManyValuesError(most)
    return json.loads(text, parse_constant=parse_constant)


def _values(text: str) -> int:
    return text.count(",") + text.count("[") + text.count("{")
