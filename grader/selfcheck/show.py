"""Puts a look before the reader: HTML in a notebook, lines anywhere else."""

from __future__ import annotations

import sys

from grader.selfcheck.page import html_of
from grader.selfcheck.results import CheckResult
from grader.selfcheck.words import lines_of


class DisplayedResult:
    """A look as IPython's front ends ask for it."""

    def __init__(self, look: CheckResult) -> None:
        self._look = look

    def _repr_html_(self) -> str:
        return html_of(self._look)

    def __repr__(self) -> str:
        return "\n".join(lines_of(self._look))


def show(look: CheckResult) -> None:
    """Show a look now, wherever in a cell or a script the call stands."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from IPython.display import display

        display(DisplayedResult(look))
        return
    text = repr(DisplayedResult(look)) + "\n"
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    # A console of another alphabet shows what it can.
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()
