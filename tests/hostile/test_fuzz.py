"""Whatever is fed to the readers of hostile text, they neither fall over nor take long nor hold much."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.boundedjson import is_heavier
from grader.collect import archive
from grader.drive.notebook import UnreadableError, code_cells, read_notebook
from grader.records import Trace
from grader.trace import read_trace
from tests.exchange import archives
from tests.test_trace import FIT, NOTE
from tests.timing import within

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
    try:
        with within(_LONGEST_SECONDS):
            return read()
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
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


_ARCHIVES = (
    archives.hostile(),
    archives.packed(archives.CANVAS),
    archives.with_raw_names({"Ким Олег/1.ipynb": "x"}, "cp866"),
)
_BOUNDS = archive.Bounds(members=50, bytes=4 << 20, member_bytes=2 << 20)


@pytest.mark.parametrize("effort", [LITTLE, pytest.param(MUCH, marks=pytest.mark.slow)], ids=["little", "much"])
def test_any_bytes_are_an_archive_or_a_reason(tmp_path_factory, effort):
    """Records of real archives with fields replaced, cut off or twice there: what is taken lies inside, and is bounded."""
    changes = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0, 1, 2, 4, 8]), st.binary(max_size=8)), max_size=6)

    @effort
    @given(st.sampled_from(_ARCHIVES), changes, st.booleans())
    def fuzz(whole, changes, twice):
        for share, length, put in changes:
            at = int(share * len(whole))
            whole = whole[:at] + put + whole[at + length :]
        room = tmp_path_factory.mktemp("room")
        file = room / "x.zip"
        file.write_bytes(whole * 2 if twice else whole)
        try:
            found = bounded(lambda: archive.unpack(file, room, _BOUNDS))
        except archive.RefusedError as refusal:
            refusal.why.text.format(**refusal.why.values)
            assert list(room.iterdir()) == [file]
            return
        inside = list(found.folder.rglob("*"))
        assert set(room.iterdir()) == {file, found.folder}
        assert not any(one.is_symlink() for one in inside)
        assert sum(one.stat().st_size for one in inside if one.is_file()) <= _BOUNDS.bytes

    fuzz()


_HEAVY = {
    "lists": ("[", "[],", "[]]"),
    "numbers": ("[", "1,", "1]"),
    "objects": ("[", "{},", "{}]"),
    "empty texts": ("[", '"",', '""]'),
    "cells": ("[", '{"cell_type":"code","source":"x"},', "{}]"),
    "digits": ("", "1", ""),
    "brackets": ("", "[", ""),
    "blanks": ("", " ", "<html>"),
    "one text": ('["', "[,{", '"]'),
    "open text": ('["', "\\\\x", ""),
}
"""What parsed would be many times as large, and what only looks like it: before, again and again, after."""


@pytest.mark.parametrize("name", _HEAVY)
@pytest.mark.parametrize("kind", ["notebook", "trace"])
def test_little_text_that_would_be_large_objects_is_weighed_first(place, name, kind):
    """Whole files of it are a notebook, a trace or a reason, in time and in little memory."""
    before, one, after = _HEAVY[name]
    content = before + one * ((12 << 20) // len(one)) + after
    if kind == "notebook":
        place.write_text('{"nbformat": 4, "cells": ' + content + "}")
        notebook_or_reason(place)
    else:
        place.write_text(('{"event": "note", "what": ' + content + "}\n") * 2)
        trace_of(place)


def test_many_small_lines_are_read_as_far_as_an_honest_trace_goes(place):
    """After so many lines nothing more is parsed; what was taken stays."""
    place.write_text((json.dumps(NOTE) + "\n") * 200_000)
    with within(_LONGEST_SECONDS):
        trace = read_trace(place)
    assert len(trace.notes) == 1_000


@settings(max_examples=200, deadline=None)
@given(JSON, st.integers(0, 30))
def test_text_is_never_lighter_than_what_it_holds(value, most):
    """Whatever strings hold, a text that passes has so many values at most, and a light one passes."""

    def count(one):
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        return 1 + sum(map(count, inner))

    text = json.dumps(value)
    if is_heavier(text, most):
        assert 2 * count(value) > most
    else:
        assert count(value) <= 2 * most + 1


def test_a_file_of_one_byte_is_no_notebook(place):
    """Found by fuzzing: the guess at its encoding looked at a second one."""
    place.write_bytes(b"\x00")
    notebook_or_reason(place)
