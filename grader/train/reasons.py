"""Why the trainer made nothing of a recipe, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.records import Message, msg

EXHAUSTED = "exhausted"
"""The code for a device whose memory did not suffice."""


def reason_of(value: Any) -> Message | None:
    """Make a sentence of the trainer's ``{"code", "values"}``; None when it gave none that we know."""
    if not isinstance(value, Mapping):
        return None
    code, values = str(value.get("code")), value.get("values")
    figures: dict[str, Any] = dict(values) if isinstance(values, Mapping) else {}
    found, most = figures.get("found", "?"), figures.get("most", "?")
    error = figures.get("error", "?")
    reasons = {
        "parameters": msg("the model has {found} parameters; we train at most {most}", found=found, most=most),
        "memory": msg("training the model takes about {found} MB; we allow {most} MB", found=found, most=most),
        "steps": msg("the training takes {found} steps; we run at most {most}", found=found, most=most),
        "seconds": msg("the training takes too long: more than {most} seconds", most=most),
        "diverged": msg("the loss was no longer a number after epoch {epoch}", epoch=figures.get("epoch", "?")),
        EXHAUSTED: msg("memory did not suffice, also for this training alone: {error}", error=error),
        "error": msg("the model could not be trained: {error}", error=error),
    }
    return reasons.get(code)
