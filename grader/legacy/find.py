"""Finds old calls in a notebook's cells, by syntax tree; nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.legacy.forms import FORMS
from grader.legacy.imports import imports_in, names_in
from grader.legacy.model import Keyword, LinePattern, Name, OldCall
from grader.legacy.names import Names
from grader.legacy.source import Edit, python_of, text_between, tree_of
from grader.legacy.table import OLD_CALLS
from grader.legacy.words import lines_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One old call in a cell."""

    old: OldCall
    cell: int
    """Position in the list of cells that was given, from 0."""
    line: int
    """In the cell, from 1."""
    found: str
    """The piece of code, on one line, shortened."""
    edits: tuple[Edit, ...] = ()
    """What mends it; empty when a person must."""

    @property
    def write(self) -> str:
        """What to write instead: this very piece where it is mended mechanically, else an example."""
        pattern = self.old.pattern
        if isinstance(pattern, Name) and self.edits:
            return "; ".join(line.strip() for line in self.edits[0].text.split("\n"))
        if isinstance(pattern, Keyword) and pattern.new:
            return self.found.replace(pattern.old, pattern.new, 1)
        return self.old.write


_NAMES = tuple(one for one in OLD_CALLS if isinstance(one.pattern, Name))
_STYLES = tuple(one for one in OLD_CALLS if isinstance(one.pattern, LinePattern))
_FORMS = tuple(one for one in OLD_CALLS if not isinstance(one.pattern, Name | LinePattern))
_LONGEST = 80


def find_uses(sources: Sequence[str]) -> list[Use]:
    """Return the old calls in the code cells of one notebook, given in order, cell by cell and line by line."""
    names, found = Names(), []
    for source in sources:  # a history's key is old or not by what is compiled further down, too
        tree = tree_of(source)
        if tree is not None:
            names.see(tree)
    names.known.clear()
    for cell, source in enumerate(sources):
        found += sorted(_in_cell(cell, source, names), key=lambda use: use.line)
    return found


def _in_cell(cell: int, source: str, names: Names) -> Iterator[Use]:
    tree = tree_of(source)
    for old, line, found, mends in lines_in(_STYLES, source, broken=tree is None):
        yield Use(old=old, cell=cell, line=line, found=found, edits=mends)
    if tree is None:
        return
    text = python_of(source)
    names.see(tree)
    seen: set[tuple[int, int]] = set()
    for old, node, edits in (*imports_in(_NAMES, tree), *names_in(_NAMES, tree, names), *_forms(tree, names, text)):
        if (node.lineno, id(old)) not in seen or edits:
            start, end = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
            words = " ".join(text_between(text, start, end).split())
            words = words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
            seen.add((node.lineno, id(old)))
            yield Use(old=old, cell=cell, line=node.lineno, found=words, edits=tuple(edits))


def _forms(tree: ast.Module, names: Names, text: str) -> Iterator[tuple[OldCall, ast.expr | ast.stmt, Sequence[Edit]]]:
    for node in ast.walk(tree):
        for old in _FORMS:
            look = FORMS[type(old.pattern)]
            for place, edits in look(old.pattern, node, names, text):
                yield old, place, edits
