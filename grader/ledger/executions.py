"""Executed notebooks on disk: a folder each, written whole or not at all, reused while none of its inputs changes."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.ledger.disks import flush
from grader.ledger.store import Store

_RUNNING = "running-"
_FILES = ("outcome.json", "trace.jsonl", "delegated.json", "executed.ipynb")
"""What is read of an execution; a folder whose files are not those that were recorded is not used again."""


class Executions:
    """The ``notebook-N`` folders of all students, and what each of them came of."""

    def __init__(self, store: Store, folder_of: Callable[[str], Path]) -> None:
        """Keep folders below ``folder_of(student)``, their digests in the store."""
        self._store, self._folder_of = store, folder_of
        self._in_memory = False
        """Whether the disk may not have all of them yet."""

    def find(self, student: str, number: int, digest: str) -> Path | None:
        """Return the folder of an execution that came of the same, unharmed; else None."""
        if not self._store.exists:
            return None
        with self._store.reading() as database:
            row = database.execute(
                "SELECT checksum FROM execution WHERE student = ? AND number = ? AND digest = ?",
                (student, number, digest),
            ).fetchone()
        folder = self.place(student, number)
        return folder if row is not None and row[0] == _checksum(folder) else None

    def place(self, student: str, number: int) -> Path:
        """Return where an execution lies when it is done."""
        return self._folder_of(student) / f"notebook-{number}"

    def settle(self, student: str, digests: Sequence[str]) -> None:
        """Move recorded executions to where they belong when a student's notebooks were renamed or added to.

        Args:
            student: Whose they are.
            digests: Of the executions that are wanted now, in the order of the notebooks.
        """
        if not self._store.exists:
            return
        mine = "SELECT number, digest, checksum FROM execution WHERE student = ?"
        with self._store.reading() as database:
            if not database.execute(mine, (student,)).fetchall():
                return
        with self._store.writing() as database:
            moves = _moves(database.execute(mine, (student,)).fetchall(), digests)
            for one, other, _, _ in moves:  # until they are in place again nothing is on record for either number
                database.execute("DELETE FROM execution WHERE student = ? AND number IN (?, ?)", (student, one, other))
        aside = [(self.begin(student), *move) for move in moves]
        for folder, number, _, _, _ in aside:
            folder.rmdir()
            with contextlib.suppress(FileNotFoundError):
                self.place(student, number).rename(folder)
        for folder, _, number, digest, checksum in aside:
            if _checksum(folder) == checksum:
                self.keep(student, number, digest, folder)

    def begin(self, student: str) -> Path:
        """Return a new folder to run a notebook in, of this one attempt alone.

        What an interrupted attempt left behind may still write to its own folder for some seconds.
        """
        folder = self._folder_of(student) / f"{_RUNNING}{uuid.uuid4().hex}"
        folder.mkdir(parents=True)
        return folder

    def keep(self, student: str, number: int, digest: str, folder: Path) -> Path:
        """Put a finished execution in its place and record it; returns where it lies now.

        Order matters for ``kill -9`` at any moment: the old record is gone, the folder is moved, the new record is
        made. After a power cut the checksum tells what had reached the disk, whatever the order.
        """
        place, checksum = self.place(student, number), _checksum(folder)
        self._forget(student, number)
        with contextlib.suppress(FileNotFoundError):
            place.rename(folder.with_name(f"{folder.name}-old"))
        folder.rename(place)
        with self._store.writing() as database:
            database.execute("INSERT INTO execution VALUES (?, ?, ?, ?)", (student, number, digest, checksum))
        self._in_memory = True
        shutil.rmtree(folder.with_name(f"{folder.name}-old"), ignore_errors=True)
        return place

    def _forget(self, student: str, number: int) -> None:
        """Take an old record away, where there is one: looking costs nothing, a transaction waits for the disk."""
        where = "FROM execution WHERE student = ? AND number = ?"
        if self._store.exists:
            with self._store.reading() as database:
                if database.execute(f"SELECT 1 {where}", (student, number)).fetchone() is None:
                    return
        with self._store.writing() as database:
            database.execute(f"DELETE {where}", (student, number))

    def to_disk(self) -> None:
        """Wait until the disk has everything that was kept here: once for a run, and not for each of its files."""
        if self._in_memory:
            flush(self._folder_of("anybody").parent)
            self._in_memory = False

    def forget_harmed(self) -> None:
        """Take executions off the record whose files did not reach the disk, and results that came of them."""
        with self._store.reading() as database:
            rows = database.execute("SELECT student, number, checksum FROM execution").fetchall()
        harmed = [(one, number) for one, number, checksum in rows if checksum != _checksum(self.place(one, number))]
        if harmed:
            with self._store.writing() as database:
                database.executemany("DELETE FROM execution WHERE student = ? AND number = ?", harmed)
                database.executemany(
                    "UPDATE submission SET digest = NULL WHERE student = ?", [(student,) for student, _ in harmed]
                )

    def sweep(self, students: Path) -> None:
        """Remove what interrupted attempts left behind below the folder of all students."""
        for left in students.glob(f"*/{_RUNNING}*"):
            shutil.rmtree(left, ignore_errors=True)


def _moves(rows: Sequence[tuple[int, str, str]], wanted: Sequence[str]) -> list[tuple[int, int, str, str]]:
    """Return which recorded executions belong elsewhere: number, new number, digest, checksum."""
    settled = {number for number, digest, _ in rows if number < len(wanted) and wanted[number] == digest}
    spare = {digest: (number, checksum) for number, digest, checksum in rows if number not in settled}
    moves = []
    for number, digest in enumerate(wanted):
        if number not in settled and digest in spare:
            before, checksum = spare.pop(digest)
            moves.append((before, number, digest, checksum))
    return moves


def _checksum(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in _FILES:
        try:
            with (folder / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError:  # a notebook that was stopped leaves less
            digest.update(b"\0missing")
    return digest.hexdigest()
