"""A layer in a line: ``Conv2D``, ``32 · 3×3 · same · relu``, ``28×28×32``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader.language import Language
from grader.records import LayerFacts

_LONGEST = 40
_ALWAYS = ("units", "filters", "kernel_size", "pool_size", "size", "rate")
_UNLESS: Mapping[str, tuple[Any, ...]] = {
    "strides": (None, 1, [1, 1], (1, 1), [1], (1,)),
    "padding": (None, "valid"),
    "activation": (None, "", "linear"),
}
"""Settings that are worth a word only when they are not the usual ones."""


def settings(layer: LayerFacts, language: Language) -> str:
    """Return the settings of a layer that a reader compares, in a line."""
    return " · ".join(_parts(layer, language))


def _parts(layer: LayerFacts, language: Language) -> Iterator[str]:
    for key in _ALWAYS:
        if layer.config.get(key) is not None:
            yield _plain(layer.config[key], language)
    for key, usual in _UNLESS.items():
        value = layer.config.get(key)
        # A pooling layer moves by its own size unless told otherwise.
        if value in usual or (key == "strides" and value == layer.config.get("pool_size")):
            continue
        shown = _plain(value, language)
        yield f"strides {shown}" if key == "strides" else shown


def _plain(value: Any, language: Language) -> str:
    if isinstance(value, Mapping):
        value = value.get("class_name", "…")
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return language.number(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "×".join(_plain(part, language) for part in value[:4])
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def shape(layer: LayerFacts) -> str:
    """Return the shape of a layer's output without the batch axis: ``28×28×32``; open axes are ``?``."""
    if layer.output_shape is None:
        return "–"
    return "×".join("?" if size is None else str(size) for size in layer.output_shape[1:]) or "–"
