"""Find submissions, give each a stable identity, refuse paths that escape.

Told apart by shape: a sub-folder is one student's submission, whatever number of notebooks it holds; a file that lies
directly in a given folder, or a notebook given itself, is a submission of its own. Nothing vanishes: what is no
notebook, a link or not readable is named in :attr:`Submission.others`.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from grader.errors import UsageError
from grader.records import Delivery, Message, Person

_JUNK = re.compile(r"^(\..*|__MACOSX|__pycache__|~\$.*|Thumbs\.db|desktop\.ini)$", re.IGNORECASE)
_LECTURERS = re.compile(r"^(README.*|.*\.(csv|xlsx|txt|md|toml|json))$", re.IGNORECASE | re.DOTALL)
"""What lecturers keep beside the submissions: lists, notes, settings."""
_MAX_LEVELS = 8
_MAX_NOTEBOOKS = 50
_MAX_FILES = 200
_MAX_BYTES = 64 << 20

_Kind = Literal["folder", "file", "link", "device"]


@dataclass(frozen=True, kw_only=True, slots=True)
class HandedIn:
    """One notebook and the files that lie beside it."""

    path: Path
    name: str
    """Relative to the submission, as reports show it: ``task3.ipynb``, ``part2/task3.ipynb``; unique in it."""
    beside: tuple[tuple[str, Path], ...] = ()
    """Other files in the notebook's folder and below: path relative to that folder (``data/x.csv``), and the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What one student handed in for one workbook."""

    student: str
    """Unique in a run, and stable: the name of the folder or of the notebook."""
    notebooks: tuple[HandedIn, ...]
    digest: str
    """SHA-256 over names and contents of all files."""
    others: tuple[str, ...] = ()
    """Names of files that are no notebooks, and of what could not be taken: ``a.ipynb (a link)``."""
    cut: bool = False
    """More was handed in than is looked at: 50 notebooks, 200 other files, 8 levels of folders."""
    instead: Message | None = None
    """Without notebooks: what came, and what to hand in instead."""
    absent: bool = False
    """On the roster, and nothing was handed in."""
    who: Person = field(default_factory=Person)
    delivery: Delivery = field(default_factory=Delivery)


def collect(paths: Sequence[Path], *, single: bool = False) -> tuple[Submission, ...]:
    """Return the submissions under the given paths, sorted by student.

    Args:
        paths: Notebooks and folders.
        single: All paths together are one submission, named after the first.

    Raises:
        UsageError: A path does not exist, cannot be read, is no notebook and no folder, or nothing to grade lies
            under it.
    """
    for path in paths:
        _require_usable(path)
    found = [_one(paths)] if single else [one for path in paths for one in _under(path)]
    if not found:
        where = ", ".join(map(str, paths))
        msg = f"{where}: no notebooks found; expected NAME.ipynb files, or a folder for each student that holds them"
        raise UsageError(msg)
    return tuple(sorted(_with_unique_names(found), key=lambda submission: submission.student))


def _require_usable(path: Path) -> None:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            os.scandir(path).close()
        elif not stat.S_ISREG(mode) or not _is_notebook(path):
            msg = f"{path}: expected a notebook (.ipynb) or a folder, found a {path.suffix or 'nameless'} file"
            raise UsageError(msg)
        else:
            path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        msg = f"{path}: there is no such file or folder; give notebooks (.ipynb) or folders that hold them"
        raise UsageError(msg) from None
    except OSError as error:
        msg = f"{path}: this cannot be read ({error.strerror}); mend that, or give another path"
        raise UsageError(msg) from error


def _under(path: Path) -> Iterator[Submission]:
    if path.is_file():
        yield _submission(path.stem, path.parent, [path])
        return
    for kind, entry in _entries(path):
        if kind == "folder":
            yield _folder(entry.name, entry)
        elif kind == "link" and _is_notebook(entry):
            yield _submission(entry.stem, path, notes=[_note(entry, path, "a link")])
        elif kind == "file" and not _LECTURERS.match(entry.name):
            yield _submission(entry.stem, path, [entry])


def _one(paths: Sequence[Path]) -> Submission:
    """Return everything under the paths as one submission."""
    whole = [path.resolve() for path in paths]
    parts = [_folder(path.name, path) if path.is_dir() else next(_under(path)) for path in paths]
    if len(parts) == 1:
        return replace(parts[0], student=whole[0].name if whole[0].is_dir() else whole[0].stem)
    notebooks, taken = [], set[str]()
    for path, part in zip(whole, parts, strict=True):
        folder = _readable((path if path.is_dir() else path.parent).name)
        for notebook in part.notebooks:
            name = _free(itertools.chain([notebook.name], _numbered(f"{folder}/{notebook.name}")), taken)
            notebooks.append(replace(notebook, name=name))
    return Submission(
        student=whole[0].name if whole[0].is_dir() else whole[0].stem,
        notebooks=tuple(notebooks),
        digest=hashlib.sha256("".join(part.digest for part in parts).encode()).hexdigest(),
        others=tuple(name for part in parts for name in part.others),
        cut=any(part.cut for part in parts),
    )


def _folder(student: str, folder: Path) -> Submission:
    """Return a student's folder: all notebooks first, then as many other files as there may be, the nearest first."""
    notebooks: list[Path] = []
    files: list[Path] = []
    notes: list[str] = []
    level = [folder]
    for _ in range(_MAX_LEVELS):
        below: list[Path] = []
        for place in level:
            try:
                entries = _entries(place)
            except OSError:
                notes.append(_note(place, folder, "cannot be read"))
                continue
            below += [path for kind, path in entries if kind == "folder"]
            notebooks += [path for kind, path in entries if kind == "file" and _is_notebook(path)]
            files += [path for kind, path in entries if kind == "file" and not _is_notebook(path)]
            notes += [_note(path, folder, "a link") for kind, path in entries if kind == "link" and _is_notebook(path)]
        level = below
    cut = bool(level) or len(notebooks) > _MAX_NOTEBOOKS or len(files) > _MAX_FILES
    return _submission(student, folder, [*notebooks[:_MAX_NOTEBOOKS], *files[:_MAX_FILES]], notes=notes, cut=cut)


def _entries(folder: Path) -> list[tuple[_Kind, Path]]:
    """Return what lies in a folder, without what systems leave behind."""
    with os.scandir(folder) as entries:
        found = [(_kind(entry), folder / entry.name) for entry in entries if not _JUNK.match(entry.name)]
    return sorted(found, key=lambda one: one[1])


def _kind(entry: os.DirEntry[str]) -> _Kind:
    if entry.is_symlink():  # may lead out of the folder, so nobody follows it
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "device"


def _is_notebook(path: Path) -> bool:
    return path.suffix.lower() == ".ipynb"


def _submission(
    student: str, root: Path, files: Iterable[Path] = (), *, notes: Iterable[str] = (), cut: bool = False
) -> Submission:
    """Return the files under ``root`` as a submission; one that cannot be read is named and left out."""
    digest, sizes, told = hashlib.sha256(), dict[Path, int](), list(notes)
    for path in files:
        try:
            size, content = _size_and_digest(path)
        except OSError:
            told.append(_note(path, root, "cannot be read"))
            continue
        sizes[path] = size
        digest.update(os.fsencode(path.relative_to(root)) + b"\0" + content)
    notebooks, taken, too_large = [], set[str](), set[Path]()
    others = [path for path in sizes if not _is_notebook(path)]
    for path in filter(_is_notebook, sizes):
        below = [other for other in others if other.is_relative_to(path.parent)]
        kept = _that_fit(below, sizes)
        too_large.update(set(below) - set(kept))
        beside = tuple((other.relative_to(path.parent).as_posix(), other) for other in kept)
        name = _free(_numbered(_shown(path, root)), taken)
        notebooks.append(HandedIn(path=path, name=name, beside=beside))
    names = [_note(path, root, "too large") if path in too_large else _shown(path, root) for path in others]
    digest.update("\0".join([*told, str(cut)]).encode())
    return Submission(
        student=student, notebooks=tuple(notebooks), digest=digest.hexdigest(), others=(*names, *told), cut=cut
    )


def _size_and_digest(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as stream:
        return os.fstat(stream.fileno()).st_size, hashlib.file_digest(stream, "sha256").digest()


def _that_fit(files: Iterable[Path], sizes: Mapping[Path, int]) -> list[Path]:
    """Return the files that fit into the sandbox's work folder together: as many as possible."""
    smallest_first = sorted(files, key=lambda path: (sizes[path], path))
    totals = itertools.accumulate(sizes[path] for path in smallest_first)
    return sorted(path for path, total in zip(smallest_first, totals, strict=True) if total <= _MAX_BYTES)


def _with_unique_names(found: Iterable[Submission]) -> Iterator[Submission]:
    taken: set[str] = set()
    # Whoever handed in a notebook keeps the plain name: task3.pdf must not make a task3-2 of task3.ipynb.
    for submission in sorted(found, key=lambda submission: not submission.notebooks):
        name = _readable(submission.student)
        names = (f"{name}-{number}" if number > 1 else name for number in itertools.count(1))
        yield replace(submission, student=_free(names, taken, key=str.casefold))


def _numbered(name: str) -> Iterator[str]:
    """Yield a notebook's name, then the same as if it lay in folders 2, 3, ..."""
    yield name
    yield from (f"{number}/{name}" for number in itertools.count(2))


def _free(names: Iterable[str], taken: set[str], key: Callable[[str], str] = str) -> str:
    """Return the first name that is not taken, and take it."""
    name = next(name for name in names if key(name) not in taken)
    taken.add(key(name))
    return name


def _note(path: Path, root: Path, why: str) -> str:
    return f"{_shown(path, root)} ({why})"


def _shown(path: Path, root: Path) -> str:
    return _readable(path.name if path == root else path.relative_to(root).as_posix())


def _readable(name: str) -> str:
    """Return a name that can be shown and written: no control characters, no lone surrogates, not empty."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "_" for char in text).strip()[:120] or "unnamed"
