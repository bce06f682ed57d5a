"""A notebook's cells with the mechanical replacements made."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from grader.legacy.find import Use, find_uses
from grader.legacy.model import Saved
from grader.legacy.names import last_name
from grader.legacy.source import Edit, apply_edits, place_of, text_between, tree_of

_PASSES = 3
"""One replacement may bring another old call to light: ``Convolution2D(32, 3, 3, border_mode="same")`` in a print."""


def mended(sources: Sequence[str]) -> tuple[list[str], list[Use]]:
    """Return the cells with everything mended that can be mended mechanically, and the old calls that stay.

    A cell that was Python before is Python afterwards; one whose mending would break it stays as it was.
    """
    cells = list(sources)
    for _ in range(_PASSES):
        uses = [use for use in find_uses(cells) if use.edits]
        changed, renamed = False, _renamed_files(cells, uses)
        for number, source in enumerate(cells):
            edits = [edit for use in uses if use.cell == number for edit in use.edits]
            new = apply_edits(source, [*edits, *_loading(source, renamed)])
            if new != source and (tree_of(new) is not None or tree_of(source) is None):
                cells[number], changed = new, True
        if not changed:
            break
    return cells, find_uses(cells)


def _renamed_files(cells: Sequence[str], uses: Sequence[Use]) -> dict[str, str]:
    """Return the files that are saved under another name from now on, as they are written in the code."""
    edits = [(use.cell, edit) for use in uses if isinstance(use.old.pattern, Saved) for edit in use.edits]
    return {_value(text_between(cells[cell], edit.start, edit.end)): edit.text for cell, edit in edits}


def _loading(source: str, renamed: dict[str, str]) -> Iterator[Edit]:
    """Let what is loaded be what was saved."""
    tree = tree_of(source) if renamed else None
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.Call(func=func, args=[ast.Constant(value=str(name)) as text, *_]) if name in renamed:
                if last_name(func) in ("load_model", "load_weights"):
                    start, end = place_of(text)
                    yield Edit(start=start, end=end, text=renamed[name])
            case _:
                pass


def _value(literal: str) -> str:
    return str(ast.literal_eval(literal))
