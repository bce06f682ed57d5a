"""The model, drawn: each layer a block as wide as its pictures and as tall as its channels, asked beside found."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.language import Language
from grader.records import LayerFacts
from grader.report.layers import settings, shape

_FAMILIES = (
    ("convolution", r"Conv"),
    ("pooling", r"Pool"),
    ("dense", r"^Dense$"),
    ("regular", r"Dropout|Normalization|Noise|Regularization"),
    ("reshaping", r"Flatten|Reshape|Permute|Padding|Cropping|UpSampling|Rescaling"),
    ("recurrent", r"LSTM|GRU|RNN|Attention|Embedding"),
)
_COUNTED = re.compile(r"(?P<kind>\w+) × (?P<count>\d{1,3})")
_WIDTH, _HEIGHT = 76, 34
MOST = 120
"""Layers drawn; of a deeper network the rest is counted."""
_MISSING, _OTHER = 4, 1
"""Costs of a pairing: a layer without a partner, a partner of the same kind that is set up differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagramRow:
    """One step of the drawing: a found layer, an asked one, or both."""

    state: str
    """``same``, ``other`` (set up differently), ``missing`` (asked, not there), ``extra``; ``free``: nothing asked."""
    asked: str = ""
    kind: str = ""
    settings: str = ""
    shape: str = ""
    params: str = ""
    family: str = "own"
    custom: bool = False
    block: str = ""
    """SVG."""


def draw(layers: Sequence[LayerFacts], expected: Sequence[str], language: Language) -> tuple[DiagramRow, ...]:
    """Return a model's layers from input to output, each beside what the task asks for in its place.

    Args:
        layers: As found.
        expected: Lines of ``TaskResult.expected_layers``: ``Dense 128 tanh`` in order, or ``Conv2D × 5``.
        language: Of the numbers.
    """
    layers = layers[:MOST]
    if not expected:
        return tuple(_row("free", "", layer, language) for layer in layers)
    counted = any(_COUNTED.fullmatch(line) for line in expected)
    pairs = _by_kind(layers, expected) if counted else _in_order(layers, expected)
    return tuple(_row(_state(asked, layer), asked, layer, language) for asked, layer in pairs)


def _state(asked: str, layer: LayerFacts | None) -> str:
    if layer is None:
        return "missing"
    if not asked:
        return "free" if _family(layer.kind) in {"reshaping", "regular"} else "extra"
    return "same" if _meets(asked, layer) else "other"


def _meets(asked: str, layer: LayerFacts) -> bool:
    """Tell whether a layer is what a line asks for: the kind, and each of the settings the line names."""
    kind, *wanted = asked.split()
    told = settings(layer, Language("en")).replace(",", "").split(" · ")
    return layer.kind == kind and all(word in told for word in wanted)


def _by_kind(layers: Sequence[LayerFacts], expected: Sequence[str]) -> list[tuple[str, LayerFacts | None]]:
    """Pair layers with counts: where the order is free, the first ones found are the ones asked for.

    What is missing of a counted kind stands after the last layer of any counted kind: where it would be added.
    """
    counts = [(match["kind"], int(match["count"])) for line in expected if (match := _COUNTED.fullmatch(line))]
    counted = [kind for kind, count in counts for _ in range(count)]
    single = [line for line in expected if not _COUNTED.fullmatch(line)]
    waiting = counted + single
    pairs: list[tuple[str, LayerFacts | None]] = []
    body = 0
    for layer in layers:
        line = next((line for line in waiting if line.split(maxsplit=1)[0] == layer.kind), "")
        if line:
            waiting.remove(line)
        pairs.append((line, layer))
        if layer.kind in counted:
            body = len(pairs)
    missing: list[tuple[str, LayerFacts | None]] = [(line, None) for line in waiting]
    kept = [pair for pair in missing if pair[0] in counted]
    return [*pairs[:body], *kept, *pairs[body:], *(pair for pair in missing if pair not in kept)]


def _in_order(layers: Sequence[LayerFacts], expected: Sequence[str]) -> list[tuple[str, LayerFacts | None]]:
    """Pair layers with lines in order, at the least cost over all ways to do it (Wagner and Fischer, 1974)."""
    best: dict[tuple[int, int], tuple[int, list[tuple[str, LayerFacts | None]]]] = {(0, 0): (0, [])}
    for row in range(len(expected) + 1):
        for column in range(len(layers) + 1):
            ways = []
            if row and column and expected[row - 1].split(maxsplit=1)[0] == layers[column - 1].kind:
                cost, path = best[row - 1, column - 1]
                meets = _meets(expected[row - 1], layers[column - 1])
                ways.append((cost + (0 if meets else _OTHER), [*path, (expected[row - 1], layers[column - 1])]))
            if row:
                cost, path = best[row - 1, column]
                ways.append((cost + _MISSING, [*path, (expected[row - 1], None)]))
            if column:
                cost, path = best[row, column - 1]
                ways.append((cost + _MISSING, [*path, ("", layers[column - 1])]))
            if ways:
                best[row, column] = min(ways, key=lambda way: way[0])
    return best[len(expected), len(layers)][1]


def _row(state: str, asked: str, layer: LayerFacts | None, language: Language) -> DiagramRow:
    if layer is None:
        return DiagramRow(
            state=state, asked=asked, family=_family(asked.split(maxsplit=1)[0]), block=_block(None, "missing")
        )
    family = "own" if layer.custom else _family(layer.kind)
    return DiagramRow(
        state=state,
        asked=asked,
        kind=layer.kind,
        settings=settings(layer, language),
        shape=shape(layer),
        params="–" if layer.num_params is None else language.number(layer.num_params),
        family=family,
        custom=layer.custom,
        block=_block(layer, family),
    )


def _family(kind: str) -> str:
    return next((name for name, pattern in _FAMILIES if re.search(pattern, kind)), "other")


def _block(layer: LayerFacts | None, family: str) -> Markup:
    """Draw a layer's output: wide as its pictures' side, tall as its channels are many, both by their logarithms."""
    if layer is None:  # nothing is known of its size
        width, height = _WIDTH / 2, _HEIGHT / 2
    else:
        sizes = [size for size in (layer.output_shape or ())[1:] if size]
        side, depth = (sizes[0], sizes[-1]) if len(sizes) > 1 else (1, sizes[0] if sizes else 1)
        width = min(_WIDTH, 12 + 12 * math.log2(max(side, 1)))
        height = min(_HEIGHT, 8 + 2.6 * math.log2(max(depth, 1)))
    return Markup(
        '<svg class="block {}" viewBox="0 0 {} {}" aria-hidden="true">'
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="4"/></svg>'
    ).format(family, _WIDTH, _HEIGHT, (_WIDTH - width) / 2, (_HEIGHT - height) / 2, width, height)
