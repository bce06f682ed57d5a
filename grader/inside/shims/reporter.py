"""Says that an old spelling was used: to the trace once a cell, and to the reader as a warning in the cell's output."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

_LONGEST = 200
_WORK = Path.cwd()
"""Where the files lie that were handed in, when the kernel starts."""
IMPORTS = "<frozen importlib._bootstrap"
"""How the files of Python's own import machinery begin."""
_OLD_MODULES = f"{__package__}.oldmodule"


class OldSpelling(UserWarning):
    """A name or an argument of an older library, understood for now."""


class LegacyReporter:
    """What has been said so far in one kernel."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._said: set[tuple[int, str]] = set()

    def used(self, old: str, write: str = "", *, stops: bool = True, cell: int | None = None) -> None:
        """Say that ``old`` was used.

        Args:
            old: as in the notebook, such as ``lr=``.
            write: today's spelling; empty when there is nothing to write in its place.
            stops: whether a notebook stops there with today's library.
            cell: the number of the cell, where it is not the one that is running.
        """
        with self._session.quietly():
            cell = self._session.cell() if cell is None else cell
            if (cell, old) in self._said:
                return
            self._said.add((cell, old))
            self._session.send("legacy", cell=cell, old=old[:_LONGEST], write=write[:_LONGEST], stops=stops)
            _warn(f"{old} is an old spelling" + (f"; write {write}" if write else " with nothing in its place"))

    def absent(self, program: str) -> None:
        """Say in the trace that something is done without a program that is not here."""
        self._session.note("absent", program)

    def refused(self, kind: type[Exception], old: str, write: str = "") -> NoReturn:
        """Raise what today's library raises for an old spelling that no shim can do, naming what to write.

        Raises:
            Exception: of class ``kind``.
        """
        __tracebackhide__ = True
        advice = f"; write {write}" if write else ""
        raise kind(f"{old} belongs to an older library and cannot be imitated{advice}")

    def refusal(self, kind: type[Exception], old: str, write: str) -> Callable[[], NoReturn]:
        """Return what refuses an old spelling, for where its first use is to be refused and not its import."""

        def refuse() -> NoReturn:
            __tracebackhide__ = True
            self.refused(kind, old, write)

        return refuse


def notebook_frame() -> FrameType | None:
    """Return the innermost frame of the notebook's own code, or None."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_notebook(frame):
        frame = frame.f_back
    return frame


def is_notebook(frame: FrameType) -> bool:
    """Tell whether a frame runs the notebook's code: a cell, a function made in one, a file handed in beside it."""
    if frame.f_globals.get("__name__") == "__main__":
        return frame.f_code.co_name != "_run_code"
    return Path(frame.f_code.co_filename).parent == _WORK


def asked_by_notebook() -> bool:
    """Tell whether the code that looks for a name just now is the notebook's own, and not a library's."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and _only_passes_on(frame):
        frame = frame.f_back
    return frame is not None and is_notebook(frame)


def _only_passes_on(frame: FrameType) -> bool:
    """Tell whether a frame looks for a name on somebody else's behalf: Python's imports, a module that went."""
    return frame.f_code.co_filename.startswith(IMPORTS) or frame.f_globals.get("__name__") == _OLD_MODULES


def _warn(text: str) -> None:
    frame = notebook_frame()
    where = (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("notebook", 1)
    with contextlib.suppress(Warning):  # a notebook may have turned warnings into errors
        warnings.warn_explicit(text, OldSpelling, *where)
