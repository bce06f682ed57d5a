"""Which tasks a notebook cannot have an answer to, by what its code builds at most."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.known import KNOWN, mentioned
from grader.legacy import python_of
from grader.legacy.names import last_name
from grader.legacy.source import tree_of
from grader.records import msg
from grader.static.cells import SourceCell
from grader.static.notes import Note, Severity
from grader.static.requirements import TaskRequirements

_ALIASES = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "MaxPool2D": "MaxPooling2D",
    "AvgPool2D": "AveragePooling2D",
}
_REPEATS = (ast.For, ast.While, ast.FunctionDef, ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.ClassDef)
_OPAQUE = frozenset({"exec", "eval", "load_model", "from_config", "model_from_json", "clone_model", "getattr"})
"""Calls by which a model may come from where the code does not show it."""
_RUNS_FILES = re.compile(r"^\s*%(?:run|load)\b", re.MULTILINE)


def tasks_in(cells: Sequence[SourceCell], asked: Sequence[TaskRequirements], folder: Path) -> Iterator[Note]:
    """Yield a note for each task: not there, or perhaps there; ``folder`` is where the notebook lies."""
    trees = [tree for cell in cells if (tree := tree_of(cell.source)) is not None]
    broken = "\n".join(python_of(cell.source) for cell in cells if tree_of(cell.source) is None)
    built, repeated, opaque = _built(trees)
    opaque = opaque or any(_from_elsewhere(tree, folder) for tree in trees)
    opaque = opaque or any(_RUNS_FILES.search(cell.source) for cell in cells)
    named = mentioned("\n".join((*_words(trees), broken)))
    for task in asked:
        lacking = [
            (kind, built[kind], count)
            for kind, count in task.layers.items()
            if built[kind] < count and kind not in repeated and kind not in broken
        ]
        data = task.dataset in named or task.dataset not in KNOWN or not KNOWN[task.dataset].words
        if opaque or (data and not lacking):
            yield Note(
                severity=Severity.UNSURE,
                what=msg("{task}: whether an answer is there cannot be told without running.", task=task.task),
            )
        elif not data:
            yield Note(
                severity=Severity.ABSENT,
                what=msg(
                    "{task}: the code cannot meet it. Found: no cell loads the data set {dataset}. "
                    "Load it with keras.datasets.{dataset}.load_data().",
                    task=task.task,
                    dataset=task.dataset,
                ),
            )
        else:
            kind, found, count = lacking[0]
            yield Note(
                severity=Severity.ABSENT,
                what=msg(
                    "{task}: the code cannot meet it. Found: {kind} layers in the whole notebook: {found}; "
                    "the task asks for {count} in one model.",
                    task=task.task,
                    kind=kind,
                    found=found,
                    count=count,
                ),
            )


def _built(trees: Sequence[ast.Module]) -> tuple[Counter[str], set[str], bool]:
    """Return how often each layer is written, which may be made more often than written, and whether all is seen."""
    built, repeated, opaque = Counter[str](), set[str](), False
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = last_name(node.func)
                built[_ALIASES.get(name, name)] += 1
                opaque = opaque or name in _OPAQUE
            if isinstance(node, _REPEATS) or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)):
                inside = (last_name(one.func) for one in ast.walk(node) if isinstance(one, ast.Call))
                repeated.update(_ALIASES.get(name, name) for name in inside)
    return built, repeated, opaque


def _from_elsewhere(tree: ast.Module, folder: Path) -> bool:
    """Tell whether a cell imports a module that lies beside the notebook."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=module):
                modules = [module or ""]
            case _:
                continue
        roots = [name.partition(".")[0] for name in modules]
        if any((folder / f"{root}.py").exists() or (root and (folder / root).is_dir()) for root in roots):
            return True
    return False


def _words(trees: Sequence[ast.Module]) -> set[str]:
    """Return every name and text of the code, in small letters."""
    words: set[str] = set()
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Name(id=word) | ast.Attribute(attr=word) | ast.Constant(value=str(word)):
                    words.add(word.lower())
                case ast.alias(name=word):
                    words.add(word.lower())
                case _:
                    pass
    return words
