"""A cell's text: what of it is Python, where a piece of it lies, and how pieces are replaced."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE_MAGIC = re.compile(r"^(\s*)(?:[%!?].*|[\w.]+\?{1,2}\s*)$")
_ASSIGNED_MAGIC = re.compile(r"^(\s*[\w., ]+=\s*)[%!].*$")
_CELL_MAGIC = re.compile(r"^\s*%%(\w+)")
_PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun", "tensorflow_version"})
"""Cell magics whose body is Python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Replace what lies between two places of a cell: lines from 1, columns from 0 in bytes of UTF-8, as in ``ast``."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def python_of(source: str) -> str:
    r"""Return a cell's code as Python, line for line: magics and shell commands become statements that do nothing.

    >>> python_of("!pip install keras\nimport keras")
    'pass\nimport keras'
    """
    if _parses(source):
        return source
    lines = source.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    cell_magic = _CELL_MAGIC.match(lines[first])
    if cell_magic is not None:
        if cell_magic[1] not in _PYTHON_MAGICS:
            return "\n" * (len(lines) - 1)
        lines[first] = ""
    return "\n".join(_without_magics(lines))


def _without_magics(lines: Iterable[str]) -> Iterable[str]:
    goes_on = False
    for line in lines:
        if goes_on:
            goes_on = line.rstrip().endswith("\\")
            yield ""
            continue
        magic, assigned = _LINE_MAGIC.match(line), _ASSIGNED_MAGIC.match(line)
        goes_on = bool(magic or assigned) and line.rstrip().endswith("\\")
        yield f"{magic[1]}pass" if magic else f"{assigned[1]}None" if assigned else line


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def tree_of(source: str) -> ast.Module | None:
    """Return a cell's syntax tree; None when it is no Python 3."""
    text = python_of(source)
    return ast.parse(text) if _parses(text) else None


def place_of(node: ast.expr | ast.keyword | ast.stmt | ast.alias) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return where a node begins and ends."""
    return (node.lineno, node.col_offset), (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)


def text_between(source: str, start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return a cell's text between two places."""
    lines = source.encode("utf-8", "replace").split(b"\n")[start[0] - 1 : end[0]]
    if not lines:
        return ""
    lines[-1] = lines[-1][: end[1]]
    lines[0] = lines[0][start[1] :]
    return b"\n".join(lines).decode("utf-8", "replace")


def apply_edits(source: str, edits: Iterable[Edit]) -> str:
    """Return the text with pieces replaced; of two that overlap the first one in the text is made.

    >>> apply_edits("fit(nb_epoch=5)", [Edit(start=(1, 4), end=(1, 12), text="epochs")])
    'fit(epochs=5)'
    """
    lines = source.encode("utf-8", "surrogatepass").split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    whole, done, parts = b"\n".join(lines), 0, []
    for edit in sorted(set(edits), key=lambda one: (one.start, one.end)):
        start, end = starts[edit.start[0] - 1] + edit.start[1], starts[edit.end[0] - 1] + edit.end[1]
        if start < done:
            continue
        parts += [whole[done:start], edit.text.encode()]
        done = end
    return b"".join([*parts, whole[done:]]).decode("utf-8", "surrogatepass")
