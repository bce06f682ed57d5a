"""A task's accuracies side by side: one lane each on a common axis, so that text keeps its size on every screen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from grader.language import Language
from grader.records import AccuracyFacts, Band, Evidence, Words, msg
from grader.report.charts import Axis, axis, tick_text
from grader.report.explain import reference_name

_NARROWEST = 1.0
"""Per cent of the lane that a band takes at least, so that it can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRow:
    """One line of the comparison."""

    label: Words
    text: str
    """The figures, for those who read instead of look."""
    points: tuple[float, ...] = ()
    strong: int | None = None
    """Which of the points decides."""
    span: tuple[float, float, float] | None = None
    """A band: lower end, mean, upper end."""
    kind: str = "other"
    """``claim``, ``own``, ``limit``, ``band`` or ``other``: the colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The lanes and their drawings, in the same order, and the axis under them."""

    rows: tuple[tuple[ComparisonRow, Markup], ...]
    ticks: Markup


def compare(facts: AccuracyFacts, language: Language) -> Comparison | None:
    """Return what there is to compare; None when nothing of the student's was measured."""
    if not facts.trainings and facts.notebook is None and facts.claimed is None and facts.example_trained is None:
        return None
    rows = tuple(_rows(facts, language))
    values = [value for row in rows for value in (*row.points, *(row.span or ()))]
    if facts.limit is not None:
        values.append(facts.limit)
    values = [value for value in values if math.isfinite(value)]
    if not rows or not values:
        return None
    scale = axis(values, most=1.0)
    return Comparison(rows=tuple((row, _draw(row, scale, facts.limit)) for row in rows), ticks=_ticks(scale, language))


def _rows(facts: AccuracyFacts, language: Language) -> Iterator[ComparisonRow]:
    share = language.share
    for label, value, kind in (
        (msg("Claimed: stored in the notebook as handed in"), facts.claimed, "claim"),
        (msg("Reproduced: what the notebook itself measured when we ran it"), facts.notebook, "own"),
    ):
        if value is not None and math.isfinite(value):
            yield ComparisonRow(label=label, text=share(value), points=(value,), kind=kind)
    trainings = tuple(value for value in facts.trainings if math.isfinite(value))
    if trainings:
        scored = facts.evidence is Evidence.IN_KERNEL
        yield ComparisonRow(
            label=msg("Scored by us: the notebook's own model")
            if scored
            else msg("Retrained: the same model, trained by us"),
            text=" · ".join(share(value) for value in trainings),
            points=trainings,
            strong=trainings.index(facts.decisive) if facts.decisive in trainings else None,
            kind="own",
        )
    if facts.limit is not None and math.isfinite(facts.limit):
        yield ComparisonRow(label=msg("At least this is asked for"), text=share(facts.limit), kind="limit")
    bands = [facts.band, facts.example_band if facts.example_band != facts.band else None]
    yield from (_band(band, language) for band in bands if band is not None)
    for label, value in (
        (msg("The example, as you built it, trained by us"), facts.example_trained),
        (msg("The example's figure in the workbook"), facts.workbook_example),
    ):
        if value is not None and math.isfinite(value):
            yield ComparisonRow(label=label, text=share(value), points=(value,))


def _band(band: Band, language: Language) -> ComparisonRow:
    upper = min(band.upper, 1.0)
    lower = max(band.lower, 0.0)
    text = language.t(
        "{lower} to {upper}, mean {mean}, trainings: {count}",
        lower=language.share(lower),
        upper=language.share(upper),
        mean=language.share(band.mean),
        count=band.count,
    )
    return ComparisonRow(label=reference_name(band.reference), text=text, span=(lower, band.mean, upper), kind="band")


def _draw(row: ComparisonRow, scale: Axis, limit: float | None) -> Markup:
    parts = [Markup('<line class="rail" x1="0" x2="100%" y1="50%" y2="50%"/>')]
    if row.span is not None and all(math.isfinite(value) for value in row.span):
        lower, mean, upper = row.span
        width = 100 * (scale.part(upper) - scale.part(lower))
        parts.append(
            Markup('<rect class="span" x="{}" y="20%" width="{:.2f}%" height="60%" rx="3"/>').format(
                scale.percent(lower), max(width, _NARROWEST)
            )
        )
        parts.append(Markup('<line class="mean" x1="{0}" x2="{0}" y1="20%" y2="80%"/>').format(scale.percent(mean)))
    if limit is not None and math.isfinite(limit):
        parts.append(Markup('<line class="limit" x1="{0}" x2="{0}" y1="0" y2="100%"/>').format(scale.percent(limit)))
    for number, value in enumerate(row.points):
        strong = row.strong is None or number == row.strong
        parts.append(
            Markup('<circle class="dot {}" cx="{}" cy="50%" r="{}"/>').format(
                f"{row.kind}{'' if strong else ' weak'}", scale.percent(value), 5 if strong else 3.5
            )
        )
    return Markup('<svg class="lane" aria-hidden="true">{}</svg>').format(Markup().join(parts))


def _ticks(scale: Axis, language: Language) -> Markup:
    text = Markup('<text class="tick" x="{}" y="12" text-anchor="{}">{}</text>')
    return Markup('<svg class="ticks" aria-hidden="true">{}</svg>').format(
        Markup().join(
            text.format(scale.percent(tick), _anchor(scale.part(tick)), tick_text(tick, scale, language))
            for tick in scale.ticks
        )
    )


def _anchor(part: float) -> str:
    return "start" if part < 0.04 else "end" if part > 0.96 else "middle"
