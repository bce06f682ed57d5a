"""What a setting of a layer or an optimizer may be: small checks that give the canonical form of a JSON value.

A check takes a JSON value and returns its canonical form, or raises ``ValueError``. Whole numbers stay ints, others are
written as the shortest decimal that is the same float32, so that ``0.0010000000474974513`` and ``0.001`` agree.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], Any]
Settings = Mapping[str, tuple[Check, Any]]
"""Setting -> its check, and the default when a config of another Keras version leaves it out."""

REQUIRED = object()
"""Instead of a default: a config without this setting is refused."""

_DROPPED = frozenset({"name", "dtype", "trainable", "seed", "build_config", "quantization_config"})


def plain(value: float) -> float:
    """Return the shortest decimal that is the same float32 as ``value``.

    >>> plain(0.0010000000474974513), plain(1e-07), plain(0.9)
    (0.001, 1e-07, 0.9)
    """
    same = struct.pack("<f", value)
    for digits in range(1, 9):
        short = float(f"{value:.{digits}g}")
        if struct.pack("<f", short) == same:
            return short
    return float(f"{value:.9g}")


def number(low: float, high: float) -> Check:
    """Accept a number of ``[low, high]``."""

    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(value)
        if not low <= value <= high:
            raise ValueError(value)
        return plain(float(value))

    return check


def whole(low: int, high: int) -> Check:
    """Accept a whole number of ``[low, high]``, also when it is written ``2.0``."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ValueError(value)
        if value != int(value):
            raise ValueError(value)
        return int(value)

    return check


def flag(value: Any) -> bool:
    """Accept a boolean."""
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def choice(*names: str, **aliases: str) -> Check:
    """Accept one of these strings; an alias is written as the name it stands for."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(value)
        value = aliases.get(value, value)
        if value not in names:
            raise ValueError(value)
        return str(value)

    return check


def only(*values: Any) -> Check:
    """Accept nothing but these plain values, ``None`` among them perhaps; the canonical form is the first."""

    def check(value: Any) -> Any:
        if not any(value == known and isinstance(value, bool) == isinstance(known, bool) for known in values):
            raise ValueError(value)
        return values[0]

    return check


def maybe(inner: Check) -> Check:
    """Accept ``None``, or what ``inner`` accepts."""
    return lambda value: None if value is None else inner(value)


def either(*checks: Check) -> Check:
    """Accept what the first fitting check accepts."""

    def check(value: Any) -> Any:
        for inner in checks:
            try:
                return inner(value)
            except ValueError:
                continue
        raise ValueError(value)

    return check


def several(inner: Check, low: int, high: int) -> Check:
    """Accept a list of ``low`` to ``high`` values."""

    def check(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple) or not low <= len(value) <= high:
            raise ValueError(value)
        return [inner(item) for item in value]

    return check


def sizes(axes: int, low: int, high: int) -> Check:
    """Accept one whole number per axis; a single number stands for all axes."""
    one = whole(low, high)
    each = several(one, axes, axes)
    return lambda value: each(value) if isinstance(value, list | tuple) else [one(value)] * axes


def settings(config: Any, allowed: Settings) -> dict[str, Any]:
    """Reduce a config to its allowed settings, defaults filled in.

    A setting we do not know may stand in it as long as it is switched off (``None`` or ``False``): newer versions of
    Keras add such. One that is switched on would make another training of it, so it is refused.

    Raises:
        ValueError: with the offending setting's name as its only argument.
    """
    if not isinstance(config, Mapping):
        raise ValueError("config")
    for name, value in config.items():
        if name not in allowed and name not in _DROPPED and value is not None and value is not False:
            raise ValueError(name)
    found = {}
    for name, (check, default) in allowed.items():
        value = config.get(name, default)
        try:
            found[name] = value if value is default and name not in config else check(value)
        except (ValueError, OverflowError):
            raise ValueError(name) from None
        if found[name] is REQUIRED:
            raise ValueError(name)
    return found


def keras_object(module: str, table: Mapping[str, Settings]) -> Check:
    """Accept an object as Keras serialises it, of this module and a class of the table: ``{"kind", "config"}``."""

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not is_keras_own(value, module):
            raise ValueError(value)
        kind = value.get("class_name")
        if not isinstance(kind, str) or kind not in table:
            raise ValueError(kind)
        return {"kind": kind, "config": settings(value.get("config", {}), table[kind])}

    return check


def is_keras_own(value: Mapping[str, Any], *modules: str) -> bool:
    """Tell whether a serialised object is one of Keras's own of these public modules."""
    return value.get("module") in modules and value.get("registered_name") is None
