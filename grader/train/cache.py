"""Trainings on disk, one JSON file each, named by everything that could change them."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from grader.records import Training

_FORMAT = 1
"""Goes up when the trainer would make something else of the same recipe."""
_ADAPTER = TypeAdapter(Training)


def key_of(**parts: Any) -> str:
    """Return the digest of what decides about a training: recipe, data, profile, device class, Keras, seed."""
    text = json.dumps({"format": _FORMAT, **parts}, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Cache:
    """A folder of trainings. Safe against other processes that use it, and against files cut short."""

    def __init__(self, folder: Path | None) -> None:
        """Use a folder, made when the first training is kept; None keeps nothing."""
        self._folder = folder

    def find(self, key: str) -> Training | None:
        """Return the training kept under this key; a file that is not one is as good as none."""
        if self._folder is None:
            return None
        try:
            return read_training(json.loads(self._path(self._folder, key).read_bytes()))
        except (OSError, ValueError, RecursionError):
            return None

    def keep(self, key: str, training: Training) -> None:
        """Write a training, whole or not at all; a full disk costs the entry, not the run."""
        if self._folder is None:
            return
        path = self._path(self._folder, key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(dataclasses.asdict(training), file, allow_nan=False)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise

    @staticmethod
    def _path(folder: Path, key: str) -> Path:
        return folder / key[:2] / f"{key}.json"


def read_training(value: Any) -> Training:
    """Make a training of plain JSON.

    Raises:
        ValueError: It is not one.
    """
    return _ADAPTER.validate_json(json.dumps(value), strict=True)
