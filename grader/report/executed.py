"""The notebook as it ran with us: its cells in order, with sanitised outputs, for the student's page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from grader.language import Language
from grader.records import CellOutcome, CellStatus, NotebookSummary
from grader.report import outputs

_FILE_BYTES = 96 << 20
_PAGE_CHARACTERS = 4_000_000
"""HTML of one notebook; outputs beyond are left out, code never is."""
_SOURCE_CHARACTERS = 20_000
_MOST_CELLS = 400
_MOST_OUTPUTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCell:
    """One cell as a reader sees it."""

    number: int | None
    """As elsewhere on the page: counted over code cells that are not empty; None for text."""
    status: CellStatus | None
    source: str
    """Code; empty for text."""
    shown: tuple[Markup, ...]
    """Outputs, or the text."""


def read(path: Path) -> Mapping[str, Any] | None:
    """Return an executed notebook's JSON; None when there is none, or it is no notebook or too large."""
    try:
        if path.stat().st_size > _FILE_BYTES:
            return None
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and isinstance(content.get("cells"), list) else None


def cells(content: Mapping[str, Any], summary: NotebookSummary, language: Language) -> tuple[ShownCell, ...]:
    """Return the cells of an executed notebook, outputs only as long as the page has room for them."""
    outcomes = {cell.index: cell for cell in summary.cells}
    shown, room = [], _PAGE_CHARACTERS
    for index, cell in enumerate(content["cells"][:_MOST_CELLS]):
        if not isinstance(cell, dict):
            continue
        made = _cell(cell, outcomes.get(index), language)
        if made is None:
            continue
        weight = sum(len(part) for part in made.shown)
        if weight > room:
            left_out = outputs.terminal(
                language.t("… outputs are left out here: the page would be too large"), language
            )
            made = ShownCell(number=made.number, status=made.status, source=made.source, shown=(left_out,))
            weight = 0
        room -= weight
        shown.append(made)
    return tuple(shown)


def _cell(cell: Mapping[str, Any], outcome: CellOutcome | None, language: Language) -> ShownCell | None:
    source = cell.get("source")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source or "")
    if not text.strip():
        return None
    if cell.get("cell_type") != "code":
        return ShownCell(number=None, status=None, source="", shown=(outputs.markdown(text),))
    return ShownCell(
        number=outcome.number if outcome else None,
        status=outcome.status if outcome else None,
        source=text[:_SOURCE_CHARACTERS],
        shown=tuple(_outputs(cell, language)),
    )


def _outputs(cell: Mapping[str, Any], language: Language) -> Iterator[Markup]:
    found = cell.get("outputs")
    for output in found[:_MOST_OUTPUTS] if isinstance(found, list) else ():
        if isinstance(output, dict) and (html := outputs.show(output, language)):
            yield html
