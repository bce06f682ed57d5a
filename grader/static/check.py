"""The static check of one notebook."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.legacy import Effect, LinePattern, find_uses, python_of
from grader.records import Message, msg
from grader.static.cells import SourceCell, code_cells
from grader.static.notes import Note, Severity
from grader.static.requirements import TaskRequirements
from grader.static.surroundings import surroundings_in
from grader.static.tasks import tasks_in

_SEVERITY = {Effect.FAILS: Severity.FAILS, Effect.DIFFERS: Severity.WARNS, Effect.MISSING: Severity.UNSURE}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticReport:
    """All notes on a notebook, in the order of its cells; those on the whole notebook first."""

    notebook: str
    notes: tuple[Note, ...]
    cells: int = 0
    """Code cells that are not empty."""
    fixable: int = 0
    """Old calls that ``--fix`` replaces."""
    unreadable: Message | None = None
    """Why nothing could be read of the file."""


def check_static(path: Path, asked: Sequence[TaskRequirements], *, legacy: str = "run") -> StaticReport:
    """Say what a notebook's source tells; nothing is run, and a faulty file is no exception.

    Args:
        path: The notebook, or a program that shows its cells.
        asked: The tasks to look for.
        legacy: What the workbook makes of old spellings: ``run``, ``note`` or ``fail``.
    """
    cells = code_cells(path)
    if isinstance(cells, Message):
        return StaticReport(notebook=path.name, notes=(), unreadable=cells)
    if not cells:
        note = Note(severity=Severity.FAILS, what=msg("The notebook has no code cell with code in it."))
        return StaticReport(notebook=path.name, notes=(note,))
    uses = find_uses([cell.source for cell in cells])
    python2 = {use.cell for use in uses if isinstance(use.old.pattern, LinePattern) and not use.old.pattern.magic}
    in_cells = [
        *_syntax([cell for number, cell in enumerate(cells) if number not in python2]),
        *(
            Note(
                severity=Severity.OLD if use.old.imitated and legacy != "fail" else _SEVERITY[use.old.effect],
                what=use.old.why,
                cell=cells[use.cell].number,
                line=use.line,
                code=use.found,
                write=use.write,
            )
            for use in uses
        ),
        *surroundings_in(cells, path.parent),
    ]
    in_cells.sort(key=lambda note: (note.cell or 0, note.line or 0))
    notes = (*tasks_in(cells, asked, path.parent), *_runs(cells), *in_cells)
    return StaticReport(notebook=path.name, notes=notes, cells=len(cells), fixable=sum(bool(use.edits) for use in uses))


def _syntax(cells: Sequence[SourceCell]) -> Iterator[Note]:
    for cell in cells:
        source = python_of(cell.source)
        try:
            ast.parse(source)
        except SyntaxError as error:
            lines = cell.source.split("\n")
            line = min(error.lineno or 1, len(lines))
            yield Note(
                severity=Severity.FAILS,
                cell=cell.number,
                line=line,
                code=lines[line - 1].strip()[:80],
                what=_explained(error),
            )
        except (ValueError, RecursionError, MemoryError) as error:
            what = msg("Python cannot read this cell ({why}). Write it anew.", why=str(error) or type(error).__name__)
            yield Note(severity=Severity.FAILS, cell=cell.number, what=what)


def _explained(error: SyntaxError) -> Message:
    why = error.msg or type(error).__name__
    if isinstance(error, TabError) or "tabs and spaces" in why:
        return msg("Tabs and blanks are mixed at the beginning of lines. Use four blanks everywhere.")
    if isinstance(error, IndentationError):
        return msg(
            "The line does not begin where it should ({why}). Let it begin under the lines it belongs to.", why=why
        )
    if "unicodeescape" in why:
        return msg(
            "A backslash in a path begins a special character. Write r'...' before the quotes, or / in the path."
        )
    return msg(
        "This is not Python ({why}). Mend the line, or the one before it: a bracket or quote may be open.", why=why
    )


def _runs(cells: Sequence[SourceCell]) -> Iterator[Note]:
    """Yield what the stored outputs show: whether the notebook was run to its end, in order, before it is handed in."""
    unrun = [cell for cell in cells if cell.count is None]
    if len(unrun) == len(cells):
        yield Note(
            severity=Severity.WARNS,
            what=msg("No cell has an output. Restart the kernel, run all cells and save before you hand in."),
        )
        return
    if unrun:
        yield Note(
            severity=Severity.WARNS,
            what=msg(
                "Cells that were not run and have no output: {cells}. Restart the kernel, run all cells and save.",
                cells=", ".join(str(cell.number) for cell in unrun[:10]),
            ),
        )
    counts = [cell.count for cell in cells if cell.count is not None]
    if counts != sorted(counts):
        yield Note(
            severity=Severity.WARNS,
            what=msg(
                "The cells were run in another order than they stand in. Restart the kernel and run all cells: "
                "they are graded from top to bottom."
            ),
        )
    for cell in cells:
        if cell.error:
            yield Note(
                severity=Severity.WARNS,
                cell=cell.number,
                what=msg(
                    "The stored output of this cell is an error: {error}. Mend it and run it again.", error=cell.error
                ),
            )
