"""Whether a ``fit`` goes on where an earlier one ended: with its very weights, its optimizer as it was or a new one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .describe import flat_layers


@dataclass(frozen=True)
class ModelDigest:
    """What a fit left in its model, as digests."""

    fit: int
    weights: bytes
    optimizer: bytes


def left_by(fit: int, model: Any) -> ModelDigest:
    """Describe what a fit has just left."""
    return ModelDigest(fit, _weights(model), _optimizer(model))


def followed_by(left: ModelDigest | None, model: Any) -> tuple[int | None, bool]:
    """Return the fit that the next one goes on from, if any, and whether the optimizer begins anew."""
    if left is None or _weights(model) != left.weights:
        return None, False
    anew = not model.optimizer.built
    return (left.fit, anew) if anew or _optimizer(model) == left.optimizer else (None, False)


def _weights(model: Any) -> bytes:
    return _digest(weight for layer in flat_layers(model) for weight in layer.weights)


def _optimizer(model: Any) -> bytes:
    """Describe it without its learning rate, which every fit tells."""
    rate = getattr(model.optimizer, "_learning_rate", None)
    return _digest(variable for variable in model.optimizer.variables if variable is not rate)


def _digest(variables: Iterable[Any]) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    for variable in variables:
        array = variable.numpy()
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(array.tobytes())
    return found.digest()
