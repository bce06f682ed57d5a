"""The data sets on disk, as the probe looks rows up in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..facts import DataFacts  # noqa: TID252  # the kernel imports this folder under another name
from ..rowhash import row_hashes  # noqa: TID252
from ..transforms import Statistics, statistics  # noqa: TID252
from .rowindex import RowIndex, Rows

_CHUNK = 4096
_TOLD_APART = 0.99
"""Share of images that must have an outline of their own."""


@dataclass(frozen=True, kw_only=True)
class StoredDataset:
    """One data set's folder: ``{x,y}_{train,test}.npy``, ``{train,test}_hash.npy``, ``dataset.json``."""

    name: str
    edition: str
    folder: Path
    facts: DataFacts = field(default_factory=lambda: DataFacts(name=""))
    """What else the host says of it."""

    def array(self, name: str) -> NDArray[Any]:
        """Return one of the arrays, mapped copy-on-write: writable for the notebook, never changed on disk."""
        mapped: np.memmap[Any, Any] = np.load(self.folder / f"{name}.npy", mmap_mode="c")
        return mapped.view(np.ndarray)

    @cached_property
    def item_shape(self) -> tuple[int, ...]:
        """Shape of one image, such as (28, 28)."""
        return tuple(self.array("x_train").shape[1:])

    @cached_property
    def row_size(self) -> int:
        """Numbers in one image."""
        return int(np.prod(self.item_shape))

    @cached_property
    def channels(self) -> int:
        """Colour channels of one image: 1 or 3."""
        return self.item_shape[-1] if len(self.item_shape) == 3 else 1

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        """Hashes of all rows, train first."""
        return np.concatenate([np.load(self.folder / f"{split}_hash.npy") for split in ("train", "test")])

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """True labels of all rows, train first."""
        return np.concatenate([np.ravel(self.array(f"y_{split}")).astype(np.int64) for split in ("train", "test")])

    @cached_property
    def num_train(self) -> int:
        """Rows of the train split: where the test rows begin."""
        return len(self.array("x_train"))

    @cached_property
    def index(self) -> RowIndex:
        """Rows by the images themselves."""
        return RowIndex(hashes=self.hashes, num_train=self.num_train)

    @cached_property
    def outlines(self) -> RowIndex | None:
        """Rows by which numbers of an image are not 0; None where that does not tell images apart, as with photos."""
        splits = (self.array(f"x_{split}") for split in ("train", "test"))
        hashes = np.concatenate([outline_hashes(split.reshape(len(split), -1)) for split in splits])
        tells = len(np.unique(hashes)) >= _TOLD_APART * len(hashes)
        return RowIndex(hashes=hashes, num_train=self.num_train) if tells else None

    @cached_property
    def statistics(self) -> Statistics:
        """Mean and deviation of every number over the training images."""
        return statistics(self.array("x_train"))

    def contains(self, images: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Tell for every row of a (n, row_size) array whether it is one of this data set's images."""
        return self.index.contains(row_hashes(images))

    def images(self, rows: Rows) -> NDArray[np.uint8]:
        """Return the images of these rows, which must all be known."""
        images = np.empty((len(rows), *self.item_shape), dtype=np.uint8)
        of_test = rows >= self.num_train
        images[~of_test] = self.array("x_train")[rows[~of_test]]
        images[of_test] = self.array("x_test")[rows[of_test] - self.num_train]
        return images


def outline_hashes(x: NDArray[Any]) -> NDArray[np.uint64]:
    """Hash which numbers of each row of ``x``, shape (n, row_size), are not 0: no division of an image changes that."""
    hashes = np.empty(len(x), dtype=np.uint64)
    for start in range(0, len(x), _CHUNK):
        hashes[start : start + _CHUNK] = row_hashes(np.packbits(x[start : start + _CHUNK] != 0, axis=1))
    return hashes


def stored_datasets(data: Path | None, told: Sequence[DataFacts] = ()) -> dict[str, StoredDataset]:
    """Return the data sets in a folder by name, with what is told of them; folders that are not whole are left out."""
    found: dict[str, StoredDataset] = {}
    known = {one.name: one for one in told}
    for file in sorted(data.glob("*/dataset.json")) if data else ():
        facts = json.loads(file.read_text(encoding="utf-8"))
        if (file.parent / "x_train.npy").is_file() and (file.parent / "train_hash.npy").is_file():
            name, edition = file.parent.name, str(facts.get("edition", ""))
            told_of = known.get(name, DataFacts(name=name))
            found[name] = StoredDataset(name=name, edition=edition, folder=file.parent, facts=told_of)
    return found


def called(stored: Mapping[str, StoredDataset], library: str, *names: Any) -> StoredDataset | None:
    """Return the data set that a library knows by one of these names or numbers; None for one that is not here."""
    wanted = {str(name).lower() for name in names}
    return next((one for one in stored.values() if wanted.intersection(one.facts.called.get(library, ()))), None)
