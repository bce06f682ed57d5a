"""What a notebook takes for granted of the machine it runs on: paths, files, a network, somebody at the keyboard."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.legacy.names import last_name
from grader.legacy.source import tree_of
from grader.records import msg
from grader.static.cells import SourceCell
from grader.static.notes import Note, Severity

_ABSOLUTE = re.compile(r"^(?:[A-Za-z]:[\\/]|~[\\/]|/(?:content|home|Users|kaggle|mnt|root|data|media|gdrive)(?:/|$))")
_DOWNLOAD = re.compile(r"^\s*!\s*(?:wget|curl|git\s+clone|gdown)\b.*")
_FETCHES = frozenset({"urlopen", "urlretrieve", "get", "read_csv", "read_table", "read_excel", "get_file", "download"})
_READS = frozenset({"read_csv", "read_table", "read_excel", "load_model", "load_weights", "imread", "loadtxt", "open"})
_SHORTEST_PATH = 4


def surroundings_in(cells: Sequence[SourceCell], folder: Path) -> Iterator[Note]:
    """Yield what will not be there when the notebook is graded; ``folder`` is where it lies."""
    written = {text for cell in cells for text in _written(cell)}
    for cell in cells:
        for number, line in enumerate(cell.source.split("\n"), start=1):
            if _DOWNLOAD.match(line):
                yield _no_network(cell, number, line.strip())
        tree = tree_of(cell.source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_absolute(node.value):
                yield Note(
                    severity=Severity.FAILS,
                    cell=cell.number,
                    line=node.lineno,
                    code=node.value[:80],
                    what=msg("This path exists on one machine only. Hand the file in and write its name alone."),
                    write=repr(re.split(r"[\\/]", node.value.rstrip("\\/"))[-1]),
                )
            elif isinstance(node, ast.Call):
                yield from _call(cell, node, folder, written)


def _is_absolute(text: str) -> bool:
    return len(text) >= _SHORTEST_PATH and "\n" not in text and _ABSOLUTE.match(text) is not None


def _call(cell: SourceCell, node: ast.Call, folder: Path, written: set[str]) -> Iterator[Note]:
    name = last_name(node.func)
    if isinstance(node.func, ast.Name) and name == "input":
        yield Note(
            severity=Severity.FAILS,
            cell=cell.number,
            line=node.lineno,
            code="input(...)",
            what=msg("Nobody answers when the notebook is graded. Write the value into the cell."),
        )
    texts = [one.value for one in node.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if name in _FETCHES and any(re.match(r"(?:https?|ftp)://", text) for text in texts):
        yield _no_network(cell, node.lineno, texts[0])
    elif name in _READS and texts and _is_missing(name, node, texts[0], folder) and texts[0] not in written:
        yield Note(
            severity=Severity.FAILS,
            cell=cell.number,
            line=node.lineno,
            code=texts[0][:80],
            what=msg("This file does not lie beside the notebook. Hand it in with the notebook, or do without it."),
        )


def _is_missing(name: str, node: ast.Call, text: str, folder: Path) -> bool:
    modes = [one.value for one in node.args[1:2] if isinstance(one, ast.Constant)]
    modes += [one.value.value for one in node.keywords if one.arg == "mode" and isinstance(one.value, ast.Constant)]
    if name == "open" and (not isinstance(node.func, ast.Name) or any(set(str(mode)) & set("wax") for mode in modes)):
        return False
    return not _is_absolute(text) and "://" not in text and not (folder / text).exists()


def _written(cell: SourceCell) -> Iterator[str]:
    """Yield the texts handed to calls that may write a file of this name."""
    tree = tree_of(cell.source)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Call) and last_name(node.func) not in _READS - {"open"}:
            given = [*node.args, *(one.value for one in node.keywords)]
            if last_name(node.func) == "open" and len(given) == 1:
                continue
            yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _no_network(cell: SourceCell, line: int, code: str) -> Note:
    return Note(
        severity=Severity.FAILS,
        cell=cell.number,
        line=line,
        code=code[:80],
        what=msg("Notebooks are graded without a network. Use keras.datasets, or hand the file in."),
    )
