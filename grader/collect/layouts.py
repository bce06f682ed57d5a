"""How a class's folder or archive is laid out: which system's names are in it, and what lies in it by student."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from grader.collect import canvas, gradescope, loose, moodle, nbgrader
from grader.collect.archive import LMS, RefusedError, unpack
from grader.collect.attempt import Attempt, Layout
from grader.collect.folders import entries, tree
from grader.collect.submission import is_notebook, readable, stem
from grader.collect.usable import is_archive
from grader.errors import UsageError
from grader.records import Message, msg

Source = Literal["auto", "moodle", "canvas", "gradescope", "nbgrader", "folder"]
LEVELS = 2
"""Archives within one another that are opened."""
_WRAPPERS = 3


@dataclass(slots=True)
class LaidOut:
    """What lies under one path that a person gave."""

    attempts: list[Attempt]
    levels: int = LEVELS
    """Archives within one another that are still opened in it."""
    refused: Mapping[Path, Message] = field(default_factory=dict)
    remarks: tuple[Message, ...] = ()
    """What was refused and belongs to nobody."""


def layouts_of(source: Source, assignment: str | None) -> Mapping[str, Layout]:
    """Return the layouts that are tried, by system, in this order."""
    known: dict[str, Layout] = {
        "gradescope": gradescope.find,
        "nbgrader": functools.partial(nbgrader.find, assignment=assignment),
        "moodle": moodle.find,
        "canvas": canvas.find,
    }
    return known if source == "auto" else {} if source == "folder" else {source: known[source]}


def look_into(path: Path, layouts: Mapping[str, Layout], source: Source, into: Path) -> LaidOut:
    """Return what lies under a path, by the first layout that fits, else as loose files and folders.

    Raises:
        UsageError: It is an archive that is refused, or not laid out as ``source`` says.
        MachineError: There is no room to unpack it.
    """
    if path.is_file() and not is_archive(path.name):
        return LaidOut(list(loose.loose("file", path)))
    if path.is_file():
        try:
            unpacked = unpack(path, into, LMS)
        except RefusedError as error:
            raise UsageError(msg("in {folder}: {why}", folder=str(path.parent.absolute()), why=error.why)) from error
        found = LaidOut([], LEVELS - 1, unpacked.refused, unpacked.outside)
        root = unpacked.folder
    else:
        found, root = LaidOut([]), path
    chain = list(_unwrapped(root))
    found.attempts = next((attempts for one in chain for layout in layouts.values() if (attempts := layout(one))), [])
    if not found.attempts and source not in ("auto", "folder"):
        text = msg(
            "{file}: this is not laid out as --from {source} says; leave the option out, or see --from in the README",
            file=str(path),
            source=source,
        )
        raise UsageError(text)
    if not found.attempts:
        found.attempts = loose.find(root if path.is_dir() else _class_folder(chain, stem(path.name)))
    found.attempts = [replace(attempt, origin=readable(path.name)) for attempt in found.attempts]
    return found


def _unwrapped(root: Path) -> Iterator[Path]:
    """Yield a folder, and what lies in it as long as that is nothing but one folder."""
    for _ in range(_WRAPPERS):
        yield root
        inside = entries(root)
        if len(inside) != 1 or inside[0][0] != "folder":
            return
        root = inside[0][1]


def _class_folder(chain: Sequence[Path], name: str) -> Path:
    """Return which of the wrapping folders of an archive holds the class: packing ``class/`` gives ``class.zip``."""
    for outer, inner in itertools.pairwise(chain):
        holds_students = any(
            kind == "folder" and any(is_notebook(one.name) for _, one in tree(path, 2)) for kind, path in entries(inner)
        )
        if inner.name != name and not holds_students:
            return outer
    return chain[-1]
