"""DataTables as it lies in itables' wheel, made part of a page: no network, no file beside the page, no ``eval``."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_EXPORTS = re.compile(r"export\{[^{}]*?(\w+) as default\b[^{}]*\};?")


@cache
def table_library() -> str:
    """Return the text of a module script in which ``DataTable`` is DataTables' constructor.

    What a browser would take for markup inside a script is spelled so that it does not.
    """
    from itables.options import dt_bundle

    text = Path(dt_bundle).read_text("utf-8")
    text, count = _EXPORTS.subn(r"const DataTable=\1;", text)
    assert count == 1, "itables' bundle exports DataTables otherwise than it used to"
    return re.sub(r"<(?=!--|/?script)", r"\\x3C", text)
