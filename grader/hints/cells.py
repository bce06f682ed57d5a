"""Why a notebook's cells fail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from grader.hints.legacy import old_spellings
from grader.hints.limits import LIMIT_ERRORS
from grader.hints.models import explained
from grader.hints.python import syntax_hint
from grader.hints.spelling import RENAMED, misspelt
from grader.hints.trainings import training_hints
from grader.records import CellOutcome, CellStatus, Ending, Execution, Message, Words, msg

_LIBRARIES = (
    "numpy",
    "keras",
    "tensorflow",
    "matplotlib",
    "pandas",
    "scipy",
    "sklearn",
    "seaborn",
    "torch",
    "cv2",
    "PIL",
)
_OURS = ("keras", "tensorflow", "numpy", "google")
"""Installed where notebooks run (or, for google.colab, nowhere but in Colab): a miss is a spelling of another time."""


KERNEL_LIBRARIES = {
    "cv2": "opencv-python-headless",
    "matplotlib": "matplotlib",
    "pandas": "pandas",
    "PIL": "pillow",
    "scipy": "scipy",
    "seaborn": "seaborn",
    "sklearn": "scikit-learn",
    "tqdm": "tqdm",
}
"""What students import most, and the packages it comes in: the extra `kernel`."""


def missing_module(execution: Execution) -> str:
    """Return the first library a notebook imports that is not here; empty when there is none.

    A misspelt name and a module of an older Keras are not missing libraries; ``hints_of`` explains those.
    """
    for cell in execution.cells:
        match = re.search(r"No module named '([\w.]+)'", cell.message) if cell.error == "ModuleNotFoundError" else None
        if match:
            root = match[1].split(".")[0]
            if root not in _OURS and misspelt(root, _LIBRARIES) is None:
                return root
    return ""


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
    hints: list[Words] = []
    for cell in execution.cells:
        if cell.status is CellStatus.ERROR:
            hints += (hint for hint in _cell_hints(cell, execution) if hint not in hints)
    for note in execution.trace.notes:
        if note.what == "colab-drive":
            hint = msg(
                "Cell {cell} mounts Google Drive, which is not there when notebooks are graded; hand in the files it "
                "needs.",
                cell=note.cell,
            )
            hints += () if hint in hints else (hint,)
    return (*old_spellings(execution), *hints, *training_hints(execution))


def _cell_hints(cell: CellOutcome, execution: Execution) -> Iterator[Words]:
    syntax = syntax_hint(cell)
    if syntax is not None:
        yield syntax
        return
    for error, pattern, explain in _CELL_ERRORS:
        match = re.search(pattern, cell.message, re.DOTALL) if cell.error in error else None
        if match:
            yield explain(cell, match)
            return
    if cell.error == "NameError":
        yield from _name_error(cell, execution)
        return
    known = explained(cell.message) if cell.error in {"ValueError", "TypeError"} else None
    if known is not None:
        yield known


def _name_error(cell: CellOutcome, execution: Execution) -> Iterator[Words]:
    match = re.search(r"name '(\w+)' is not defined", cell.message)
    if match is None:
        return
    name = match[1]
    before = [one for one in execution.cells if one.number < cell.number]
    broken = next((one for one in before if one.status is CellStatus.ERROR and _assigns(one.source, name)), None)
    later = next((one for one in execution.cells if one.number > cell.number and _assigns(one.source, name)), None)
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


def _assigns(source: str, name: str) -> bool:
    """Whether a cell's code makes a name: ``a = ...``, ``(x, a), b = ...``, ``import a``, ``def a``."""
    assigned = rf"(?m)^\s*(?:[^=#\n]*[,(]\s*)?{name}\b[^=\n]*=(?!=)"
    declared = rf"\b(?:import|as|def|class|for)\s+(?:[\w.]+\s*,\s*)*{name}\b"
    return re.search(f"{assigned}|{declared}", source) is not None


_CellHint = Callable[[CellOutcome, re.Match[str]], Words]


def _file(cell: CellOutcome, match: re.Match[str]) -> Words:
    return msg(
        "Cell {cell} opens {file}, which was not handed in; hand it in beside the notebook, or do without it.",
        cell=cell.number,
        file=match[1],
    )


def _module(cell: CellOutcome, match: re.Match[str]) -> Words:
    root, close = match[1].split(".")[0], misspelt(match[1].split(".")[0], _LIBRARIES)
    if close:
        return msg("Cell {cell} imports {module}; did you mean {close}?", cell=cell.number, module=root, close=close)
    if match[1].startswith("google"):
        return msg(
            "Cell {cell} needs Google Colab, which is not there when notebooks are graded; remove the cell.",
            cell=cell.number,
        )
    if root in _OURS:
        return _old_import(cell, match)
    package = KERNEL_LIBRARIES.get(root, root)
    return msg(
        "Cell {cell} uses {module}, which is not installed where notebooks are graded. Do without it, or ask your "
        "lecturer, who adds it with: pip install {package}",
        cell=cell.number,
        module=match[1],
        package="'workbook-grader[kernel]'" if root in KERNEL_LIBRARIES else package,
    )


def _old_import(cell: CellOutcome, match: re.Match[str]) -> Words:
    if "np_utils" in match[0] or "np_utils" in cell.message:
        return msg(
            "Cell {cell} imports np_utils from an older Keras; write: from keras.utils import to_categorical",
            cell=cell.number,
        )
    return msg(
        "Cell {cell} imports {name}, which this Keras does not have; older listings do. Look the name up on keras.io.",
        cell=cell.number,
        name=match[1],
    )


def _argument(cell: CellOutcome, match: re.Match[str]) -> Words:
    new = RENAMED.get(match[1])
    if new:
        return msg(
            "Cell {cell}: the argument {old} is from an older Keras; write {new} now.",
            cell=cell.number,
            old=match[1],
            new=new,
        )
    return msg("Cell {cell}: there is no argument {name}; check the spelling.", cell=cell.number, name=match[1])


def _attribute(cell: CellOutcome, match: re.Match[str]) -> Words:
    if match[1] in {"predict_classes", "predict_proba"}:
        return msg(
            "Cell {cell}: {name} is from an older Keras; write model.predict(x).argmax(axis=1).",
            cell=cell.number,
            name=match[1],
        )
    return msg(
        "Cell {cell}: there is no {name}; check the spelling, and that the cells above ran.",
        cell=cell.number,
        name=match[1],
    )


def _download(cell: CellOutcome, _: re.Match[str]) -> Words:
    return msg(
        "Cell {cell} downloads a file, and there is no network when notebooks are graded. Hand the file in beside the "
        "notebook; MNIST and CIFAR-10 are here, pretrained weights are not.",
        cell=cell.number,
    )


def _refused(cell: CellOutcome, match: re.Match[str]) -> Words:
    return msg(
        "Cell {cell}: {old} belongs to an older library and nothing of today does the same. Write {write}.",
        cell=cell.number,
        old=match[1],
        write=match[2] or "…",
    )


_NO_NETWORK = r"URL fetch failure|Name or service not known|Temporary failure in name resolution|Network is unreachable"
_CELL_ERRORS: tuple[tuple[frozenset[str], str, _CellHint], ...] = (
    (frozenset({"FileNotFoundError"}), r"No such file or directory: '([^']{1,120})'", _file),
    (
        frozenset({"FileNotFoundError", "ValueError", "OSError"}),
        r"(?:File not found: filepath=|No file or directory found at )([^\s,]{1,120})",
        _file,
    ),
    *LIMIT_ERRORS,
    (frozenset({"ModuleNotFoundError"}), r"No module named '([\w.]+)'", _module),
    (frozenset({"ImportError"}), r"cannot import name '(\w+)' from '(?:keras|tensorflow)", _old_import),
    (frozenset({"URLError", "gaierror", "ConnectionError", "Exception"}), _NO_NETWORK, _download),
    (
        frozenset({"ImportError", "ModuleNotFoundError", "AttributeError", "TypeError", "ValueError"}),
        r"^(.+?) belongs to an older library and cannot be imitated(?:; write (.+))?$",
        _refused,
    ),
    (frozenset({"TypeError"}), r"unexpected keyword argument '(\w+)'", _argument),
    (
        frozenset({"ValueError", "TypeError"}),
        r"(?:Unrecognized keyword arguments passed to \w+|Argument\(s\) not recognized): \{'(\w+)'",
        _argument,
    ),
    (frozenset({"AttributeError"}), r"has no attribute '(\w+)'", _attribute),
)
