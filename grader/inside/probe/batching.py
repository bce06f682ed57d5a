"""How a pipeline makes batches of its rows, and whether the same can be made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..reasons import Reason  # noqa: TID252 - the kernel imports this folder under another name

ENDLESS = -1


@dataclass(frozen=True, kw_only=True)
class Batching:
    """What becomes of the rows of one pipeline, in the order in which they lie."""

    size: int | None = None
    """Rows in a batch; None where it makes none."""
    buffer: int | None = None
    """Of how many rows a shuffle chooses the next one, anew in every epoch; None without a shuffle."""
    drops: bool = False
    """Whether a last batch that is not full is left out, of rows that were shuffled before."""
    passes: int = 1
    """How often it goes through its rows."""
    unlike: str = ""
    """Why its batches cannot be made elsewhere, see :mod:`grader.inside.reasons`; empty where they can."""

    @property
    def is_whole(self) -> bool:
        """Whether it shows each of its rows once, in whichever order."""
        return self.size is not None and not self.drops and self.passes == 1

    def steps(self, rows: int) -> int:
        """Return how many batches one pass over so many rows makes."""
        size = self.size or 1
        return rows // size if self.drops else -(-rows // size)


def order_of(given: Mapping[str, Any], rows: int | None, batching: Batching | None) -> dict[str, Any]:
    """Return the fields of ``records.FitFacts`` that tell in which order ``fit`` with these arguments sees its rows.

    Args:
        given: The arguments of ``fit``.
        rows: How many rows it was given.
        batching: How they come, if from a pipeline that could be read.
    """
    if batching is None or rows is None:
        return {"shuffle": bool(given.get("shuffle", True))}
    buffer = batching.buffer or 1
    return {
        "shuffle": buffer > 1,
        "shuffle_buffer": buffer if buffer > 1 else None,
        "drop_remainder": batching.drops,
        "unrepeatable": batching.unlike or _no_pass(given, batching, batching.steps(rows)),
    }


def _no_pass(given: Mapping[str, Any], batching: Batching, steps: int) -> str:
    """Return why an epoch of ``fit`` is no pass over the rows, if it is none."""
    wanted = given.get("steps_per_epoch")
    if batching.passes == 1 and wanted is None:
        return ""
    epochs = int(given["epochs"]) - int(given.get("initial_epoch") or 0)
    enough = batching.passes in {1, ENDLESS} or batching.passes >= epochs
    return "" if wanted == steps and enough else Reason.OTHER_EPOCHS
