"""What cannot be told of a model's layers: where it is missing something, a person looks whether it has it."""

from __future__ import annotations

from collections.abc import Sequence

from grader.criteria.base import Judgement, review
from grader.criteria.case import Case
from grader.criteria.layerfacts import activation_of, next_after
from grader.criteria.names import ACTIVATIONS
from grader.records import LayerFacts, Words, msg

_BY_FUNCTION = msg("the model's call could not be read, and may do by a function what such a layer does")


def hidden_layers(case: Case, expected: Words) -> Judgement | None:
    """Leave it open when a layer class of the student's own may hold what is missing."""
    own = sorted({layer.kind for layer in case.layers if layer.custom})
    if not own:
        return None
    found = msg("the model has layers of its own class ({kinds}); what is in them cannot be seen", kinds=", ".join(own))
    return review(expected, found)


def hidden_calls(case: Case, expected: Words, kind: str, count: int) -> Judgement | None:
    """Leave it open when a ``call`` that could not be read may use a layer without weights several times.

    Or, where there is none of the kind, may do the same by a function, as ``tf.nn.max_pool2d`` does.
    """
    own = [layer for layer in case.layers if layer.kind == kind]
    if "call" not in case.unseen or any(layer.num_params for layer in own):
        return None
    if not own:
        return review(expected, _BY_FUNCTION) if "Pooling" in kind else None
    found = msg(
        "{layer} layers: {count}; the model's call could not be read, and may use one of them several times",
        layer=kind,
        count=count,
    )
    return review(expected, found)


def untold_activation(case: Case, layers: Sequence[LayerFacts], place: int) -> Words | None:
    """Say why a layer may have another activation than it seems to; None where it has the one it seems to have."""
    kind, activation = layers[place].kind, activation_of(layers, place)
    if activation not in ACTIVATIONS:
        if case.candidate is not None and case.candidate.failure is not None:
            return None  # Keras did not know it either
        return msg("{layer}: what its activation {name} computes could not be seen", layer=kind, name=activation)
    after = next_after(layers, place)
    opaque = [after.kind] if after is not None and (after.custom or after.kind == "Lambda") else []
    besides = [*opaque, *case.unseen]
    if activation != "linear" or not besides:
        return None
    return msg(
        "{layer}: it has no activation of its own; what else the model does ({what}) could not be seen, and may be one",
        layer=kind,
        what=", ".join(besides),
    )
