"""An attempt, opened: archives unpacked, programs with cells made notebooks, older copies set aside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from grader.collect.archive import STUDENT, RefusedError, unpack
from grader.collect.attempt import Attempt
from grader.collect.folders import checkpoints_in, contents_of
from grader.collect.instead import instead_of
from grader.collect.scripts import notebook_of
from grader.collect.submission import (
    MOST_FILES,
    MOST_NOTEBOOKS,
    Contents,
    Cut,
    Submission,
    SubmittedFile,
    cut_of,
    free,
    is_notebook,
    note,
    numbered,
    readable,
    submission_of,
)
from grader.collect.usable import is_archive
from grader.records import Message, msg

_TOO_DEEP = "{name}: an archive in an archive in an archive is not opened. Pack once."
_COPY = re.compile(r"(?P<stem>.*?)(?: \((?P<number>\d+)\))?(?P<ending>\.ipynb.*)", re.DOTALL | re.IGNORECASE)
_UNNUMBERED = -1


class Opener:
    """Opens attempts, below a folder of its own."""

    def __init__(self, into: Path, refused: Mapping[Path, Message], *, levels: int) -> None:
        """Take what archives above have refused, and how many archives may still lie within one another."""
        self._into = into
        self._refused = dict(refused)
        self._levels = levels
        self._remarks: list[Message] = []
        self._notes: list[str] = []
        self._unread: list[str] = []
        self._folders: list[Path] = []
        self._cut: frozenset[Cut] = frozenset()
        self._room = STUDENT

    def open(self, attempt: Attempt) -> Submission:
        """Return an attempt as a submission; what could not be taken is told in it."""
        self._remarks, self._folders, self._cut = [], [], frozenset()
        self._notes, self._unread = list(attempt.notes), list(attempt.notes)
        self._room = STUDENT
        items = self._unpacked(self._items(attempt), self._levels)
        if not any(item.is_notebook for item in items):
            items = [self._as_notebook(item) for item in items]
        items, earlier = _without_older_copies(items)
        if earlier:
            names = ", ".join(map(readable, earlier[:10]))
            self._remarks.append(
                msg("Older copies were set aside, the one with the highest number counts: {files}", files=names)
            )
        bounded = self._bounded(items)
        submission = submission_of(attempt.student, bounded)
        instead = None
        if submission.notebooks:
            self._remarks += submission.remarks
        else:
            folders = (*(upload.path for upload in attempt.uploads if upload.path.is_dir()), *self._folders)
            copies = [name for one in folders for name in checkpoints_in(one)]
            instead = instead_of(
                [item for item in bounded.items if not item.is_notebook],
                self._remarks,
                unread=submission.unread,
                unseen=submission.unseen,
                checkpoints=copies,
            )
        delivery = replace(
            attempt.delivery,
            earlier=(*attempt.delivery.earlier, *earlier),
            remarks=tuple(remark for remark in self._remarks if remark != instead),
        )
        return replace(submission, who=attempt.who, delivery=delivery, instead=instead)

    def _items(self, attempt: Attempt) -> list[SubmittedFile]:
        found: list[SubmittedFile] = []
        taken: set[str] = set()
        for upload in attempt.uploads:
            contents = (
                contents_of(upload.path)
                if upload.path.is_dir()
                else Contents(items=(SubmittedFile(name=upload.name, path=upload.path),))
            )
            self._notes += contents.notes
            self._unread += contents.unread
            self._cut |= contents.cut
            kept = (item for item in contents.items if item.name not in upload.without)
            found += [replace(item, name=free(numbered(item.name), taken)) for item in kept]
        return found

    def _unpacked(self, items: Sequence[SubmittedFile], levels: int) -> list[SubmittedFile]:
        """Return the files with those of archives in place of the archives.

        Beside a notebook an archive stays what it is, too: it may be the data that the notebook opens.
        """
        found: list[SubmittedFile] = []
        taken = {item.name for item in items}
        keep = any(item.is_notebook for item in items)
        for item in items:
            if item.path in self._refused:
                self._refuse(item.name, self._refused[item.path])
                continue
            if keep or not is_archive(item.name):
                found.append(item)
            if is_archive(item.name) and levels:
                found += [replace(one, name=free(numbered(one.name), taken)) for one in self._inside(item, levels)]
            elif is_archive(item.name):
                self._refuse(item.name, msg(_TOO_DEEP, name=item.name))
        return found

    def _inside(self, item: SubmittedFile, levels: int) -> list[SubmittedFile]:
        try:
            unpacked = unpack(item.path, self._into, self._room, name=item.name)
        except RefusedError as error:
            self._refuse(item.name, error.why)
            return []
        self._room = self._room.less(unpacked)
        self._refused |= unpacked.refused
        self._remarks += unpacked.outside
        self._folders.append(unpacked.folder)
        contents = contents_of(unpacked.folder)
        self._cut |= contents.cut
        folder = item.name[: -len(".zip")]
        return self._unpacked([replace(one, name=f"{folder}/{one.name}") for one in contents.items], levels - 1)

    def _refuse(self, name: str, why: Message) -> None:
        self._notes.append(note(name, "refused"))
        if is_notebook(name):
            self._unread.append(self._notes[-1])
        self._remarks.append(why)

    def _as_notebook(self, item: SubmittedFile) -> SubmittedFile:
        made = notebook_of(item.path, self._into) if item.name.lower().endswith(".py") else None
        return replace(item, path=made, converted=True) if made else item

    def _bounded(self, items: Sequence[SubmittedFile]) -> Contents:
        notebooks = [item for item in items if item.is_notebook]
        others = [item for item in items if not item.is_notebook]
        return Contents(
            items=(*notebooks[:MOST_NOTEBOOKS], *others[:MOST_FILES]),
            notes=tuple(self._notes),
            unread=tuple(self._unread),
            cut=self._cut | cut_of(notebooks, others),
        )


def _without_older_copies(items: Sequence[SubmittedFile]) -> tuple[list[SubmittedFile], list[str]]:
    """Set aside ``lab.ipynb`` where ``lab (1).ipynb`` lies beside it: a browser numbers what was saved again.

    Without ``lab.ipynb`` the numbers are the student's own: ``lab (1).ipynb`` and ``lab (2).ipynb`` are two tasks.
    """
    copies: dict[tuple[str, str], list[tuple[int, SubmittedFile]]] = {}
    for item in items:
        match = _COPY.fullmatch(item.name)
        if match and item.is_notebook:
            number = _UNNUMBERED if match["number"] is None else int(match["number"])
            copies.setdefault((match["stem"], match["ending"].lower()), []).append((number, item))
    older: set[SubmittedFile] = set()
    for group in copies.values():
        numbers = [number for number, _ in group]
        if _UNNUMBERED in numbers:
            older |= {item for number, item in group if number < max(numbers)}
    return [item for item in items if item not in older], [item.name for item in items if item in older]
