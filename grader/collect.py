"""Find submissions, give each a stable identity, refuse paths that escape.

Told apart by shape: a sub-folder is one student's submission, whatever number of notebooks it holds; a notebook that
lies directly in a given folder, or is given itself, is a submission of its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError

_JUNK = re.compile(r"^(\..*|__MACOSX|__pycache__|~\$.*|Thumbs\.db|desktop\.ini)$", re.IGNORECASE)
_MAX_DEPTH = 4
_MAX_FILES = 200
_MAX_BYTES = 64 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class HandedIn:
    """One notebook and the files that lie beside it."""

    path: Path
    name: str
    """Relative to the submission, as reports show it: ``task3.ipynb``, ``part2/task3.ipynb``."""
    beside: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What one student handed in for one workbook."""

    student: str
    """Unique in a run, and stable: the name of the folder or of the notebook."""
    notebooks: tuple[HandedIn, ...]
    digest: str
    """SHA-256 over names and contents of all files."""
    others: tuple[str, ...] = ()
    """Names of files that are no notebooks."""


def collect(paths: Sequence[Path], *, single: bool = False) -> tuple[Submission, ...]:
    """Return the submissions under the given paths, sorted by student.

    Args:
        paths: Notebooks and folders.
        single: All paths together are one submission, named after the first.

    Raises:
        UsageError: A path does not exist, is no notebook and no folder, or nothing to grade lies under it.
    """
    for path in paths:
        if not path.exists():
            msg = f"{path}: there is no such file or folder; give notebooks (.ipynb) or folders that hold them"
            raise UsageError(msg)
        if path.is_file() and path.suffix != ".ipynb":
            msg = f"{path}: expected a notebook (.ipynb) or a folder, found a {path.suffix or 'nameless'} file"
            raise UsageError(msg)
    found = [_one(paths)] if single else [one for path in paths for one in _under(path)]
    if not found:
        where = ", ".join(map(str, paths))
        msg = f"{where}: no notebooks found; expected NAME.ipynb files, or a folder for each student that holds them"
        raise UsageError(msg)
    return tuple(sorted(_with_unique_names(found), key=lambda submission: submission.student))


def _under(path: Path) -> Iterator[Submission]:
    if path.is_file():
        yield _submission(path.stem, [HandedIn(path=path, name=path.name)], [])
        return
    for entry in _entries(path):
        if entry.is_dir():
            yield _folder(entry.name, entry)
        elif entry.suffix == ".ipynb":
            yield _submission(entry.stem, [HandedIn(path=entry, name=entry.name)], [])


def _one(paths: Sequence[Path]) -> Submission:
    """Return everything under the paths as one submission."""
    parts = [_folder(path.name, path) if path.is_dir() else next(_under(path)) for path in paths]
    first = paths[0].resolve()
    return _submission(
        first.name if first.is_dir() else first.stem,
        [notebook for part in parts for notebook in part.notebooks],
        [name for part in parts for name in part.others],
    )


def _folder(student: str, folder: Path) -> Submission:
    files = [path for _, path in zip(range(_MAX_FILES), _files(folder, _MAX_DEPTH), strict=False)]
    notebooks, others = [], []
    for path in files:
        if path.suffix == ".ipynb":
            beside = (other for other in files if other.parent == path.parent and other.suffix != ".ipynb")
            notebooks.append(HandedIn(path=path, name=path.relative_to(folder).as_posix(), beside=_within(beside)))
        else:
            others.append(path.relative_to(folder).as_posix())
    return _submission(student, notebooks, others, files)


def _files(folder: Path, depth: int) -> Iterator[Path]:
    for entry in _entries(folder):
        if entry.is_file():
            yield entry
        elif depth > 1:
            yield from _files(entry, depth - 1)


def _entries(folder: Path) -> list[Path]:
    """Return what lies in a folder, without links (they lead out of it), devices and what systems leave behind."""
    return sorted(
        entry
        for entry in folder.iterdir()
        if not _JUNK.match(entry.name) and not entry.is_symlink() and (entry.is_dir() or entry.is_file())
    )


def _within(files: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files that fit into the sandbox's work folder, smallest first."""
    kept, total = [], 0
    for path in sorted(files, key=lambda path: (path.stat().st_size, path.name)):
        total += path.stat().st_size
        if total > _MAX_BYTES:
            break
        kept.append(path)
    return tuple(sorted(kept))


def _submission(
    student: str, notebooks: list[HandedIn], others: list[str], files: Sequence[Path] | None = None
) -> Submission:
    digest = hashlib.sha256()
    for path in files if files is not None else [notebook.path for notebook in notebooks]:
        digest.update(path.name.encode("utf-8", "surrogateescape") + b"\0")
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return Submission(student=student, notebooks=tuple(notebooks), digest=digest.hexdigest(), others=tuple(others))


def _with_unique_names(found: list[Submission]) -> Iterator[Submission]:
    taken: set[str] = set()
    for submission in found:
        name, number = _readable(submission.student), 1
        while name.casefold() in taken:  # two folders may hold a task3.ipynb each
            number += 1
            name = f"{_readable(submission.student)}-{number}"
        taken.add(name.casefold())
        yield Submission(
            student=name, notebooks=submission.notebooks, digest=submission.digest, others=submission.others
        )


def _readable(name: str) -> str:
    """Return a name that can be shown and written: no control characters, no lone surrogates, not empty."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "_" for char in text).strip()[:120] or "unnamed"
