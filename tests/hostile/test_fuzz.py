"""Whatever is fed to the readers of hostile text, they neither fall over nor take long nor hold much."""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.drive.notebook import UnreadableError, code_cells, read_notebook
from grader.records import Trace
from grader.trace import read_trace
from tests.test_trace import FIT, NOTE

_LONGEST_SECONDS = 10.0
_MOST_BYTES = 200 << 20
LITTLE = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
MUCH = settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))

_TEXT = st.text(max_size=20) | st.sampled_from(["code", "markdown", "\ud800", "\x00", "<b>", "%%bash", "{x}"])
_SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT
)
JSON = st.recursive(
    _SCALAR, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_TEXT, inner, max_size=5), max_leaves=20
)
CELL = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading", "html", 7]) | JSON,
        "source": _TEXT | st.lists(_TEXT, max_size=4) | JSON,
        "input": JSON,
        "outputs": JSON,
        "metadata": JSON,
        "level": JSON,
        "id": JSON,
        "language": JSON,
        "prompt_number": JSON,
    },
)
CELLS = st.lists(CELL | JSON, max_size=6) | JSON
NOTEBOOK = st.fixed_dictionaries(
    {},
    optional={
        "nbformat": st.sampled_from([1, 2, 3, 4, 5, "4", None]) | JSON,
        "nbformat_minor": JSON,
        "metadata": JSON,
        "cells": CELLS,
        "worksheets": st.lists(st.fixed_dictionaries({"cells": CELLS}) | JSON, max_size=3) | JSON,
    },
)


def bounded(read):
    """Call a reader; it must come back in time and with little memory."""
    tracemalloc.start()
    started = time.monotonic()
    try:
        return read()
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert time.monotonic() - started < _LONGEST_SECONDS
        assert peak < _MOST_BYTES


def notebook_or_reason(path: Path) -> None:
    try:
        notebook = bounded(lambda: read_notebook(path))
    except UnreadableError as fault:
        fault.reason.text.format(**fault.reason.values)
        return
    for _, source in code_cells(notebook):
        source.encode()
    assert all(not cell.metadata and not cell.get("outputs") for cell in notebook.cells)


def trace_of(path: Path) -> Trace:
    trace = bounded(lambda: read_trace(path, 8))
    assert isinstance(trace, Trace)
    repr(trace).encode()
    return trace


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A file to be written again and again."""
    return tmp_path_factory.mktemp("fuzz") / "hostile.ipynb"


@pytest.mark.parametrize("effort", [LITTLE, pytest.param(MUCH, marks=pytest.mark.slow)], ids=["little", "much"])
def test_any_json_is_a_notebook_or_a_reason(place, effort):
    """Cells of any shape in a notebook of any version: what can be read is clean, the rest is explained."""

    @effort
    @given(NOTEBOOK | JSON)
    def fuzz(raw):
        place.write_bytes(json.dumps(raw).encode())
        notebook_or_reason(place)

    fuzz()


@pytest.mark.parametrize("effort", [LITTLE, pytest.param(MUCH, marks=pytest.mark.slow)], ids=["little", "much"])
def test_any_bytes_are_a_notebook_or_a_reason(place, effort):
    """Marks of every encoding, archives, pages and rubbish."""
    starts = st.sampled_from(
        [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\x00\x00", b"PK\x03\x04", b"<", b"{"]
    )

    @effort
    @given(starts, st.binary(max_size=200), st.integers(0, 60))
    def fuzz(start, rubbish, brackets):
        place.write_bytes(start + rubbish + b'{"cells": [' * brackets)
        notebook_or_reason(place)

    fuzz()


@pytest.mark.parametrize("effort", [LITTLE, pytest.param(MUCH, marks=pytest.mark.slow)], ids=["little", "much"])
def test_any_lines_are_a_trace(place, effort):
    """Events with any of their fields replaced: a line is an event or is counted, and its neighbours stay."""
    changed = st.tuples(st.sampled_from([FIT, NOTE]), st.sampled_from([*FIT, "event", "what", "cell"]), JSON)

    @effort
    @given(st.lists(changed, max_size=4), st.binary(max_size=100))
    def fuzz(changes, rubbish):
        lines = [json.dumps({**event, key: value}).encode() for event, key, value in changes]
        good = json.dumps(NOTE).encode()
        place.write_bytes(b"\n".join([good, *lines, rubbish.replace(b"\n", b" "), good]) + b"\n")
        assert len(trace_of(place).notes) >= 2

    fuzz()
