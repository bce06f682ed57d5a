"""One spelling for equal things, and its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical_json(value: Any) -> str:
    """Write JSON in the one way that equal values share: sorted keys, no spaces, no NaN.

    Raises:
        ValueError: A number is not finite.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(**parts: Any) -> str:
    """Return the SHA-256 of the parts' canonical JSON, hexadecimal.

    >>> digest_of(a=1, b={"x": 1, "y": 2}) == digest_of(b={"y": 2, "x": 1}, a=1)
    True
    """
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


def frozen_parts(recipe_parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deep copy that shares nothing with the trace it came from."""
    return dict(json.loads(canonical_json(recipe_parts)))
