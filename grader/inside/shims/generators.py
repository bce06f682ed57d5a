"""What ``fit_generator`` of Keras 1 counted in images, counted in batches."""

from __future__ import annotations

import math
from typing import Any

from .reporter import LegacyReporter

_COUNTS = {"samples_per_epoch": "steps_per_epoch", "nb_val_samples": "validation_steps", "val_samples": "steps"}


def in_batches(reporter: LegacyReporter, generator: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return arguments whose counts are batches.

    Raises:
        TypeError: the generator does not tell how large its batches are.
    """
    __tracebackhide__ = True
    out = {name: value for name, value in given.items() if name not in _COUNTS}
    for old in _COUNTS.keys() & given.keys():
        new = _COUNTS[old]
        source = given.get("validation_data") if old == "nb_val_samples" else generator
        size = getattr(source, "batch_size", None)
        if not size:
            reporter.refused(TypeError, f"{old}=", f"{new}=images // batch_size")
        reporter.used(f"{old}=", f"{new}=")
        out[new] = math.ceil(given[old] / size)
    return out
