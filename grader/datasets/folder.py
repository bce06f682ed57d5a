"""One data set's folder: four arrays, the hashes of their rows, and ``dataset.json``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.datasets.arrays import NAMES, Arrays
from grader.inside.rowhash import row_hashes
from grader.known import Description
from grader.records import DataSet


def fingerprint(arrays: Arrays) -> str:
    """Return the SHA-256 (64 hex digits) of names, dtypes, shapes and bytes of the four arrays."""
    digest = hashlib.sha256()
    for name in NAMES:
        array = np.ascontiguousarray(arrays[name])
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{name} {little.dtype.str} {list(little.shape)}\n".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()


def write_folder(folder: Path, spec: Description, edition: str, source: str, arrays: Arrays) -> DataSet:
    """Write arrays, row hashes and ``dataset.json`` into an existing empty folder; everything readable by all.

    ``dataset.json`` comes last: without it the folder does not count.
    """
    for name in NAMES:
        _save(folder / f"{name}.npy", arrays[name])
    if spec.images:
        for split in ("train", "test"):
            _save(folder / f"{split}_hash.npy", row_hashes(arrays[f"x_{split}"]))
    facts: dict[str, Any] = {
        "name": spec.name,
        "edition": edition,
        "fingerprint": fingerprint(arrays),
        "num_train": spec.num_train,
        "num_test": spec.num_test,
        "source": source,
    }
    (folder / "dataset.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    folder.chmod(0o755)  # tempfile.mkdtemp makes folders nobody else can enter
    return DataSet(folder=str(folder), **facts)


def _save(path: Path, array: NDArray[Any]) -> None:
    np.save(path, array, allow_pickle=False)
    path.chmod(0o444)


def read_folder(folder: Path, spec: Description, edition: str) -> DataSet | None:
    """Return the data set in a folder, or None when the folder is missing, half-written or of another shape.

    Opens every array memory-mapped, so that a file cut short is noticed; does not read the arrays.
    """
    try:
        facts = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        dataset = DataSet(folder=str(folder), **facts)
        whole = all(_has(folder / f"{name}.npy", spec.shape(name), spec.dtype(name)) for name in NAMES)
        if spec.images:
            hashes = ((spec.num_train, "train"), (spec.num_test, "test"))
            whole = whole and all(_has(folder / f"{split}_hash.npy", (n,), "uint64") for n, split in hashes)
    except (OSError, ValueError, TypeError):
        return None
    right = (dataset.name, dataset.edition, dataset.num_train) == (spec.name, edition, spec.num_train)
    return dataset if whole and right else None


def _has(path: Path, shape: tuple[int, ...], dtype: str) -> bool:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return bool(array.shape == shape and array.dtype == dtype)
