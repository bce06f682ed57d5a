"""Why a model broke."""

from __future__ import annotations

from grader.hints.messages import hints
from grader.records import FailureFacts, Words, msg

_QUOTE = 200
"""Characters of a foreign message shown to a student."""


def failure_advice(failure: FailureFacts) -> Words:
    """Explain a failed model; the error itself is quoted when nothing better is known.

    >>> failure = FailureFacts(stage="build", error="ValueError", message="Computed output size would be negative.")
    >>> "padding" in failure_advice(failure).en
    True
    """
    said = hints().of_model(failure.error, failure.message)
    if said is not None:
        return said.words
    return msg("The model fails with {error}: {message}", error=failure.error, message=failure.message[:_QUOTE])
