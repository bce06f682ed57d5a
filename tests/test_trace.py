"""Reading what hostile code wrote."""

import json

import pytest

from grader.records import CompileFacts, FitFacts, Trace
from grader.trace import read_trace

FIT = {
    "event": "fit",
    "fit": 0,
    "model": 0,
    "snapshot": 0,
    "x": {
        "shape": [60000, 784],
        "dtype": "float32",
        "dataset": "mnist",
        "split": "train",
        "rows": {"count": 60000, "ranges": [[0, 60000]]},
        "scale": 0.003921569,
    },
    "epochs": 2,
    "batch_size": 128,
    "compile": {"model": 0, "optimizer": "RMSprop", "optimizer_config": {"learning_rate": 0.001, "x": {"y": [1]}}},
    "class_weight": {"0": 1, "1": 2.5},
    "history": {"loss": [0.5, None]},
}
NOTE = {"event": "note", "what": "colab-drive"}


def read(tmp_path, *lines, **options):
    path = tmp_path / "trace.jsonl"
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path.write_bytes(b"\n".join(raw) + b"\n")
    return read_trace(path, **options)


def with_value(event, path, value):
    """A copy of an event with the value at a dotted path replaced."""
    copy = json.loads(json.dumps(event))
    *parents, last = path.split(".")
    here = copy
    for parent in parents:
        here = here[parent]
    here[last] = value
    return copy


def test_a_fit_comes_back_as_the_record_it_was(tmp_path):
    """A valid fit keeps its nested facts, and a gap in its history stays a gap."""
    fit = read(tmp_path, FIT).fits[0]
    assert isinstance(fit, FitFacts)
    assert isinstance(fit.compile, CompileFacts)
    assert fit.x.rows.ranges == ((0, 60000),)
    assert fit.compile.optimizer_config["x"] == {"y": [1]}
    assert fit.history == {"loss": (0.5, None)}


def test_versions_come_from_the_start_event(tmp_path):
    """The start event's versions are taken, wrapped or flat."""
    assert read(tmp_path, {"event": "start", "versions": {"keras": "3.15.1"}}).versions == {"keras": "3.15.1"}
    assert read(tmp_path, {"event": "start", "keras": "3.15.1"}).versions == {"keras": "3.15.1"}


def test_unknown_keys_are_ignored(tmp_path):
    """A newer probe may tell more than we know."""
    assert read(tmp_path, {**NOTE, "mood": "fine"}).notes[0].what == "colab-drive"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("epochs", True),
        ("epochs", "2"),
        ("epochs", 2.5),
        ("epochs", None),
        ("epochs", 10**30),
        ("batch_size", 1e400),
        ("x", None),
        ("x.shape", [1, True]),
        ("x.shape", "784"),
        ("x.rows", {"count": 1, "ranges": [[0]]}),
        ("history", {"loss": ["low"]}),
        ("history", {"loss": [0.1] * 10_001}),
        ("compile.optimizer_config", [1]),
        ("class_weight", {"0": False}),
        ("error", "x" * (3 << 20)),
        ("error", "\ud800"),
    ],
)
def test_a_line_with_a_wrong_value_is_dropped_alone(tmp_path, path, value):
    """The neighbours of a bad line survive it, and it is counted."""
    trace = read(tmp_path, NOTE, with_value(FIT, path, value), NOTE)
    assert (trace.fits, len(trace.notes), trace.rejected) == ((), 2, 1)


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"event": ["note"]}',
        b'{"event": "note", "what": NaN}',
        b'{"event": "compile", "model": 0, "optimizer": "SGD", "optimizer_config": {"a": 1e999}}',
        b'{"event": "root", "what": "x"}',
        b'{"event": "note", "what": ' + b"9" * 6000 + b"}",
        b'{"event": "note", "what": "a", "detail": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"event": "compile", "model": 0, "optimizer": "A", "optimizer_config": {"a": '
        + b"[" * 100
        + b"]" * 100
        + b"}}",
    ],
)
def test_bombs_and_rubbish_cost_one_line(tmp_path, line):
    """Nothing that is not an event raises, whatever it is made of."""
    trace = read(tmp_path, NOTE, line, NOTE)
    assert (len(trace.notes), trace.rejected) == (2, 1)


def test_a_line_without_end_costs_itself(tmp_path):
    """A line longer than the limit is skipped without being kept in memory; the next one is read."""
    trace = read(tmp_path, NOTE, b'"' + b"x" * (17 << 20), NOTE)
    assert (len(trace.notes), trace.rejected) == (2, 1)


def test_what_lies_beyond_the_size_limit_is_cut_off(tmp_path):
    """A trace larger than its limit keeps its beginning, and says that something was lost."""
    trace = read(tmp_path, *[{**NOTE, "detail": "x" * 1000}] * 2000, limit_mb=1)
    assert 900 < len(trace.notes) < 1100
    assert trace.rejected > 0


def test_events_beyond_the_count_are_dropped(tmp_path):
    """A notebook cannot flood us with events of one kind."""
    trace = read(tmp_path, *[NOTE] * 1010)
    assert (len(trace.notes), trace.rejected) == (1000, 10)


def test_what_was_lost_is_named(tmp_path):
    """A call too many is known by its kind, rubbish may have been anything."""
    call = {"event": "predict", "model": 0, "x": {"shape": [1], "dtype": "f"}}
    assert read(tmp_path, *[call] * 2010).lost == ("predict",)
    assert read(tmp_path, NOTE, b"{", with_value(FIT, "epochs", "5")).lost == ("", "fit")


def test_a_missing_file_is_an_empty_trace(tmp_path):
    """A kernel that never imported Keras leaves no file."""
    assert read_trace(tmp_path / "none") == Trace()


def test_a_last_line_cut_short_is_the_only_loss(tmp_path):
    """A kernel killed in the middle of a write loses that one event."""
    path = tmp_path / "trace.jsonl"
    path.write_bytes(json.dumps(NOTE).encode() + b'\n{"event": "no')
    trace = read_trace(path)
    assert (len(trace.notes), trace.rejected) == (1, 1)
