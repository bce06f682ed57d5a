"""Cells that are no Python 3: which line is of Python 2, and what to write."""

from __future__ import annotations

import re

from grader.legacy import Effect, find_uses
from grader.records import CellOutcome, Message, msg

_BROKEN = frozenset({"SyntaxError", "IndentationError", "TabError"})
_GONE = {
    "xrange": "range",
    "raw_input": "input",
    "unicode": "str",
    "unichr": "chr",
    "long": "int",
    "reduce": "functools.reduce",
}
_MOVED = {
    "cPickle": "pickle",
    "urllib2": "urllib.request",
    "Queue": "queue",
    "StringIO": "io",
    "cStringIO": "io",
    "Tkinter": "tkinter",
}


def syntax_hint(cell: CellOutcome) -> Message | None:
    """Explain an error of a cell by Python 2; None when it is another one."""
    if cell.error in _BROKEN:
        return _of_a_line(cell)
    name = re.search(r"(?:name|No module named) '(\w+)'", cell.message)
    new = None
    if name is not None and cell.error == "NameError":
        new = _GONE.get(name[1])
    elif name is not None and cell.error == "ModuleNotFoundError":
        new = _MOVED.get(name[1])
    if name is None or new is None:
        return None
    return msg("Cell {cell}: {old} is of Python 2; write {new}.", cell=cell.number, old=name[1], new=new)


def _of_a_line(cell: CellOutcome) -> Message | None:
    uses = [use for use in find_uses([cell.source]) if use.old.effect is Effect.FAILS]
    if uses:
        first = uses[0]
        return msg(
            "Cell {cell} is Python 2 and did not run: in line {line} write {write} for {found}. "
            "Lines to mend: {count}.",
            cell=cell.number,
            line=first.line,
            found=first.found,
            write=first.edits[0].text.strip() if first.edits else first.write,
            count=len(uses),
        )
    if cell.error == "TabError":
        return msg(
            "Cell {cell} mixes tabs and spaces, so it is not clear what belongs together. Use four spaces.",
            cell=cell.number,
        )
    return None
