"""The code cells of a notebook file, read fast: with the standard library alone where the file is in good order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader.boundedjson import loads
from grader.records import Message, msg

_NEWEST = 4
_MOST_VALUES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCell:
    """A code cell that is not empty."""

    number: int
    """Among those cells, from 1."""
    index: int
    """Among all cells, from 0."""
    source: str
    count: int | None = None
    """``In [count]`` as stored; None when it was not run."""
    outputs: int = 0
    error: str = ""
    """Class of the exception in the stored outputs."""


def code_cells(path: Path) -> tuple[SourceCell, ...] | Message:
    """Return the code cells of a notebook, or of a program that shows them; or the reason why it is neither."""
    if is_program(path):
        return _of_program(path)
    try:
        raw = loads(path.read_text(encoding="utf-8"), _MOST_VALUES)
        if isinstance(raw, dict) and raw.get("nbformat") == _NEWEST and isinstance(raw.get("cells"), list):
            return _numbered([_plain(index, cell) for index, cell in enumerate(raw["cells"])])
    except (OSError, ValueError, RecursionError, AttributeError, TypeError):
        pass  # what is wrong with it, the slower reader says
    return _with_nbformat(path)


def is_program(path: Path) -> bool:
    """Whether a file is a program by its name, and no notebook."""
    return path.suffix.lower() == ".py"


def _of_program(path: Path) -> tuple[SourceCell, ...] | Message:
    """Read a program as the grader does; it has no outputs that could be missing."""
    from grader.collect.scripts import as_notebook

    notebook = as_notebook(path)
    if notebook is None:
        return msg(
            "This program does not show the cells of a notebook (# %%, or Colab's “Download .py”). Check the notebook "
            "itself, the .ipynb file."
        )
    cells = _numbered([_plain(index, cell) for index, cell in enumerate(notebook["cells"])])
    return tuple(replace(cell, count=cell.number) for cell in cells)


def _plain(index: int, cell: dict[str, Any]) -> SourceCell | None:
    source = cell.get("source", "")
    source = "".join(source) if isinstance(source, list) else source
    if cell.get("cell_type") != "code" or not source.strip():
        return None
    outputs, count = cell.get("outputs") or [], cell.get("execution_count")
    error = next((str(one.get("ename", "")) for one in outputs if one.get("output_type") == "error"), "")
    count = count if isinstance(count, int) else None
    return SourceCell(number=0, index=index, source=source, count=count, outputs=len(outputs), error=error)


def _numbered(cells: list[SourceCell | None]) -> tuple[SourceCell, ...]:
    found = [cell for cell in cells if cell is not None]
    return tuple(
        SourceCell(
            number=number,
            index=cell.index,
            source=cell.source,
            count=cell.count,
            outputs=cell.outputs,
            error=cell.error,
        )
        for number, cell in enumerate(found, start=1)
    )


def _with_nbformat(path: Path) -> tuple[SourceCell, ...] | Message:
    """Read a file of another format or with faults as the grader does; stored outputs are not looked at then."""
    from grader.drive.notebook import UnreadableError, read_notebook
    from grader.drive.notebook import code_cells as cells_of

    try:
        notebook = read_notebook(path)
    except UnreadableError as error:
        return error.reason
    return tuple(
        SourceCell(number=number, index=index, source=source, count=number, outputs=1)
        for number, (index, source) in enumerate(cells_of(notebook), start=1)
    )
