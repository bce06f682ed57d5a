"""The ledger's database: an SQLite file, a connection for each transaction, faults in plain words.

At rest it has a rollback journal and is one file; a transaction waits until the disk has it. While a grader holds it,
and it lies on a disk of this machine, it has a write-ahead log: transactions are in the system's hands when they end,
which is enough against ``kill -9``, and wait for the disk only if asked to. Such a log needs memory that all readers
share, so on a network file system, where readers may be other machines, the rollback journal stays.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from grader.errors import BusyError, DataError, GraderError, MachineError, UsageError
from grader.ledger.disks import is_of_this_machine
from grader.records import msg

FORMAT = 1
"""``PRAGMA user_version``; goes up when the tables change their meaning."""
_WAIT_SECONDS = 60.0
_JOURNAL_WAIT_MS = 1000
"""For readers to be done before the journal is changed; with the other one the ledger is as safe."""
_SCHEMA = """
CREATE TABLE run (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  facts TEXT,                        -- RunFacts as JSON
  request TEXT                       -- what the command was asked for, as JSON
);
CREATE TABLE conditions (            -- Keras, data and seal that submissions were graded with
  digest TEXT PRIMARY KEY,
  facts TEXT NOT NULL,
  accepted INTEGER NOT NULL          -- 1: what was graded with them stands
);
CREATE TABLE submission (
  student TEXT PRIMARY KEY,
  files TEXT,                        -- digest of what was handed in
  wanted TEXT,                       -- digest of files, tasks and profile as last asked for; NULL: no longer handed in
  stage TEXT NOT NULL,
  digest TEXT,                       -- of what the result was made from; equal to wanted when it is up to date
  conditions TEXT,
  status TEXT,
  result TEXT                        -- SubmissionResult as JSON
);
CREATE TABLE stage (
  student TEXT NOT NULL,
  stage TEXT NOT NULL,
  at TEXT NOT NULL,                  -- ISO 8601, UTC
  PRIMARY KEY (student, stage)
);
CREATE TABLE execution (             -- what lies in students/NAME/notebook-N
  student TEXT NOT NULL,
  number INTEGER NOT NULL,
  digest TEXT NOT NULL,              -- of everything the execution came of
  checksum TEXT NOT NULL,            -- of its files
  PRIMARY KEY (student, number)
);
CREATE TABLE training (
  key TEXT PRIMARY KEY,
  training TEXT NOT NULL             -- Training as JSON
);
CREATE TABLE decision (              -- the lecturer's; only ever added to, the latest of a criterion counts
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  student TEXT NOT NULL,
  files TEXT,                        -- what was handed in when it was taken
  task TEXT NOT NULL,
  criterion TEXT NOT NULL,
  verdict TEXT,                      -- NULL: the one before is taken back
  points INTEGER,
  because TEXT,
  author TEXT NOT NULL,
  at TEXT NOT NULL
);
"""


class Store:
    """The database of one run."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is made by the first transaction that writes."""
        self.path = path
        self._writer = threading.Lock()
        """Threads queue here: SQLite would let them sleep and try again."""

    @property
    def exists(self) -> bool:
        """Whether anything was recorded yet."""
        return self.path.is_file()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for looking; all it sees is of one moment.

        Raises:
            UsageError: There is no ledger here.
            DataError: It cannot be read.
            GraderError: The file could not be used in another way.
        """
        if not self.exists:
            raise UsageError(
                msg(
                    "{run}: no run is recorded here; expected a folder of `grader grade -o`",
                    run=str(self.path.parent.parent),
                )
            )
        with self._connected("rw") as database:
            database.execute("BEGIN")
            yield database

    @contextlib.contextmanager
    def writing(self, *, to_disk: bool = False) -> Iterator[sqlite3.Connection]:
        """Yield a connection whose changes are recorded, all of them, when the block ends; none if it raises.

        Args:
            to_disk: Wait until the disk has them, so that not even a power cut takes them back.

        Raises:
            MachineError: The disk is full or broken.
            GraderError: The file could not be used in another way.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._writer, self._connected("rwc") as database:
            if not to_disk and _journal(database) == "wal":
                database.execute("PRAGMA synchronous = NORMAL")
            database.execute("BEGIN IMMEDIATE")
            if database.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _SCHEMA.split(";\n"):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {FORMAT}")
            yield database
            database.execute("COMMIT")

    @contextlib.contextmanager
    def swift(self) -> Iterator[None]:
        """Spare transactions the wait for the disk until the block ends, where that is safe; then all is on disk."""
        with self.writing():  # makes the tables: an empty file would look like a ledger to a reader
            pass
        with self._connected("rw") as database:
            if is_of_this_machine(self.path.parent):
                _set_journal(database, "WAL")
            database.execute("SELECT 1 FROM run").fetchall()  # opens the log: the last one to close it empties it
            try:
                yield
            finally:
                database.execute("PRAGMA wal_checkpoint")
                _set_journal(database, "DELETE")

    @contextlib.contextmanager
    def _connected(self, mode: str) -> Iterator[sqlite3.Connection]:
        try:
            uri = f"{self.path.absolute().as_uri()}?mode={mode}"
            with contextlib.closing(
                sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)
            ) as database:
                database.execute("PRAGMA synchronous = FULL")
                found = database.execute("PRAGMA user_version").fetchone()[0]
                if found > FORMAT:
                    raise UsageError(
                        msg(
                            "{file}: written by a newer grader (format {found}, this one reads {format}); use that one",
                            file=str(self.path),
                            found=found,
                            format=FORMAT,
                        )
                    )
                yield database  # closing without COMMIT takes everything back
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def _fault(self, error: sqlite3.Error) -> GraderError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return MachineError(
                msg(
                    "{file}: the disk is full or cannot be written ({why}); free some space, then call `grader resume "
                    "{run}`; what was recorded is safe",
                    file=str(self.path),
                    why=str(error),
                    run=str(self.path.parent.parent),
                )
            )
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return BusyError(
                msg("{file}: another process has kept the ledger for a minute; try again", file=str(self.path))
            )
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
            return MachineError(
                msg(
                    "{file}: cannot be opened ({why}); look at the rights of the folder and the file",
                    file=str(self.path),
                    why=str(error),
                )
            )
        return DataError(
            msg(
                "{file}: this is not a ledger that can be read ({why}); grade into a new folder",
                file=str(self.path),
                why=str(error),
            )
        )


def _journal(database: sqlite3.Connection) -> str:
    return str(database.execute("PRAGMA journal_mode").fetchone()[0])


def _set_journal(database: sqlite3.Connection, journal: str) -> None:
    database.execute(f"PRAGMA busy_timeout = {_JOURNAL_WAIT_MS}")
    with contextlib.suppress(sqlite3.OperationalError):  # somebody is reading: then the next grader changes it
        database.execute(f"PRAGMA journal_mode = {journal}")
