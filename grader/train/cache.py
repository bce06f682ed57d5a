"""Trainings on disk, named by everything that could change them, the least used thrown away first.

A training is a file; the state it left in its model, where that was asked for, is another one beside it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from grader.records import Training
from grader.train.shared import SharedCache

LIMIT_BYTES = 2 << 30
"""What a cache may hold unless told otherwise; a training takes some kilobytes, the state of a model some megabytes."""
_FORMAT = 2
"""To be raised when the trainer begins to train an unchanged recipe differently."""
_ADAPTER = TypeAdapter(Training)
_PART, _TRAINING, _STATE = ".part", ".training", ".state"
_ABANDONED_SECONDS = 3600
"""A file half written and this old was left by a process that was killed."""
_FULL, _ROOMY = 1.0, 0.9
"""Shares of the limit: where throwing away begins, and where it ends."""


def key_of(**parts: Any) -> str:
    """Return the digest of what decides about a training: recipe, data, profile, platform, seed."""
    text = json.dumps({"format": _FORMAT, **parts}, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSize:
    """How much a cache holds."""

    trainings: int
    bytes: int


class Cache:
    """A folder of trainings.

    Safe among many threads and processes, and against ``kill -9``: a file appears whole, its checksum tells whether it
    still is, and one that is thrown away while another process wants it is only trained once more.
    """

    def __init__(
        self, folder: Path | None, *, limit_bytes: int = LIMIT_BYTES, shared: SharedCache | None = None
    ) -> None:
        """Use a folder, made when the first training is kept; None keeps nothing.

        Args:
            folder: Where trainings lie on this machine.
            limit_bytes: What the folder may hold.
            shared: Where other machines keep theirs: what is found there comes here, what is kept here goes there.
        """
        self._folder = folder
        self._shared = shared
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._held: int | None = None
        """Bytes in the folder, as far as this process knows; None before it has looked."""

    def find(self, key: str) -> Training | None:
        """Return the training kept under this key; a file that is not one is as good as none."""
        body = self._read(key, _TRAINING)
        try:
            return None if body is None else read_training(body)
        except ValueError:
            return None

    def find_state(self, key: str) -> bytes | None:
        """Return the state kept with the training under this key: empty if too large to hand out, None if not kept."""
        return self._read(key, _STATE)

    def keep(self, key: str, training: Training, state: bytes | None = None) -> None:
        """Write a training and its state, each whole or not at all; a full disk costs the entry, not the run."""
        if state is not None:  # first, so that it is there for whoever finds the training
            self._write(key, _STATE, state)
        self._write(key, _TRAINING, json.dumps(dataclasses.asdict(training), allow_nan=False).encode())

    def _read(self, key: str, suffix: str) -> bytes | None:
        if self._folder is None:
            return None
        path = self._path(self._folder, key, suffix)
        with contextlib.suppress(OSError):
            if (body := _checked(path.read_bytes())) is not None:
                with contextlib.suppress(OSError):  # a cache that may only be read
                    os.utime(path)  # the time of its last use, whatever the file system thinks of access times
                return body
        content = self._shared.read(f"{key}{suffix}") if self._shared else None
        body = None if content is None else _checked(content)
        if content is not None and body is not None:
            self._put(path, content)
        return body

    def _write(self, key: str, suffix: str, body: bytes) -> None:
        if self._folder is None:
            return
        content = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
        self._put(self._path(self._folder, key, suffix), content)
        if self._shared:
            self._shared.write(f"{key}{suffix}", content)

    def _put(self, path: Path, content: bytes) -> None:
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, suffix=_PART)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            self._make_room(len(content))

    def size(self) -> CacheSize:
        """Count what is kept; other processes may be writing."""
        found = [(path.suffix, stat.st_size) for path, stat in self._files() if path.suffix != _PART]
        trainings = sum(suffix == _TRAINING for suffix, _ in found)
        return CacheSize(trainings=trainings, bytes=sum(size for _, size in found))

    def clear(self) -> CacheSize:
        """Throw everything away; returns what that was."""
        held = self.size()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._held = None
        return held

    def _make_room(self, added: int) -> None:
        with self._lock:
            self._held = self._held + added if self._held is not None else self.size().bytes
            if self._held <= _FULL * self._limit:
                return
            files = sorted(self._files(), key=lambda one: one[1].st_mtime)  # others write too, so look again
            held = sum(stat.st_size for _, stat in files)
            for path, stat in files:
                abandoned = path.suffix == _PART and time.time() - stat.st_mtime > _ABANDONED_SECONDS
                if abandoned or (held > _ROOMY * self._limit and path.suffix != _PART):
                    path.unlink(missing_ok=True)
                    held -= stat.st_size
            self._held = held

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self._folder.glob("??/*") if self._folder is not None else ():
            with contextlib.suppress(OSError):  # thrown away by another process since
                yield path, path.stat()

    @staticmethod
    def _path(folder: Path, key: str, suffix: str) -> Path:
        return folder / key[:2] / f"{key}{suffix}"


def cache_at(folder: Path | None, url: str | None) -> Cache:
    """Return the cache in a folder, behind it the one at a URL if there is any.

    Raises:
        UsageError: Nothing can be kept at such a URL.
    """
    return Cache(folder, shared=SharedCache(url) if url else None)


def _checked(content: bytes) -> bytes | None:
    """Return what stands behind its checksum; None if it is not that any more."""
    checksum, _, body = content.partition(b"\n")
    return body if hashlib.sha256(body).hexdigest().encode() == checksum else None


def read_training(text: bytes | str) -> Training:
    """Make a training of JSON.

    Raises:
        ValueError: It is not one.
    """
    return _ADAPTER.validate_json(text, strict=True)
