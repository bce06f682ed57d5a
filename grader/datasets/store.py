"""The data sets on this machine: one folder per data set and edition, each written once and whole."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol, cast

from grader import places
from grader.datasets.arrays import Arrays
from grader.datasets.download import download
from grader.datasets.folder import read_folder, write_folder
from grader.datasets.given import read_given
from grader.errors import DataError
from grader.known import KNOWN, Description, description_of
from grader.records import DataSet, msg

Edition = Literal["full", "sample"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of ``grader data list``."""

    name: str
    edition: str
    present: bool
    fingerprint: str
    """64 hex digits; empty when not present."""
    size: int
    """Bytes on disk."""
    source: str


class _Sample(Protocol):
    """A module that makes a sample."""

    SOURCE: str
    """Where it comes from. A sample on disk of another source is of another version: made again."""

    def make(self, spec: Description) -> Arrays:
        """Return its arrays."""


def _sample_of(spec: Description) -> _Sample | None:
    return cast(_Sample, importlib.import_module(spec.sample)) if spec.sample else None


def _source_of(spec: Description) -> str:
    sample = _sample_of(spec)
    return sample.SOURCE if sample else ""


class DataStore:
    """Finds, makes and takes in data sets below one folder. Any number of processes may use it at once."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = places.data_home() / "datasets" if home is None else home

    def get(self, name: str, edition: Edition) -> DataSet | None:
        """Return a data set that is here already, else None. Reads only; a half-written folder counts as absent.

        What notebooks draw themselves has one edition, ``sample``, which also serves ``full``.
        """
        spec = description_of(name)
        edition = edition if spec.images else "sample"
        found = read_folder(self._folder(spec, edition), spec, edition)
        return None if found is not None and edition == "sample" and found.source != _source_of(spec) else found

    def choose(self, name: str, want: Literal["auto", "sample", "full"] = "auto") -> DataSet:
        """Return a data set to work with: ``auto`` takes the full one when it is here, else the sample.

        A sample is made on first use, which takes 5 to 25 s.

        Raises:
            DataError: the full data set is wanted and missing, or there is no sample; says what to run.
        """
        spec = description_of(name)
        full = None if want == "sample" else self.get(name, "full")
        if full is not None:
            return full
        if want == "full" and spec.images:
            raise DataError(
                msg(
                    "{name}: found no full data set in {folder}. Run `grader data fetch {name}` with a network, or "
                    "`grader data add {name} FILE` with a file you have",
                    name=name,
                    folder=str(self.home),
                )
            )
        return self.get(name, "sample") or self._make(spec)

    def at_hand(self) -> tuple[DataSet, ...]:
        """Return every data set that can be worked with here and now, samples where the full one is missing."""
        return tuple(self.choose(name) for name, spec in KNOWN.items() if spec.sample or self.get(name, "full"))

    def add(self, name: str, path: Path, source: str = "") -> DataSet:
        """Take in a full data set from a file or folder (``grader/datasets/given.py`` lists the formats).

        Args:
            name: Such as ``mnist``.
            path: The file or folder.
            source: What is to be known about it; pages and records repeat it. By default the file's name.

        Raises:
            DataError: the file is not this data set; the store is left as it was.
        """
        spec = description_of(name)
        return self._install(spec, "full", source or f"added from {path.name}", read_given(spec, path))

    def fetch(self, name: str) -> DataSet:
        """Download a full data set through ``keras.datasets``.

        Raises:
            DataError: no Keras or no network; says what to do instead.
        """
        spec = description_of(name)
        if not spec.images:
            return self.choose(name)
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / f"{name}.npz"
            download(name, file)
            return self._install(spec, "full", f"keras.datasets.{name}", read_given(spec, file))

    def list(self) -> tuple[Row, ...]:
        """Return one row per data set and edition, present or not."""
        return tuple(
            self._row(spec, edition)
            for spec in KNOWN.values()
            for edition in _EDITIONS
            if (spec.images if edition == "full" else spec.sample)
        )

    def _row(self, spec: Description, edition: Edition) -> Row:
        found = self.get(spec.name, edition)
        return Row(
            name=spec.name,
            edition=edition,
            present=found is not None,
            fingerprint=found.fingerprint if found else "",
            size=sum(file.stat().st_size for file in Path(found.folder).iterdir()) if found else 0,
            source=found.source if found else _source_of(spec) if edition == "sample" else "",
        )

    def _folder(self, spec: Description, edition: str) -> Path:
        return self.home / f"{spec.name}-{edition}"

    def _make(self, spec: Description) -> DataSet:
        sample = _sample_of(spec)
        if sample is None:
            raise DataError(
                msg(
                    "{name}: there is no offline sample of it, only the full data set. Run `grader data fetch {name}` "
                    "with a network, or `grader data add {name} FILE` with a file you have",
                    name=spec.name,
                )
            )
        with self._alone(spec, "sample"):
            already = self.get(spec.name, "sample")  # another process may have made it while this one waited
            return already or self._write(spec, "sample", sample.SOURCE, sample.make(spec))

    def _install(self, spec: Description, edition: Edition, source: str, arrays: Arrays) -> DataSet:
        with self._alone(spec, edition):
            return self._write(spec, edition, source, arrays)

    @contextlib.contextmanager
    def _alone(self, spec: Description, edition: str) -> Iterator[None]:
        """Hold the edition's lock; it goes with the process, so a killed one leaves nothing to clear."""
        with self._writable():
            self.home.mkdir(parents=True, exist_ok=True)
            lock = (self.home / f".{spec.name}-{edition}.lock").open("w")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            raise DataError(
                msg(
                    "{folder}: found a folder that cannot be written ({why}). Free space or mend its permissions, "
                    "or set GRADER_HOME to a folder that can",
                    folder=str(self.home),
                    why=str(fault.strerror or fault),
                )
            ) from fault

    def _write(self, spec: Description, edition: str, source: str, arrays: Arrays) -> DataSet:
        """Write a folder beside its place, then rename it there: readers see the old one, none, or the new one."""
        place = self._folder(spec, edition)
        with self._writable():
            for left in self.home.glob(f".{place.name}-*"):  # by a process that was killed: we hold the lock
                shutil.rmtree(left, ignore_errors=True)
            fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=self.home))
            try:
                dataset = write_folder(fresh, spec, edition, source, arrays)
                if place.exists():
                    place.rename(Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=self.home)) / "old")
                fresh.rename(place)
            finally:
                for left in self.home.glob(f".{place.name}-*"):
                    shutil.rmtree(left, ignore_errors=True)
        return replace(dataset, folder=str(place))


_EDITIONS: tuple[Edition, ...] = ("full", "sample")
