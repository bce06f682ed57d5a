"""Files that are no notebooks, or far more than one: each is read in bounded memory, or refused with a reason."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

from grader.records import Ending
from tests.hostile.case import Attack

_MB = 1 << 20


def _file(name: str, write: Callable[[], bytes], says: str) -> Attack:
    return Attack(name=name, file=write, ending=Ending.UNREADABLE, says=says)


def _many(one: str, megabytes: int = 39) -> bytes:
    many = one * (megabytes * _MB // len(one))
    return f'{{"nbformat": 4, "nbformat_minor": 4, "metadata": {{}}, "cells": [{many}{{}}]}}'.encode()


def _zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("work.ipynb", bytes(100 * _MB))
    return stream.getvalue()


def _with_large_outputs() -> bytes:
    data = {"text/plain": "\U0001f600", "image/png": "A" * (39 * _MB)}
    outputs = [{"output_type": "display_data", "metadata": {}, "data": data}]
    cell = {"cell_type": "code", "source": "print('ran')", "metadata": {}, "execution_count": None, "outputs": outputs}
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
    return json.dumps(notebook, ensure_ascii=False).encode()


_CELL = json.dumps({"cell_type": "code", "source": "1"}) + ","
FILES = (
    _file("is-all-lists", lambda: _many("[],"), "1000000 values"),
    _file("is-all-objects", lambda: _many("{},"), "1000000 values"),
    _file("is-all-numbers", lambda: _many("1,"), "1000000 values"),
    _file("has-cells-without-end", lambda: _many(_CELL), "1000000 values"),
    _file("is-all-brackets", lambda: b'{"nbformat": 4, "cells": ' + b"[" * (30 * _MB), "1000000 values"),
    _file("is-nested-deeply", lambda: b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    _file("has-a-huge-number", lambda: b'{"cells": [], "nbformat": ' + b"9" * 10_000 + b"}", "not a Jupyter notebook"),
    _file("is-larger-than-any", lambda: b" " * (41 * _MB), "may have 40 MB"),
    _file("is-a-bomb-in-an-archive", _zipped, "ZIP archive"),
    _file("is-one-zero", lambda: b"\0", "not a Jupyter notebook|not text|damaged"),
    _file("is-text-of-no-encoding", lambda: b"\xff\xfe\0\xd8" * 1000, "not text"),
    _file("is-a-page", lambda: b" " * _MB + b"<html><script>alert(1)</script></html>", "web page"),
    Attack(name="has-outputs-without-measure", file=_with_large_outputs, statuses=("ok",), says="ran"),
)
