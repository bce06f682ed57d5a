"""``grader doctor --coverage DIR``: how many notebooks of a folder run, train and are captured; why the rest are not.

For a lecturer before term, and for us: nothing is graded, and each training takes only a few steps.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from grader.datasets import DataStore
from grader.errors import UsageError
from grader.execute import Job, run_notebook
from grader.reasons import sentence_of
from grader.records import CellStatus, Ending, Execution, FitFacts, Limits, Message, Profile, Trace, msg

STEPS = 2
"""Training steps a ``fit`` gets, over all its epochs; each epoch gets at least one."""
_LIMITS = Limits(cell_seconds=120, notebook_seconds=300)
_FILE_BYTES = 32 << 20
_MOST_FILES = 50
_CAUSE = 90
_PARTICULAR = re.compile(r"0x[0-9a-f]+|'/[^']*'|/\S+/|\d[\d.e-]*")
"""What differs between two errors of one cause: addresses, folders, numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookCoverage:
    """What became of one notebook."""

    name: str
    """Relative to the folder."""
    ran: bool
    """All cells ran without an error."""
    trained: bool
    """At least one ``fit`` came to its end."""
    captured: bool
    """Of such a fit everything is known: the model, how it was compiled, rows of a known data set."""
    old: int
    """Old spellings that were understood."""
    cause: Message | None = None
    """Why it was not captured."""


def cover(folder: Path, *, jobs: int = 1, shims: bool = True) -> Iterator[NotebookCoverage]:
    """Run every notebook below a folder, and yield what became of each, in the order of their names.

    Raises:
        UsageError: there is no such folder, or no notebook in it.
    """
    paths = sorted(path for path in folder.rglob("*.ipynb") if path.is_file() and "checkpoint" not in str(path))
    if not paths:
        raise UsageError(
            msg(
                "{folder}: found no notebooks (*.ipynb) in it or below; give a folder that holds some",
                folder=str(folder),
            )
        )
    datasets = DataStore().at_hand()

    def one(path: Path) -> NotebookCoverage:
        with tempfile.TemporaryDirectory(prefix="grader-coverage-") as out:
            job = Job(
                notebook=path,
                files=tuple(_beside(path)),
                out=Path(out),
                datasets=datasets,
                profile=Profile(name="quick", steps=STEPS),
                limits=_LIMITS,
                shims=shims,
            )
            return covered(str(path.relative_to(folder)), run_notebook(job))

    with ThreadPoolExecutor(max(1, jobs)) as pool:
        yield from pool.map(one, paths)


def covered(name: str, execution: Execution) -> NotebookCoverage:
    """Return what an execution shows."""
    trained = [fit for fit in execution.trace.fits if fit.completed]
    captured = any(_is_captured(fit, execution.trace) for fit in trained)
    return NotebookCoverage(
        name=name,
        ran=execution.ending is Ending.COMPLETED and all(cell.status is CellStatus.OK for cell in execution.cells),
        trained=bool(trained),
        captured=captured,
        old=len(execution.trace.legacy),
        cause=None if captured else _cause(execution, trained),
    )


def causes(found: Sequence[NotebookCoverage]) -> list[tuple[Message, int]]:
    """Return why notebooks were not captured, the most frequent cause first."""
    known = {repr(one.cause): one.cause for one in found if one.cause is not None}
    return [(known[key], count) for key, count in Counter(repr(one.cause) for one in found if one.cause).most_common()]


def _is_captured(fit: FitFacts, trace: Trace) -> bool:
    known = any(model.snapshot == fit.snapshot for model in trace.models)
    return known and fit.compile is not None and bool(fit.x.dataset)


def _cause(execution: Execution, trained: Sequence[FitFacts]) -> Message:
    broken = next((cell for cell in execution.cells if cell.status is CellStatus.ERROR), None)
    if trained:
        return msg("trains on data that is not recognised: {why}", why=sentence_of(trained[-1].x.why or "-"))
    if broken is not None:
        words = _PARTICULAR.sub("…", broken.message.split("\n", 1)[0])[:_CAUSE]
        return msg("{error}: {message}", error=broken.error, message=words)
    if execution.ending is not Ending.COMPLETED:
        return msg("ended early: {ending}", ending=str(execution.ending))
    return msg("trains nothing: no fit was called")


def _beside(notebook: Path) -> Iterator[tuple[str, Path]]:
    """Yield the small files in a notebook's folder that are no notebooks; links are nobody's files."""
    others = (path for path in sorted(notebook.parent.iterdir()) if path.suffix != ".ipynb")
    small = (path for path in others if path.is_file() and not path.is_symlink() and path.stat().st_size <= _FILE_BYTES)
    for path, _ in zip(small, range(_MOST_FILES), strict=False):
        yield path.name, path
