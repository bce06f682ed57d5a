"""Folders, looked through without following anything that leads out of them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from grader.collect.junk import is_checkpoint, is_junk
from grader.collect.submission import (
    MOST_BYTES,
    MOST_FILES,
    MOST_LEVELS,
    MOST_NOTEBOOKS,
    Contents,
    Cut,
    SubmittedFile,
    cut_of,
    is_notebook,
    note,
)

_MOST_SEEN = 200_000
_DEEPEST = 2_048
"""As many folders as a path of 4,096 bytes can name."""

Kind = Literal["folder", "file", "link", "device"]


def entries(folder: Path) -> list[tuple[Kind, Path]]:
    """Return what lies in a folder, sorted, without what systems leave behind.

    Raises:
        OSError: The folder cannot be read.
    """
    with os.scandir(folder) as found:
        kept = [(_kind(entry), folder / entry.name) for entry in found if not is_junk(entry.name)]
    return sorted(kept, key=lambda one: one[1])


def tree(root: Path, levels: int) -> Iterator[tuple[Kind, Path]]:
    """Yield everything down to so many levels, the upper levels first; what cannot be read is passed over."""
    level, seen = [root], 0
    for _ in range(levels):
        below: list[Path] = []
        for place in level:
            try:
                found = entries(place)
            except OSError:
                continue
            seen += len(found)
            if seen > _MOST_SEEN:
                return
            below += [path for kind, path in found if kind == "folder"]
            yield from found
        level = below


def checkpoints_in(folder: Path) -> list[str]:
    """Return the names of notebooks that are there only as copies which Jupyter made by itself."""
    found = (path for kind, path in [("folder", folder), *tree(folder, MOST_LEVELS)] if kind == "folder")
    hidden = (place / name for place in found for name in _names(place) if is_checkpoint(name))
    return sorted(name for place in hidden if not place.is_symlink() for name in _names(place) if is_notebook(name))


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []


def contents_of(folder: Path) -> Contents:
    """Return the files of a student's folder: all notebooks, then as many others as there may be, the nearest first."""
    notebooks: list[SubmittedFile] = []
    files: list[SubmittedFile] = []
    unread: list[str] = []
    level = [folder]
    for _ in range(MOST_LEVELS):
        below: list[Path] = []
        for place in level:
            try:
                found = entries(place)
            except OSError:
                unread.append(note(place.name if place == folder else _below(place, folder), "cannot be read"))
                continue
            below += [path for kind, path in found if kind == "folder"]
            for kind, path in found:
                if kind == "file":
                    items = notebooks if is_notebook(path.name) else files
                    items.append(SubmittedFile(name=_below(path, folder), path=path))
                elif kind == "link" and is_notebook(path.name):
                    unread.append(note(_below(path, folder), "a link"))
        level = below
    return Contents(
        items=(*notebooks[:MOST_NOTEBOOKS], *files[:MOST_FILES]),
        notes=tuple(unread),
        unread=tuple(unread),
        cut=cut_of(notebooks, files) | _cut_below(level),
    )


def neighbours_of(file: Path) -> list[SubmittedFile]:
    """Return what else lies in a file's folder and below, no notebooks: as many as there may be, the nearest first.

    The folder may be somebody's home: it is looked through no further than needed, and large files are not opened.
    """
    folder = file.parent
    near = (path for kind, path in tree(folder, MOST_LEVELS) if kind == "file" and path != file)
    taken = (path for path in near if not is_notebook(path.name) and _fits(path))
    return [SubmittedFile(name=_below(path, folder), path=path) for path in itertools.islice(taken, MOST_FILES)]


def _fits(path: Path) -> bool:
    try:
        return path.stat().st_size <= MOST_BYTES
    except OSError:
        return False


def _cut_below(level: Sequence[Path]) -> frozenset[Cut]:
    """Return what lies in folders that are too deep to be looked into: a library that came along holds no answers."""
    below = (path for place in level for kind, path in tree(place, _DEEPEST) if kind == "file")
    return frozenset("notebooks" if is_notebook(path.name) else "files" for path in below)


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():  # may lead out of the folder, so nobody follows it
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "device"
