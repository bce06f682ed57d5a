"""Small charts as SVG text: positions in numbers and per cent, colours by class, no styles and no scripts inside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.language import Language

_MOST_POINTS = 200
_WIDTH, _HEIGHT = 360, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 12, 26
_BOUND = 1e12
_NARROWEST = 0.002


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of numbers with round ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def part(self, value: float) -> float:
        """Return where a value lies: 0 at the low end, 1 at the high end, never outside."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def percent(self, value: float) -> str:
        """Return where a value lies, as SVG writes it."""
        return f"{100 * self.part(value):.2f}%"


def axis(values: Sequence[float], *, most: float | None = None) -> Axis:
    """Return an axis that holds all values with a little air: not beyond ``most``, nor below zero without need."""
    low, high = min(values), max(values)
    air = max((high - low) * 0.08, _NARROWEST, abs(high) * 1e-9)
    low, high = low - air, high + air
    step = _round_step((high - low) / 4)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    if most is not None:
        high = min(high, most)
        low = min(low, high - step)
    if min(values) >= 0:  # neither a share nor a loss is less than nothing
        low = max(low, 0.0)
    count = int((high - low) / step + 1e-6)
    return Axis(low, high, tuple(low + step * number for number in range(count + 1)))


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if step <= power * factor * 1.000001)


def finite(values: Sequence[float | None]) -> list[tuple[int, float]]:
    """Return (epoch, value) pairs without the values no chart can show, at most some hundreds of them."""
    pairs = [
        (epoch, min(max(float(value), -_BOUND), _BOUND))
        for epoch, value in enumerate(values, start=1)
        if value is not None and math.isfinite(value)
    ]
    every = max(1, math.ceil(len(pairs) / _MOST_POINTS))
    return pairs[::every] + ([pairs[-1]] if pairs and (len(pairs) - 1) % every else [])


def learning_curve(
    series: Mapping[str, Sequence[float | None]],
    label: str,
    language: Language,
    *,
    most: float | None = None,
    behind: Sequence[tuple[float, float]] = (),
    turn: int | None = None,
) -> Markup:
    """Draw values per epoch, one line a series: the first solid, the second dashed; empty when there are none.

    Args:
        series: Values per epoch under the names of the legend, at most two.
        label: What a screen reader says before the figures.
        language: Whose decimal sign the ticks have.
        most: Where the axis ends at the latest: 1 for an accuracy.
        behind: Lowest and highest value of each epoch in other trainings, drawn as an area behind the lines.
        turn: Epoch at which a line is drawn from top to bottom: where overfitting starts.
    """
    lines = {name: pairs for name, values in series.items() if (pairs := finite(values))}
    if not lines:
        return Markup()
    area = [(min(max(low, -_BOUND), _BOUND), min(max(high, -_BOUND), _BOUND)) for low, high in behind[:_MOST_POINTS]]
    values = [value for pairs in lines.values() for _, value in pairs] + [value for pair in area for value in pair]
    scale = axis(values, most=most)
    last = max(*(pairs[-1][0] for pairs in lines.values()), len(area))
    parts = [_grid(scale, language), _epochs(last), _area(area, last, scale)]
    if turn is not None:
        parts.append(
            Markup('<line class="turn" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(
                _x(turn, last), _TOP, _HEIGHT - _BOTTOM
            )
        )
    for number, pairs in enumerate(lines.values()):
        points = [(_x(epoch, last), _y(value, scale)) for epoch, value in pairs]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(Markup('<polyline class="line s{}" points="{}"/>').format(number, path))
        x, y = points[-1]
        parts.append(Markup('<circle class="dot s{}" cx="{:.1f}" cy="{:.1f}" r="3"/>').format(number, x, y))
    spoken = "; ".join(
        language.t(
            "{name}: from {first} (epoch {start}) to {last} (epoch {end})",
            name=name,
            first=language.share(pairs[0][1]),
            start=pairs[0][0],
            last=language.share(pairs[-1][1]),
            end=pairs[-1][0],
        )
        for name, pairs in lines.items()
    )
    return Markup('<svg class="curve" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, _HEIGHT, f"{label}. {spoken}", Markup().join(parts)
    )


def _area(area: Sequence[tuple[float, float]], last: int, scale: Axis) -> Markup:
    if not area:
        return Markup()
    edge = [(epoch, low) for epoch, (low, _) in enumerate(area, start=1)]
    edge += [(epoch, high) for epoch, (_, high) in reversed(list(enumerate(area, start=1)))]
    path = " ".join(f"{_x(epoch, last):.1f},{_y(value, scale):.1f}" for epoch, value in edge)
    return Markup('<polygon class="behind" points="{}"/>').format(path)


def _x(epoch: int, last: int) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * ((epoch - 1) / (last - 1) if last > 1 else 0.5)


def _y(value: float, scale: Axis) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * scale.part(value)


def _grid(scale: Axis, language: Language) -> Markup:
    row = Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}"/><text class="tick" x="{}" y="{:.1f}" '
        'text-anchor="end">{}</text>'
    )
    return Markup().join(
        row.format(
            _LEFT,
            _WIDTH - _RIGHT,
            _LEFT - 6,
            _y(tick, scale) + 3.5,
            tick_text(tick, scale, language),
            y=_y(tick, scale),
        )
        for tick in scale.ticks
    )


def _epochs(last: int) -> Markup:
    shown = sorted({1, (last + 1) // 2, last}) if last > 1 else [1]
    text = Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>')
    return Markup().join(text.format(_x(epoch, last), _HEIGHT - 8, epoch) for epoch in shown)


def tick_text(value: float, scale: Axis, language: Language) -> str:
    """Return a tick's number with as many decimals as the axis needs."""
    step = scale.ticks[1] - scale.ticks[0] if len(scale.ticks) > 1 else scale.high - scale.low
    return language.number(round(value, 10), digits=max(0, min(6, 1 - math.floor(math.log10(step)))))


def bar(parts: Sequence[tuple[str, int]], label: str) -> Markup:
    """Draw counts as one bar of 100 % width: a class and a count each; empty when they are all zero."""
    total = sum(count for _, count in parts)
    if total <= 0:
        return Markup()
    rects, done = [], 0
    for name, count in parts:
        if count:
            rects.append(
                Markup('<rect class="{}" x="{:.2f}%" width="{:.2f}%" height="100%"/>').format(
                    name, 100 * done / total, 100 * count / total
                )
            )
        done += count
    return Markup('<svg class="bar" role="img" aria-label="{}">{}</svg>').format(label, Markup().join(rects))
