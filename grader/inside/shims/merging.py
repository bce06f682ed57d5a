"""``merge`` of Keras 1, which was a function and a module at once."""

from __future__ import annotations

import importlib
from typing import Any

from .oldmodule import OldModule

_MODES = {"sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate"}


class Merging(OldModule):
    """``keras.layers.merge``."""

    def __call__(self, inputs: Any, mode: str = "sum", concat_axis: int = -1, name: str | None = None) -> Any:
        """Join tensors by a layer of today's."""
        __tracebackhide__ = True
        kind = _MODES.get(mode)
        if kind is None:
            self.reporter.refused(ValueError, f"merge(mode={mode!r})", "keras.layers.Dot or keras.layers.Lambda")
        self.reporter.used(f'merge(mode="{mode}")', f"keras.layers.{kind}()(inputs)")
        layer = getattr(importlib.import_module(self.new), kind)
        given = {"axis": concat_axis} if mode == "concat" else {}
        return layer(**given, **({"name": name} if name else {}))(inputs)
