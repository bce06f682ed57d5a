"""The data sets on disk, as the probe looks rows up in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rowhash import row_hashes  # noqa: TID252  # the kernel imports this folder under another name

Rows = NDArray[np.int64]
"""Row numbers counted over both splits, train first; -1 where a row was not found."""


@dataclass(frozen=True, kw_only=True)
class StoredDataset:
    """One data set's folder: ``{x,y}_{train,test}.npy``, ``{train,test}_hash.npy``, ``dataset.json``."""

    name: str
    edition: str
    folder: Path

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
    def _sorted(self) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        order = np.argsort(self.hashes, kind="stable")
        return order, self.hashes[order]

    def contains(self, images: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Tell for every row of a (n, row_size) array whether it is one of this data set's images."""
        _, table = self._sorted
        wanted = row_hashes(images)
        place = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
        return np.asarray(table[place] == wanted)

    def find(self, wanted: NDArray[np.uint64]) -> Rows:
        """Return the rows with these hashes.

        An image that occurs several times goes to the row that carries on a run of rows, else to the one in the
        split most of the others are in, each row once while that lasts.
        """
        order, table = self._sorted
        low = np.searchsorted(table, wanted, side="left")
        known = table[np.minimum(low, len(table) - 1)] == wanted
        rows: Rows = np.where(known, order[np.minimum(low, len(table) - 1)], -1)
        first = int(rows[0]) if len(rows) else -1
        if first >= 0 and np.array_equal(self.hashes[first : first + len(wanted)], wanted):
            return np.arange(first, first + len(wanted))
        high = np.searchsorted(table, wanted, side="right")
        several = np.flatnonzero(known & (high - low > 1))
        if len(several):
            self._settle(rows, several, low, high)
        return rows

    def _settle(self, rows: Rows, several: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64]) -> None:
        order, _ = self._sorted
        plain = np.delete(rows, several)
        mostly_test = int((plain >= self.num_train).sum()) * 2 > int((plain >= 0).sum())
        open_ones, used = set(several.tolist()), set()
        for at in several.tolist():
            choices = order[low[at] : high[at]].tolist()
            before = int(rows[at - 1]) + 1 if at else -1
            after = int(rows[at + 1]) - 1 if at + 1 < len(rows) and at + 1 not in open_ones else -1
            choices.sort(
                key=lambda row: (
                    row != before,
                    row != after,
                    row in used,
                    (row >= self.num_train) != mostly_test,
                    row,
                )
            )
            rows[at] = choices[0]
            used.add(choices[0])


def stored_datasets(data: Path | None) -> dict[str, StoredDataset]:
    """Return the data sets in a folder by name; folders that are not whole are left out."""
    found: dict[str, StoredDataset] = {}
    for file in sorted(data.glob("*/dataset.json")) if data else ():
        facts = json.loads(file.read_text(encoding="utf-8"))
        if (file.parent / "x_train.npy").is_file() and (file.parent / "train_hash.npy").is_file():
            name = file.parent.name
            found[name] = StoredDataset(name=name, edition=str(facts.get("edition", "")), folder=file.parent)
    return found
