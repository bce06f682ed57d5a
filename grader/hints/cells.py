"""Why a notebook's cells fail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from grader.hints.legacy import old_spellings
from grader.hints.messages import MatchedHint, hints
from grader.hints.python import syntax_hint
from grader.hints.trainings import training_hints
from grader.records import CellOutcome, CellStatus, Ending, Execution, Message, Words, msg


def kernel_libraries() -> Mapping[str, str]:
    """Return what students import most, and the packages it comes in: the extra ``kernel``."""
    return hints().tables["kernel-libraries"]


def missing_here(execution: Execution) -> Words | None:
    """Say what a notebook asks for first that is not here: a library, a file, a GPU; None when there is none.

    A misspelt name and a module of an older Keras are not missing libraries; ``hints_of`` explains those.
    """
    return next((said for cell in execution.cells if (said := lacking(cell)) is not None), None)


def lacking(cell: CellOutcome) -> Words | None:
    """Say for want of what a cell stopped; None when it ran, or stopped for something else."""
    said = _hint(cell) if cell.status is CellStatus.ERROR else None
    return said.words if said is not None and said.hint.lacks else None


def _hint(cell: CellOutcome) -> MatchedHint | None:
    return hints().of_cell(cell.error, cell.message, cell.number, cell.source)


def stopped_cell(execution: Execution) -> Message | None:
    """Say which cell ran out of time, though later ones ran; what it would have made was not seen."""
    if execution.ending is not Ending.COMPLETED:
        return None
    for cell in execution.cells:
        if cell.status is CellStatus.TIMED_OUT:
            return msg(
                "{notebook}, cell {cell} was stopped after {seconds} s; the cells after it ran. "
                "Look for a loop that never ends.",
                notebook=execution.notebook,
                cell=cell.number,
                seconds=round(cell.seconds),
            )
    return None


def hints_of(execution: Execution) -> tuple[Words, ...]:
    """Explain what went wrong in a notebook's cells: at most one hint a cell, none twice."""
    found: list[Words] = []
    for cell in execution.cells:
        if cell.status is CellStatus.ERROR:
            found += (hint for hint in _cell_hints(cell, execution) if hint not in found)
    for note in execution.trace.notes:
        if note.what == "colab-drive":
            hint = msg(
                "Cell {cell} mounts Google Drive, which is not there when notebooks are graded; hand in the files it "
                "needs.",
                cell=note.cell,
            )
            found += () if hint in found else (hint,)
    return (*old_spellings(execution), *found, *training_hints(execution))


def hint_of(cell: CellOutcome, execution: Execution) -> Words | None:
    """Explain why one cell failed; None when we do not know."""
    return next(_cell_hints(cell, execution), None)


def _cell_hints(cell: CellOutcome, execution: Execution) -> Iterator[Words]:
    syntax = syntax_hint(cell)
    if syntax is not None:
        yield syntax
        return
    said = _hint(cell)
    if said is not None:
        yield said.words
    elif cell.error == "NameError":
        yield from _name_error(cell, execution)
    elif (known := hints().of_model(cell.error, cell.message)) is not None:
        yield known.words


def _name_error(cell: CellOutcome, execution: Execution) -> Iterator[Words]:
    match = re.search(r"name '(\w+)' is not defined", cell.message)
    if match is None:
        return
    name = match[1]
    before = [one for one in execution.cells if one.number < cell.number]
    broken = next((one for one in before if one.status is CellStatus.ERROR and assigns(one.source, name)), None)
    later = next((one for one in execution.cells if one.number > cell.number and assigns(one.source, name)), None)
    if broken is not None:
        yield msg(
            "Cell {cell} uses {name}, which cell {other} should have made; mend cell {other} first.",
            cell=cell.number,
            name=name,
            other=broken.number,
        )
    elif later is not None:
        yield msg(
            "Cell {cell} uses {name}, which only cell {other} makes, further down. Put the cells in the order in "
            "which they run.",
            cell=cell.number,
            name=name,
            other=later.number,
        )
    else:
        known = {word for one in before for word in re.findall(r"[A-Za-z_]\w*", one.source)} - {name}
        close = get_close_matches(name, sorted(known), n=1, cutoff=0.8)
        if close:
            yield msg(
                "Cell {cell} uses {name}, which is not defined; did you mean {close}?",
                cell=cell.number,
                name=name,
                close=close[0],
            )
        else:
            yield msg(
                "Cell {cell} uses {name}, which no cell defines; it may have been defined in a cell you deleted. "
                "Restart the kernel and run all cells before handing in.",
                cell=cell.number,
                name=name,
            )


def assigns(source: str, name: str) -> bool:
    """Whether a cell's code makes a name: ``a = ...``, ``(x, a), b = ...``, ``import a``, ``def a``."""
    assigned = rf"(?m)^\s*(?:[^=#\n]*[,(]\s*)?{name}\b[^=\n]*=(?!=)"
    declared = rf"\b(?:import|as|def|class|for)\s+(?:[\w.]+\s*,\s*)*{name}\b"
    return re.search(f"{assigned}|{declared}", source) is not None
