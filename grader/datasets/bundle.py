"""The files in a folder, zip or tar, as bounded streams of bytes: nothing is ever extracted to disk."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from grader.errors import DataError
from grader.records import msg

MEMBER_BYTES = 64 << 20
"""Longest member that is read; MNIST's and CIFAR-10's longest have 47 and 31 MB."""
_TAR_BYTES = 1 << 29
"""Longest unpacked tar; CIFAR-10's has 186 MB."""
_MEMBERS = 4096

Member = tuple[str, Callable[[], bytes]]
"""Base name, and a function that reads the content; call it before asking for the next member."""


def members(path: Path) -> Iterator[Member]:
    """Yield the regular files of a folder, zip or tar (plain, gzip, bzip2, xz) that are short enough to matter.

    Raises:
        DataError: the path is none of these, or holds more than any data set does. What damaged files raise is
            translated by :func:`readable`, which the caller holds around reading too.
    """
    for number, member in enumerate(_opener(path)(path)):
        if number >= _MEMBERS:
            raise DataError(
                msg(
                    "{file}: found more than {most} files in it; give only the data set's own files",
                    file=str(path),
                    most=_MEMBERS,
                )
            )
        yield member


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what damaged files raise into a DataError."""
    try:
        yield
    except (*_DAMAGE, OSError) as fault:
        raise DataError(
            msg(
                "{file}: found a file that cannot be read ({kind}: {why}); expected a whole archive. It is "
                "probably cut short: fetch it again",
                file=str(path),
                kind=type(fault).__name__,
                why=str(fault),
            )
        ) from fault


_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,  # zipfile: a member needs a password
    NotImplementedError,  # zipfile: an unknown compression
)


def gunzipped(content: bytes) -> bytes:
    """Return content that was gzipped unpacked, cut after ``MEMBER_BYTES``; other content as it is."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
        return stream.read(MEMBER_BYTES)


def _opener(path: Path) -> Callable[[Path], Iterator[Member]]:
    if not path.exists():
        raise DataError(
            msg("{file}: found no such file or folder; give the path of the data set's file", file=str(path))
        )
    if path.is_dir():
        return _folder
    if zipfile.is_zipfile(path):
        return _zip
    return _tar


def _folder(path: Path) -> Iterator[Member]:
    for file in sorted(path.rglob("*")):
        if file.is_file() and file.stat().st_size <= MEMBER_BYTES:
            yield file.name, file.read_bytes


def _zip(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir() and info.file_size <= MEMBER_BYTES:
                yield _base(info.filename), lambda info=info: _unzip(archive, info)  # type: ignore[misc]


def _unzip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as stream:
        return stream.read(MEMBER_BYTES)


def _tar(path: Path) -> Iterator[Member]:
    with _unpacked(path) as stream, _open_tar(path, _Limited(stream)) as archive:
        for info in archive:
            content = archive.extractfile(info) if info.isreg() and info.size <= MEMBER_BYTES else None
            if content is not None:
                yield _base(info.name), content.read


def _open_tar(path: Path, stream: _Limited) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|")
    except tarfile.ReadError as fault:
        raise DataError(
            msg(
                "{file}: found a file of another kind; expected an .npz with x_train, y_train, x_test, y_test, "
                "a folder, zip or tar with MNIST's four idx files, or CIFAR-10's archive or folder (python or "
                "binary version)",
                file=str(path),
            )
        ) from fault


def _unpacked(path: Path) -> io.BufferedIOBase:
    with path.open("rb") as file:
        magic = file.read(6)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.open(path)
    if magic.startswith(b"BZh"):
        return bz2.open(path)
    if magic == b"\xfd7zXZ\x00":
        return lzma.open(path)
    return path.open("rb")


class _Limited(io.RawIOBase):
    """A stream that ends in an error instead of unpacking without end."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream
        self._left = _TAR_BYTES

    def read(self, size: int = -1) -> bytes:
        """Read like the stream, as long as the budget lasts."""
        content = self._stream.read(size if 0 <= size <= self._left else self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise DataError(
                msg(
                    "found an archive of more than {limit} MB unpacked; no data set here is that long",
                    limit=_TAR_BYTES >> 20,
                )
            )
        return content


def _base(name: str) -> str:
    return name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
