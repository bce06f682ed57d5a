"""The way out of the kernel: one JSON event a line, bounded, never an exception."""

from __future__ import annotations

import contextlib
import json
import math
import os
import threading
from typing import Any

_LINE_BYTES = 8 << 20
_MESSAGE_CHARS = 2_000


class Channel:
    """Writes events to a file descriptor; with None, or once the other end is gone, they are dropped."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def send(self, event: str, **fields: Any) -> None:
        """Write one event. A child that the notebook forked is silent: its events would tear the parent's lines."""
        if self._fd is None or os.getpid() != self._pid:
            return
        line = json.dumps({"event": event, **wire(fields)}, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        data = line.encode("utf-8", "replace") + b"\n"
        if len(data) > _LINE_BYTES:
            data = json.dumps({"event": "note", "what": "too-large", "detail": event, "cell": 0}).encode() + b"\n"
        with self._lock:
            self._write(memoryview(data))

    def _write(self, data: memoryview) -> None:
        while data and self._fd is not None:
            try:
                data = data[os.write(self._fd, data) :]
            except OSError:
                self._fd = None


def wire(value: Any) -> Any:
    """Return ``value`` in JSON's types: tuples as lists, NumPy scalars as numbers, NaN and infinities as None.

    Raises:
        TypeError: for a value that has no place in JSON.
    """
    if value is None or isinstance(value, (bool, str, int)):
        return value if not isinstance(value, int) or isinstance(value, bool) else int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): wire(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [wire(item) for item in value]
    with contextlib.suppress(Exception):
        if getattr(value, "ndim", None) == 0:
            return wire(value.item())
    raise TypeError(f"{type(value).__name__} has no place in an event")


def shortened(text: object) -> str:
    """Return a text cut to a length that fits a report."""
    words = str(text)
    return words if len(words) <= _MESSAGE_CHARS else words[: _MESSAGE_CHARS - 1] + "…"
