"""Terminal output as HTML: colour codes become classes, every other escape sequence goes."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup, escape
from rich.ansi import AnsiDecoder
from rich.style import Style
from rich.text import Text

from grader.language import printable

_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


def coloured(text: str) -> Markup:
    r"""Return text with its colour codes as ``<span class="ansi-red">``; bright shades are the plain ones.

    Colours beyond the sixteen of a terminal, links and backgrounds are left out: nothing that a student prints may
    hide text, or lead anywhere.

    >>> print(coloured("\x1b[1;31mError\x1b[0m: a < b"))
    <span class="ansi-red ansi-bold">Error</span>: a &lt; b
    """
    if "\x1b" not in text:
        return escape(printable(text))
    lines = ("".join(_pieces(line)) for line in AnsiDecoder().decode(text))
    return Markup("\n".join(lines))  # noqa: S704 - every piece is escaped, classes are ours


def _pieces(line: Text) -> Iterator[str]:
    plain, done = printable(line.plain), 0
    for span in line.spans:
        if span.start < done:
            continue
        yield escape(plain[done : span.start])
        inside = escape(plain[span.start : span.end])
        classes = " ".join(_classes(span.style)) if isinstance(span.style, Style) else ""
        yield f'<span class="{classes}">{inside}</span>' if classes else inside
        done = span.end
    yield escape(plain[done:])


def _classes(style: Style) -> Iterator[str]:
    number = style.color.number if style.color else None
    if number is not None and number < 2 * len(_COLOURS):
        yield f"ansi-{_COLOURS[number % len(_COLOURS)]}"
    if style.bold:
        yield "ansi-bold"
