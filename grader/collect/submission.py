"""A submission, and how it is made of the files that belong to it."""

from __future__ import annotations

import hashlib
import itertools
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from grader.records import Delivery, Message, Person, msg

MOST_NOTEBOOKS = 50
MOST_FILES = 200
MOST_LEVELS = 8
_MOST_NAMED = 10
MOST_BYTES = 64 << 20
_ENDINGS = (".ipynb", ".ipynb.txt", ".ipynb.json")
"""Browsers and phones add the last two when they save a notebook."""

Cut = Literal["notebooks", "files"]
"""Of what there is more than is looked at: over 50 notebooks or some below 8 levels of folders, over 200 others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmittedNotebook:
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
    """Unique in a run, and stable: the LMS's id where there is one, else the name of the folder or of the notebook."""
    notebooks: tuple[SubmittedNotebook, ...]
    digest: str
    """SHA-256 over names and contents of all files."""
    others: tuple[str, ...] = ()
    """Names of files that are no notebooks, and of what could not be taken: ``a.ipynb (a link)``."""
    unread: tuple[str, ...] = ()
    """Of these the notebooks that could not be taken, and folders, in which some may lie."""
    left_out: tuple[str, ...] = ()
    """Of these the other files that do not lie beside a notebook when it runs."""
    cut: frozenset[Cut] = frozenset()
    instead: Message | None = None
    """Without notebooks: what came, and what to hand in instead."""
    absent: bool = False
    """On the roster, and nothing was handed in."""
    who: Person = field(default_factory=Person)
    delivery: Delivery = field(default_factory=Delivery)

    @property
    def unseen(self) -> tuple[Message, ...]:
        """Why there may be notebooks of it that nobody looked at; empty where there are none."""
        said = []
        if self.unread:
            said.append(
                msg(
                    "Part of what was handed in could not be taken, and an answer may lie in it: {files}",
                    files=_some(self.unread),
                )
            )
        if "notebooks" in self.cut:
            said.append(
                msg(
                    "Notebooks were left out: no more are looked at than {count}, and none below {levels} levels of "
                    "folders. Hand in only those that answer the tasks.",
                    count=MOST_NOTEBOOKS,
                    levels=MOST_LEVELS,
                )
            )
        return tuple(said)

    @property
    def remarks(self) -> tuple[Message, ...]:
        """What of it was left out, notebooks first."""
        said = [*self.unseen]
        if self.left_out:
            said.append(msg("Files beside the notebooks were left out: {files}", files=_some(self.left_out)))
        if "files" in self.cut:
            said.append(msg("Files beside the notebooks were left out: {count} at most are kept", count=MOST_FILES))
        return tuple(said)


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmittedFile:
    """One file of a submission."""

    name: str
    """Relative to the submission, with slashes; may hold halves of surrogate pairs, as file systems do."""
    path: Path
    converted: bool = False
    """``path`` is the notebook that a program of this name became."""

    @property
    def is_notebook(self) -> bool:
        """Whether it can be run as a notebook."""
        return self.converted or is_notebook(self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """The files of a submission, bounded."""

    items: tuple[SubmittedFile, ...]
    notes: tuple[str, ...] = ()
    """What could not be taken: ``a.ipynb (a link)``."""
    unread: tuple[str, ...] = ()
    """Of the notes those of notebooks, and of folders, in which some may lie."""
    cut: frozenset[Cut] = frozenset()


def submission_of(student: str, contents: Contents) -> Submission:
    """Return the files as a submission; one that cannot be read is named and left out."""
    digest, sizes, told = hashlib.sha256(), dict[SubmittedFile, int](), list(contents.notes)
    unread, left_out = list(contents.unread), list[str]()
    for item in contents.items:
        try:
            size, content = _size_and_digest(item.path)
        except OSError:
            told.append(note(item.name, "cannot be read"))
            (unread if item.is_notebook else left_out).append(told[-1])
            continue
        sizes[item] = size
        digest.update(os.fsencode(item.name) + b"\0" + content)
    notebooks, taken, too_large = [], set[str](), set[SubmittedFile]()
    others = [item for item in sizes if not item.is_notebook]
    for item in (one for one in sizes if one.is_notebook):
        folder = PurePosixPath(item.name).parent
        below = [other for other in others if PurePosixPath(other.name).is_relative_to(folder)]
        kept = _that_fit(below, sizes)
        too_large.update(set(below) - set(kept))
        beside = tuple((PurePosixPath(other.name).relative_to(folder).as_posix(), other.path) for other in kept)
        name = free(numbered(readable(item.name)), taken)
        notebooks.append(SubmittedNotebook(path=item.path, name=name, beside=beside))
    names = [note(item.name, "too large") if item in too_large else readable(item.name) for item in others]
    left_out += [name for name, item in zip(names, others, strict=True) if item in too_large]
    digest.update("\0".join([*told, str(bool(contents.cut))]).encode())
    return Submission(
        student=student,
        notebooks=tuple(notebooks),
        digest=digest.hexdigest(),
        others=(*names, *told),
        unread=tuple(unread),
        left_out=tuple(left_out),
        cut=contents.cut,
    )


def joined(student: str, parts: Sequence[tuple[str, Submission]]) -> Submission:
    """Return several submissions as one; each comes with the name of its folder, to tell equal names apart."""
    notebooks, taken = [], set[str]()
    for folder, part in parts:
        for notebook in part.notebooks:
            name = free(itertools.chain([notebook.name], numbered(f"{readable(folder)}/{notebook.name}")), taken)
            notebooks.append(SubmittedNotebook(path=notebook.path, name=name, beside=notebook.beside))
    return Submission(
        student=student,
        notebooks=tuple(notebooks),
        digest=hashlib.sha256("".join(part.digest for _, part in parts).encode()).hexdigest(),
        others=tuple(name for _, part in parts for name in part.others),
        unread=tuple(name for _, part in parts for name in part.unread),
        left_out=tuple(name for _, part in parts for name in part.left_out),
        cut=frozenset(cut for _, part in parts for cut in part.cut),
        instead=None if notebooks else next((part.instead for _, part in parts if part.instead), None),
        delivery=replace(
            parts[0][1].delivery,
            earlier=tuple(name for _, part in parts for name in part.delivery.earlier),
            remarks=tuple(remark for _, part in parts for remark in part.delivery.remarks),
        ),
    )


def is_notebook(name: str) -> bool:
    """Whether a file is a notebook, by its name; Jupyter's own ending, and what browsers make of it."""
    return name.lower().endswith(_ENDINGS)


def stem(name: str) -> str:
    """Return a file's name without its ending, all of it: ``lab`` of ``lab.ipynb.txt``."""
    ending = next((one for one in sorted(_ENDINGS, key=len, reverse=True) if name.lower().endswith(one)), "")
    return name[: len(name) - len(ending)] if ending else PurePosixPath(name).stem


def numbered(name: str) -> Iterator[str]:
    """Yield a notebook's name, then the same as if it lay in folders 2, 3, ..."""
    yield name
    yield from (f"{number}/{name}" for number in itertools.count(2))


def free(names: Iterable[str], taken: set[str], key: Callable[[str], str] = str) -> str:
    """Return the first name that is not taken, and take it."""
    name = next(name for name in names if key(name) not in taken)
    taken.add(key(name))
    return name


def cut_of(notebooks: Sequence[SubmittedFile], files: Sequence[SubmittedFile]) -> frozenset[Cut]:
    """Return of what there is more than is looked at."""
    cut: dict[Cut, bool] = {"notebooks": len(notebooks) > MOST_NOTEBOOKS, "files": len(files) > MOST_FILES}
    return frozenset(what for what, holds in cut.items() if holds)


def note(name: str, why: str) -> str:
    """Return the name of something that was not taken, with the reason."""
    return f"{readable(name)} ({why})"


def readable(name: str) -> str:
    """Return a name that can be shown and written: no control characters, no lone surrogates, not empty."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    return "".join(char if char.isprintable() else "_" for char in text).strip()[:120] or "unnamed"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")


def _size_and_digest(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as stream:
        return os.fstat(stream.fileno()).st_size, hashlib.file_digest(stream, "sha256").digest()


def _that_fit(items: Iterable[SubmittedFile], sizes: Mapping[SubmittedFile, int]) -> list[SubmittedFile]:
    """Return the files that fit into the sandbox's work folder together: as many as possible."""
    smallest_first = sorted(items, key=lambda item: (sizes[item], item.name))
    totals = itertools.accumulate(sizes[item] for item in smallest_first)
    kept = (item for item, total in zip(smallest_first, totals, strict=True) if total <= MOST_BYTES)
    return sorted(kept, key=lambda item: item.name)
