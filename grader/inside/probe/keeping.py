"""Which models are held on to: those that nobody can train again are asked for predictions at the end.

Whether a training can be repeated is the host's to say, from its allow-lists and bounds. It is asked about those that
it did not do itself, so that no other model costs the notebook anything. What it would refuse in any case is told here,
also where there is nobody to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .describe import flat_layers
from .session import Session
from .symbolic import is_all_layers

_KEPT_MODELS = 8
_TAKING_PART = frozenset({"LambdaCallback", "SwapEMAWeights"})
"""Callbacks of Keras's own that may change a training, and that the trainer does not have."""


def keep(session: Session, model: Any, fit: Mapping[str, Any]) -> None:
    """Hold on to a model after a fit, the event of which is ``fit``, where nobody else can repeat that."""
    kept, number = session.kept, fit["model"]
    if number in kept or not _is_rebuildable(session, model, fit):
        kept.pop(number, None)
        kept[number] = model
        while len(kept) > _KEPT_MODELS:
            kept.pop(next(iter(kept)))


def _is_rebuildable(session: Session, model: Any, fit: Mapping[str, Any]) -> bool:
    if fit.get("delegated"):
        return True
    if not _looks_rebuildable(session, model, fit):
        return False
    served = fit["x"].get("dataset") in session.stored_datasets  # of others there are no test inputs to predict
    return not served or not session.link.open or session.link.rebuilds(session.known(model).event, fit)


def _looks_rebuildable(session: Session, model: Any, fit: Mapping[str, Any]) -> bool:
    """Tell whether nothing that can be seen from here speaks against it."""
    from ..trainer.kinds import LAYERS  # noqa: TID252 - the kernel imports this folder under another name

    compiled, known = fit["compile"] or {}, session.known(model).event
    return (
        known.get("unportable") == ""
        and (known["api"] != "functional" or is_all_layers(model))
        and (fit["fresh"] or fit["follows"] is not None)
        and not fit["x"].get("why")
        and not fit["sample_weight"]
        and not fit.get("unrepeatable")
        and not compiled.get("optimizer_custom")
        and not compiled.get("loss_custom")
        and not any(callback["custom"] or callback["kind"] in _TAKING_PART for callback in fit["callbacks"])
        and all(type(one).__name__ in LAYERS and one.dtype_policy.name == "float32" for one in flat_layers(model))
    )
