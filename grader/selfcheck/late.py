"""Trainings that ran before the self-check was imported: told from the model and its history as far as they tell."""

from __future__ import annotations

from typing import Any

from grader.inside.probe.calls import compile_facts
from grader.inside.reasons import Reason
from grader.known import KNOWN
from grader.selfcheck.watch import ObservingSession

_USUAL = (8, 10, 16, 20, 25, 32, 48, 50, 60, 64, 96, 100, 120, 128, 150, 200, 250, 256, 300, 500, 512, 600, 1000, 1024)
_SHARES = (1.0, 0.9, 0.8, 0.75, 0.7)
"""What is left of the training rows after the usual validation splits."""


def take_in(session: ObservingSession, model: Any, history: Any, dataset: str) -> int:
    """Make a model known to the session, with its last training if that was not seen; return its number.

    Args:
        session: This session's memory.
        model: A Keras model.
        history: What ``fit`` returned, or None.
        dataset: The data set it should have been trained on, for the number of rows; may be empty.
    """
    known = session.known(model)
    history = history if history is not None else getattr(model, "history", None)
    seen = known.last_fit is not None
    new = known.snapshot < 0
    with session.quietly():
        session.snapshot(model)
        if new and getattr(model, "compiled", False):
            session.channel.send("compile", **{**(compile_facts(session, model) or {}), "cell": 0})
        # A fit that broke before its first epoch ended leaves a history too, and it is empty.
        if not seen and getattr(history, "epoch", None) and session.told.get(history) is None:
            session.told.set(history, 1)
            session.channel.send("fit", **_fit(session, model, history, dataset))
    return known.number


def _fit(session: ObservingSession, model: Any, history: Any, dataset: str) -> dict[str, Any]:
    known, params, values = session.known(model), getattr(history, "params", None) or {}, history.history
    number, session.fits = session.fits, session.fits + 1
    validated = any(str(name).startswith("val_") for name in values)
    data = KNOWN.get(dataset)
    rows = (data.drawn or data.num_train) if data else None
    return {
        "fit": number,
        "model": known.number,
        "snapshot": known.snapshot,
        "x": {"shape": [], "dtype": "", "why": Reason.BEFORE_SELFCHECK},
        "epochs": int(params.get("epochs") or len(history.epoch)),
        "compile": {**(compile_facts(session, model) or {}), "cell": 0} if getattr(model, "compiled", False) else None,
        "batch_size": batch_size_from(int(params.get("steps") or 0), rows, split=validated),
        "initial_epoch": int(history.epoch[0]) if history.epoch else 0,
        "validation_x": {"shape": [], "dtype": "", "why": Reason.BEFORE_SELFCHECK} if validated else None,
        "history": {str(name): [float(one) for one in series] for name, series in values.items()},
        "cell": 0,
    }


def batch_size_from(steps: int, rows: int | None, *, split: bool) -> int | None:
    """Return the batch size that gives so many steps an epoch, when only one usual size does.

    >>> batch_size_from(938, 60_000, split=False), batch_size_from(844, 60_000, split=True)
    (64, 64)
    """
    if not steps or not rows:
        return None
    fitting = {
        size
        for size in _USUAL
        for share in (_SHARES if split else _SHARES[:1])
        if -(-int(rows * share) // size) == steps
    }
    return fitting.pop() if len(fitting) == 1 else None
