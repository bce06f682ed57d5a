"""What a notebook would have shown in cells that stopped for want of a library, a file or a device."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.hints.cells import assigns, lacking
from grader.records import CellOutcome, CellStatus, Execution, Trace

_CALLS = {
    "model": re.compile(r"(?<!\bre)\.compile\s*\("),
    "fit": re.compile(r"\.(?:fit|fit_generator|train_on_batch)\s*\(|\bGradientTape\b"),
    "look": re.compile(r"\.(?:evaluate|evaluate_generator|predict|predict_generator)\s*\("),
}
"""What tells that a cell builds a model, trains one, or looks at how good it is."""


def stopped_for_want(execution: Execution) -> frozenset[str]:
    """Return what was not seen for want of something that is not here: ``model``, ``fit``, ``look``.

    A cell that fails for a name which such a cell should have made stopped for the same want. What ran before it
    was asked for is in the trace and does not count.
    """
    stopped = _stopped(execution.cells)
    return frozenset(
        what
        for what, call in _CALLS.items()
        if any(
            len(call.findall(_code(cell))) + _helped(cell, call, execution.cells)
            > _seen(what, cell.number, execution.trace)
            for cell in stopped
        )
    )


def _stopped(cells: Sequence[CellOutcome]) -> list[CellOutcome]:
    found: list[CellOutcome] = []
    for cell in cells:
        if cell.status is not CellStatus.ERROR:
            continue
        name = re.search(r"name '(\w+)' is not defined", cell.message) if cell.error == "NameError" else None
        if lacking(cell) or (name and any(assigns(one.source, name[1]) for one in found)):
            found.append(cell)
    return found


def _code(cell: CellOutcome) -> str:
    return re.sub(r"#.*", "", cell.source)


def _helped(cell: CellOutcome, call: re.Pattern[str], cells: Sequence[CellOutcome]) -> int:
    """Count the calls of functions which other cells define, where such a cell has what is looked for."""
    helpers = {
        name
        for one in cells
        if one.number != cell.number and call.search(_code(one))
        for name in re.findall(r"\bdef\s+(\w+)", one.source)
    }
    return sum(len(re.findall(rf"\b{name}\s*\(", _code(cell))) for name in helpers)


def _seen(what: str, cell: int, trace: Trace) -> int:
    """Count what the trace has of a cell."""
    match what:
        case "model":
            return sum(one.cell == cell for one in trace.compiles)
        case "fit":
            return sum(one.cell == cell for one in trace.fits)
        case _:
            return sum(one.cell == cell for one in (*trace.evaluations, *trace.predicts))
