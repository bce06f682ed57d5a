"""Why a model broke."""

from __future__ import annotations

import re
from collections.abc import Callable

from grader.hints.spelling import RENAMED, misspelt
from grader.records import FailureFacts, Words, msg

_ACTIVATIONS = (
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
    "linear",
    "elu",
    "selu",
    "gelu",
    "softplus",
    "swish",
    "leaky_relu",
)
_OPTIMIZERS = ("sgd", "rmsprop", "adam", "adamw", "adagrad", "adadelta", "adamax", "nadam")
_LOSSES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy", "mean_squared_error")
_QUOTE = 200
"""Characters of a foreign message shown to a student."""


def failure_advice(failure: FailureFacts) -> Words:
    """Explain a failed model; the error itself is quoted when nothing better is known.

    >>> failure = FailureFacts(stage="build", error="ValueError", message="Computed output size would be negative.")
    >>> "padding" in failure_advice(failure).text
    True
    """
    known = explained(failure.message)
    if known is not None:
        return known
    return msg("The model fails with {error}: {message}", error=failure.error, message=failure.message[:_QUOTE])


def explained(message: str) -> Words | None:
    """Explain an error of Keras's by its message; None when we have no better words for it."""
    for pattern, explain in _MODEL_ERRORS:
        match = re.search(pattern, message, re.IGNORECASE | re.DOTALL)
        if match:
            return explain(match)
    return None


_ModelHint = Callable[[re.Match[str]], Words]


def _too_small(_: re.Match[str]) -> Words:
    return msg(
        "The image has become too small for the next layer: without padding every 3×3 convolution takes two pixels "
        'off and every pooling halves the rest. Write padding="same" in the convolutions: 28 → 14 → 7 → 3 → 1.'
    )


def _identifier(kind: str, known: tuple[str, ...]) -> _ModelHint:
    def explain(match: re.Match[str]) -> Words:
        close = misspelt(match[1], known)
        if close:
            return msg(
                "Keras does not know {name} ({kind}); did you mean {close}?", name=match[1], kind=kind, close=close
            )
        return msg("Keras does not know {name} ({kind}); check the spelling.", name=match[1], kind=kind)

    return explain


def _shapes(_: re.Match[str]) -> Words:
    return msg(
        "The shapes of the model's outputs and of the labels do not fit. With labels 0…9 use "
        "sparse_categorical_crossentropy; with to_categorical labels use categorical_crossentropy."
    )


def _keyword(match: re.Match[str]) -> Words:
    new = RENAMED.get(match[1])
    if new:
        return msg("The argument {old} is from an older Keras; write {new} now.", old=match[1], new=new)
    return msg("Keras does not know the argument {name}; check the spelling.", name=match[1])


_MODEL_ERRORS: tuple[tuple[str, _ModelHint], ...] = (
    (r"output size would be (?:zero or )?negative|negative dimension size", _too_small),
    (r"activation function identifier: '?(\w+)", _identifier("activation", _ACTIVATIONS)),
    (r"optimizer identifier: '?(\w+)", _identifier("optimizer", _OPTIMIZERS)),
    (r"loss (?:function )?identifier: '?(\w+)", _identifier("loss", _LOSSES)),
    (r"(?:must have the same (?:rank|shape)|Shapes .* are incompatible|labels shape|rank of labels)", _shapes),
    (r"Unrecognized keyword arguments passed to \w+: \{'(\w+)'", _keyword),
    (r"Argument\(s\) not recognized: \{'(\w+)'", _keyword),
    (r"unexpected keyword argument '(\w+)'", _keyword),
)
