"""Cells that are no Python 3: which line is of Python 2, and what to write."""

from __future__ import annotations

from grader.legacy import Effect, find_uses
from grader.records import CellOutcome, Message, msg

_BROKEN = frozenset({"SyntaxError", "IndentationError", "TabError"})


def syntax_hint(cell: CellOutcome) -> Message | None:
    """Explain a cell that is no Python 3 by Python 2; None when it is something else."""
    if cell.error not in _BROKEN:
        return None
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
