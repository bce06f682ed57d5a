"""Lines that are no Python 3, or IPython's alone: found by pattern, since there is no syntax tree of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from grader.legacy.model import LinePattern, OldCall
from grader.legacy.source import Edit


def lines_in(
    styles: Sequence[OldCall], source: str, *, broken: bool
) -> Iterator[tuple[OldCall, int, str, tuple[Edit, ...]]]:
    """Yield the old lines of a cell: the call, its line, the text, what mends it.

    Args:
        styles: Old calls whose pattern is a :class:`LinePattern`.
        source: The cell.
        broken: Whether the cell is no Python 3; only then is a line taken for one of Python 2.
    """
    for number, line in enumerate(source.split("\n"), start=1):
        for old in styles:
            pattern = old.pattern
            assert isinstance(pattern, LinePattern)
            match = re.match(pattern.line, line) if broken or pattern.magic else None
            if match is not None:
                new = pattern.new.format(**match.groupdict())
                end = (number, len(line.encode("utf-8", "replace")))
                edits = (Edit(start=(number, 0), end=end, text=new),) if pattern.new else ()
                yield old, number, line.strip()[:80], edits
                break
