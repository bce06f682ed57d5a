"""The probe's lines, read as hostile text: JSON by schema, bounded, never unpickled, never an exception.

One event a line, ``{"event": "fit", ...}`` with the field names of :mod:`grader.records`. A line that is not a valid
event is dropped and counted; what came before and after it stays.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter

from grader.boundedjson import loads
from grader.records import (
    CompileFacts,
    EvaluateFacts,
    FailureFacts,
    FitFacts,
    LegacyFacts,
    ModelFacts,
    NoteFacts,
    PredictionFacts,
    Trace,
)

_MB = 1 << 20
_LINE_MB = 16
_DEPTH = 64
_ITEMS = 10_000
"""Most entries of one list or object: layers of a model, epochs of a history."""
_STRING = 2 * _MB
_VALUES = 500_000
"""Most values of one event."""
_ALL_VALUES = 1_500_000
"""Most values of all events of a trace."""
_LINES = 100_000
"""Lines after which nothing more is read: ten times all events that a trace may hold."""
_VERSIONS = 20
_WHOLE = 1 << 53

_KINDS: dict[str, tuple[str, type, int]] = {
    "model": ("models", ModelFacts, 500),
    "compile": ("compiles", CompileFacts, 1_000),
    "fit": ("fits", FitFacts, 500),
    "evaluate": ("evaluations", EvaluateFacts, 2_000),
    "predict": ("predicts", EvaluateFacts, 2_000),
    "failure": ("failures", FailureFacts, 500),
    "predictions": ("predictions", PredictionFacts, 50),
    "note": ("notes", NoteFacts, 1_000),
    "legacy": ("legacy", LegacyFacts, 1_000),
}
"""Event -> field of :class:`Trace`, record, how many of them one trace may hold."""
_ADAPTERS: dict[str, TypeAdapter[Any]] = {event: TypeAdapter(record) for event, (_, record, _) in _KINDS.items()}
_VERSIONS_ADAPTER: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])


def read_trace(path: Path, limit_mb: int = 64) -> Trace:
    """Read what the probe wrote.

    Args:
        path: The file; a missing one is an empty trace (the notebook may never have started).
        limit_mb: Size beyond which the rest of the file is ignored, and counted as one rejected line.

    Returns:
        All valid events in the order of the file, and how many lines were rejected.
    """
    try:
        with path.open("rb") as file:
            return trace_of(_as_far_as_readable(_lines(file, limit_mb * _MB)))
    except OSError:
        return Trace(rejected=1, lost=("",)) if path.exists() else Trace()


def trace_of(lines: Iterable[bytes | None]) -> Trace:
    """Read events that are lines already; None counts as one that was rejected.

    >>> trace_of([b'{"event": "note", "what": "colab"}', b"no event"]).rejected
    1
    """
    found: dict[str, list[Any]] = {name: [] for name, _, _ in _KINDS.values()}
    versions: dict[str, str] = {}
    rejected, left, lost = 0, _ALL_VALUES, set[str]()
    for number, line in enumerate(lines):
        kind = ""
        if number >= _LINES or left < 0:
            rejected += 1
            lost.add(kind)
            break
        try:
            event, weight = _parse(line)
            left -= weight
            kind = _kind_of(event)
            versions |= _take(event, found)
        except (ValueError, RecursionError):  # ValidationError and JSONDecodeError are ValueErrors
            rejected += 1
            lost.add(kind)
    taken = {name: tuple(items) for name, items in found.items()}
    return Trace(versions=versions, rejected=rejected, lost=tuple(sorted(lost)), **taken)


def _kind_of(event: dict[str, Any]) -> str:
    kind = event.get("event")
    return kind if isinstance(kind, str) and (kind in _KINDS or kind == "start") else ""


def _as_far_as_readable(lines: Iterator[bytes | None]) -> Iterator[bytes | None]:
    try:
        yield from lines
    except OSError:
        yield None


def _lines(file: BinaryIO, limit: int) -> Iterator[bytes | None]:
    """Yield the lines of the first ``limit`` bytes; None in place of one that is too long or cut off by the limit."""
    left = limit
    while left > 0:
        line = file.readline(min(left, _LINE_MB * _MB))
        if not line:
            return
        left -= len(line)
        if line.endswith(b"\n") or not (rest := _skip_line(file, left)):
            if line.strip():
                yield line
            continue
        left -= rest
        yield None
    if file.read(1):
        yield None


def _skip_line(file: BinaryIO, limit: int) -> int:
    """Read on to the end of the line, at most ``limit`` bytes; return how many that were."""
    passed = 0
    while passed < limit:
        part = file.readline(min(limit - passed, _MB))
        passed += len(part)
        if not part or part.endswith(b"\n"):
            break
    return passed


def _take(event: dict[str, Any], found: dict[str, list[Any]]) -> dict[str, str]:
    """File one event under its name; return the versions it tells.

    Raises:
        ValueError: It is not an event, or one too many of its kind.
    """
    kind = event.pop("event", None)
    if kind == "start":
        return _versions(event)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError("not an event")
    name, record, most = _KINDS[kind]
    if len(found[name]) >= most:
        raise ValueError("one event too many")
    known = {field.name for field in fields(record)}
    text = json.dumps({key: value for key, value in event.items() if key in known})
    found[name].append(_ADAPTERS[kind].validate_json(text, strict=True))
    return {}


def _parse(line: bytes | None) -> tuple[dict[str, Any], int]:
    """Return an event and how many values it holds.

    Raises:
        ValueError: It is none.
        RecursionError: It is nested too deeply to be parsed.
    """
    if line is None:
        raise ValueError("the line is too long")
    event = loads(line.decode("utf-8"), _VALUES, parse_constant=_refuse_constant)
    if not isinstance(event, dict):
        raise ValueError("not a JSON object")
    return event, _check_bounds(event)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _check_bounds(event: dict[str, Any]) -> int:
    """Refuse what is larger or deeper than any honest event, without recursion; return how many values it holds."""
    level: list[Any] = [event]
    weight = 0
    for _ in range(_DEPTH):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value
                below += value.values()
            elif isinstance(value, list):
                below += value
            _check_value(value)
        weight += len(level)
        if not below:
            return weight
        level = below
    raise ValueError("nested too deeply")


def _check_value(value: Any) -> None:
    if isinstance(value, dict | list) and len(value) > _ITEMS:
        raise ValueError("too many items")
    if isinstance(value, str):
        if len(value) > _STRING:
            raise ValueError("a string is too long")
        value.encode()  # a lone surrogate is a UnicodeEncodeError, a ValueError: no report could print it
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")
    if isinstance(value, int) and abs(value) > _WHOLE:
        raise ValueError("a number is too large")


def _versions(event: dict[str, Any]) -> dict[str, str]:
    versions = _VERSIONS_ADAPTER.validate_python(event.get("versions", event), strict=True)
    if len(versions) > _VERSIONS or any(len(text) > 100 for item in versions.items() for text in item):
        raise ValueError("these are no versions")
    return versions
