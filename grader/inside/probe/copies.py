"""The files that data sets are downloaded as, made from the arrays on disk."""

from __future__ import annotations

import gzip
import pickle
import re
import struct
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .stored import StoredDataset

_CIFAR_FOLDER = "cifar-10-batches-py"
_SMALL = 20_000
"""Rows of Colab's small table."""
_SPLITS = {"train": "train", "t10k": "test", "test": "test"}


@dataclass(frozen=True, kw_only=True)
class Copy:
    """What lies at an address that a notebook asks for."""

    stored: StoredDataset
    form: str
    """One of ``FORMS``."""
    parts: Mapping[str, str | None]
    """What the address says of it, such as the split."""

    def content(self) -> bytes:
        """Return the file's bytes."""
        return FORMS[self.form](self)


def copy_at(stored_datasets: Mapping[str, StoredDataset], address: str) -> Copy | None:
    """Return the file of a data set that lies at an address; None for anything else."""
    address = address.partition("?")[0].rstrip("/")
    for stored in stored_datasets.values():
        for form, pattern in stored.facts.files:
            match = re.search(pattern, address)
            if match is not None:
                return Copy(stored=stored, form=form, parts=match.groupdict())
    return None


def npz_file(stored: StoredDataset) -> str:
    """Write the file that Keras downloads, and return its path."""
    path = Path(tempfile.mkdtemp(prefix="keras-")) / f"{stored.name}.npz"
    arrays: dict[str, Any] = {name: stored.array(name) for name in ("x_train", "y_train", "x_test", "y_test")}
    np.savez(path, **arrays)
    return str(path)


def cifar_folder(stored: StoredDataset) -> str:
    """Write the archive's files; the folder leads to itself by the archive's inner name, as releases differ in that."""
    folder = Path(tempfile.mkdtemp(prefix="keras-"))
    x, y = stored.array("x_train"), np.ravel(stored.array("y_train"))
    for number, rows in enumerate(np.array_split(np.arange(len(x)), 5), start=1):
        _cifar_batch(folder / f"data_batch_{number}", x[rows], y[rows])
    _cifar_batch(folder / "test_batch", stored.array("x_test"), np.ravel(stored.array("y_test")))
    meta = {b"label_names": [name.encode() for name in stored.facts.class_names], b"num_vis": stored.row_size}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta))
    (folder / _CIFAR_FOLDER).symlink_to(".", target_is_directory=True)
    return str(folder)


def _cifar_batch(path: Path, images: Any, labels: Any) -> None:
    flat = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    path.write_bytes(pickle.dumps({b"data": np.ascontiguousarray(flat), b"labels": labels.tolist()}))


def cifar_archive(stored: StoredDataset) -> str:
    """Write the archive that CIFAR-10 is published as, and return its path."""
    folder = cifar_folder(stored)
    path = Path(folder).with_suffix(".tar.gz")
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for file in sorted(Path(folder).iterdir()):
            if not file.is_symlink():
                archive.add(file, arcname=f"{_CIFAR_FOLDER}/{file.name}")
    return str(path)


def _idx(copy: Copy) -> bytes:
    """Return an array of bytes in the format of MNIST's own files."""
    array = copy.stored.array(f"{'x' if copy.parts['part'] == 'images' else 'y'}_{_split(copy)}")
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    made = head + bytes(array.astype("uint8").tobytes())
    return gzip.compress(made, compresslevel=1) if copy.parts.get("packed") else made


def _csv(copy: Copy) -> bytes:
    most, split = _SMALL if copy.parts.get("small") else None, _split(copy)
    labels, images = np.ravel(copy.stored.array(f"y_{split}"))[:most], copy.stored.array(f"x_{split}")[:most]
    rows = zip(labels.tolist(), images.reshape(len(images), -1).tolist(), strict=True)
    return "".join(f"{label},{','.join(map(str, image))}\n" for label, image in rows).encode()


def _split(copy: Copy) -> str:
    return _SPLITS[copy.parts["split"] or ""]


FORMS: Mapping[str, Callable[[Copy], bytes]] = {
    "npz": lambda copy: Path(npz_file(copy.stored)).read_bytes(),
    "idx": _idx,
    "csv": _csv,
    "cifar": lambda copy: Path(cifar_archive(copy.stored)).read_bytes(),
}
"""The forms in which files are published."""
