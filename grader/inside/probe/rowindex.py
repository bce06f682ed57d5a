"""Rows of a data set by their hashes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
"""Row numbers counted over both splits, train first; -1 where a row was not found."""


@dataclass(frozen=True, kw_only=True)
class RowIndex:
    """Hashes of all rows, train first, and where the test rows begin."""

    hashes: NDArray[np.uint64]
    num_train: int

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        order = np.argsort(self.hashes, kind="stable")
        return order, self.hashes[order]

    def contains(self, wanted: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell for every hash whether a row has it."""
        _, table = self._sorted
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
