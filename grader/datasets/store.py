"""The data sets on this machine: one folder per data set and edition, each written once and whole."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from grader import places
from grader.datasets import binary20, sample_cifar10, sample_mnist
from grader.datasets.arrays import SPECS, Arrays, Spec, spec_of
from grader.datasets.download import download
from grader.datasets.folder import read_folder, write_folder
from grader.datasets.given import read_given
from grader.errors import DataError
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


_SAMPLES: dict[str, tuple[str, Callable[[], Arrays]]] = {
    "mnist": (sample_mnist.SOURCE, sample_mnist.make),
    "cifar10": (sample_cifar10.SOURCE, sample_cifar10.make),
    "binary20": (binary20.SOURCE, binary20.make),
}
"""Where each sample comes from, and what makes it. A sample of another source is of another version: made again."""


class DataStore:
    """Finds, makes and takes in data sets below one folder. Any number of processes may use it at once."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = places.data_home() / "datasets" if home is None else home

    def get(self, name: str, edition: Edition) -> DataSet | None:
        """Return a data set that is here already, else None. Reads only; a half-written folder counts as absent.

        ``binary20`` has one edition, ``sample``, which also serves ``full``.
        """
        spec = spec_of(name)
        edition = edition if spec.images else "sample"
        found = read_folder(self._folder(spec, edition), spec, edition)
        stale = found is not None and edition == "sample" and found.source != _SAMPLES[name][0]
        return None if stale else found

    def choose(self, name: str, want: Literal["auto", "sample", "full"] = "auto") -> DataSet:
        """Return a data set to work with: ``auto`` takes the full one when it is here, else the sample.

        A sample is made on first use, which takes 5 to 25 s.

        Raises:
            DataError: the full data set is wanted and missing, or the sample cannot be made; says what to run.
        """
        spec = spec_of(name)
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

    def add(self, name: str, path: Path, source: str = "") -> DataSet:
        """Take in a full data set from a file or folder (``grader/datasets/given.py`` lists the formats).

        Args:
            name: Such as ``mnist``.
            path: The file or folder.
            source: What is to be known about it; pages and records repeat it. By default the file's name.

        Raises:
            DataError: the file is not this data set; the store is left as it was.
        """
        spec = spec_of(name)
        return self._install(spec, "full", source or f"added from {path.name}", read_given(spec, path))

    def fetch(self, name: str) -> DataSet:
        """Download a full data set through ``keras.datasets``.

        Raises:
            DataError: no Keras or no network; says what to do instead.
        """
        spec = spec_of(name)
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
            for spec in SPECS.values()
            for edition in _EDITIONS
            if spec.images or edition == "sample"
        )

    def _row(self, spec: Spec, edition: Edition) -> Row:
        found = self.get(spec.name, edition)
        return Row(
            name=spec.name,
            edition=edition,
            present=found is not None,
            fingerprint=found.fingerprint if found else "",
            size=sum(file.stat().st_size for file in Path(found.folder).iterdir()) if found else 0,
            source=found.source if found else _SAMPLES[spec.name][0] if edition == "sample" else "",
        )

    def _folder(self, spec: Spec, edition: str) -> Path:
        return self.home / f"{spec.name}-{edition}"

    def _make(self, spec: Spec) -> DataSet:
        source, make = _SAMPLES[spec.name]
        with self._alone(spec, "sample"):
            already = self.get(spec.name, "sample")  # another process may have made it while this one waited
            return already or self._write(spec, "sample", source, make())

    def _install(self, spec: Spec, edition: Edition, source: str, arrays: Arrays) -> DataSet:
        with self._alone(spec, edition):
            return self._write(spec, edition, source, arrays)

    @contextlib.contextmanager
    def _alone(self, spec: Spec, edition: str) -> Iterator[None]:
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

    def _write(self, spec: Spec, edition: str, source: str, arrays: Arrays) -> DataSet:
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


def kernel_folder(datasets: Sequence[DataSet]) -> dict[str, Path]:
    """Return the folder of each image data set, to be bound read-only into the sandbox.

    ``binary20`` stays out: notebooks draw their own numbers.
    """
    return {dataset.name: Path(dataset.folder) for dataset in datasets if SPECS[dataset.name].images}
