"""How a class spreads: columns over an axis, with the band and the limit it is held against."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from grader.language import Language
from grader.records import Band
from grader.report.charts import Axis, axis, tick_text

_WIDTH, _HEIGHT, _BOTTOM, _TOP = 640, 150, 24, 16
_SIDE = 12


def points_histogram(totals: Sequence[int], most: int, language: Language) -> Markup:
    """Draw how many submissions have how many points, in tenths of what there is to earn; empty without any."""
    if not totals or most <= 0:
        return Markup()
    scale = Axis(0, most, tuple(round(most * tenth / 10) for tenth in range(11)))
    return _columns(totals, scale, 10, language.t("Submissions by points"), language)


def accuracy_histogram(
    values: Sequence[float], band: Band | None, limit: float | None, title: str, language: Language
) -> Markup:
    """Draw how many models reach what accuracy, over the reference's band and the limit; empty without any."""
    values = [value for value in values if math.isfinite(value)]
    if not values:
        return Markup()
    edges = [*values, *((max(band.lower, 0), min(band.upper, 1)) if band else ())]
    if limit is not None and math.isfinite(limit):
        edges.append(max(limit, 0))
    return _columns(values, axis(edges, most=1.0), 32, title, language, band=band, limit=limit)


def _columns(
    values: Sequence[float],
    scale: Axis,
    count: int,
    title: str,
    language: Language,
    *,
    band: Band | None = None,
    limit: float | None = None,
) -> Markup:
    heights = [0] * count
    for value in values:
        heights[min(count - 1, int(scale.part(value) * count))] += 1
    tallest = max(heights)
    parts = [*_band(scale, band)]
    step = (_WIDTH - 2 * _SIDE) / count
    for number, height in enumerate(heights):
        if height:
            tall = (_HEIGHT - _BOTTOM - _TOP) * height / tallest
            left, top = _SIDE + number * step, _HEIGHT - _BOTTOM - tall
            parts.append(
                Markup('<rect class="column" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>').format(
                    left + 1, top, step - 2, tall
                )
            )
            parts.append(
                Markup('<text class="tick" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>').format(
                    left + step / 2, top - 4, height
                )
            )
    parts += [*_limit(scale, limit), *_floor(scale, language)]
    spoken = "; ".join(
        f"{tick_text(scale.low + (scale.high - scale.low) * number / count, scale, language)}: {height}"
        for number, height in enumerate(heights)
        if height
    )
    return Markup('<svg class="spread" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, _HEIGHT, f"{title}. {spoken}", Markup().join(parts)
    )


def _x(value: float, scale: Axis) -> float:
    return _SIDE + (_WIDTH - 2 * _SIDE) * scale.part(value)


def _band(scale: Axis, band: Band | None) -> Iterator[Markup]:
    if band is not None:
        left, right = _x(band.lower, scale), _x(band.upper, scale)
        yield Markup('<rect class="span" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
            left, _TOP, max(right - left, 2), _HEIGHT - _BOTTOM - _TOP
        )


def _limit(scale: Axis, limit: float | None) -> Iterator[Markup]:
    if limit is not None and math.isfinite(limit):
        yield Markup('<line class="limit" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(
            _x(limit, scale), _TOP - 8, _HEIGHT - _BOTTOM
        )


def _floor(scale: Axis, language: Language) -> list[Markup]:
    line = Markup('<line class="rail" x1="{}" x2="{}" y1="{y}" y2="{y}"/>').format(
        _SIDE, _WIDTH - _SIDE, y=_HEIGHT - _BOTTOM
    )
    text = Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>')
    return [
        line,
        *(text.format(_x(tick, scale), _HEIGHT - 7, tick_text(tick, scale, language)) for tick in scale.ticks),
    ]
