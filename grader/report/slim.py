"""Tables that fit a terminal of 80 columns: few lines of their own, headings broken between words alone."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich import box
from rich.table import Table


def slim_table(*headings: str, left: Sequence[int] = (0,)) -> Table:
    """Return an empty table with these headings; columns not in ``left`` are numbers and stand to the right.

    A heading stands on as many lines as make it no wider than its longest word.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for place, heading in enumerate(headings):
        widest = max(map(len, heading.split()), default=1)
        table.add_column(
            textwrap.fill(heading, widest, break_on_hyphens=False),
            justify="left" if place in left else "right",
            overflow="fold",
        )
    return table
