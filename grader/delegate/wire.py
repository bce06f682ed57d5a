"""Requests and answers on the link to a kernel: a length of four bytes, then so many bytes; nothing is trusted."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

from grader.boundedjson import is_heavier
from grader.records import FitFacts, ModelFacts
from grader.trace import trace_of

MOST_BYTES = 4 << 20
"""Longest request: a network's config, and the numbers of 60,000 shuffled rows."""
_MOST_VALUES = 50_000
"""Numbers, texts, lists and objects in a request; a deep network has some thousands."""
_SENDING_SECONDS = 60.0
_LENGTH = struct.Struct(">I")


class MalformedRequest(Exception):  # noqa: N818  - an answer to a hostile kernel, not an error of ours
    """What came is no request."""


def receive(link: socket.socket) -> bytes | None:
    """Return the next request, None at the end of the link.

    Raises:
        MalformedRequest: It announces more than is allowed, so that nothing after it can be found.
        OSError: The link broke.
    """
    head = _exactly(link, _LENGTH.size)
    if head is None:
        return None
    (size,) = _LENGTH.unpack(head)
    if size > MOST_BYTES:
        raise MalformedRequest("the request is too long")
    return _exactly(link, size)


def _exactly(link: socket.socket, size: int) -> bytes | None:
    found = bytearray()
    while len(found) < size:
        part = link.recv(min(size - len(found), 1 << 16))
        if not part:
            return None
        found += part
    return bytes(found)


def send(link: socket.socket, answer: Mapping[str, Any], state: bytes = b"") -> None:
    """Send an answer, and the state of a model after it.

    Raises:
        OSError: The kernel is gone, or does not read.
    """
    text = json.dumps({**answer, "state_bytes": len(state)}, allow_nan=False).encode()
    link.settimeout(_SENDING_SECONDS)
    try:
        link.sendall(_LENGTH.pack(len(text)) + text)
        link.sendall(state)
    finally:
        link.settimeout(None)


def facts_of(request: bytes) -> tuple[FitFacts, ModelFacts]:
    """Read a request: the events ``model`` and ``fit``, a line each, as the trace has them.

    Raises:
        MalformedRequest: It is anything else.
    """
    if is_heavier(request.decode("latin-1"), _MOST_VALUES):  # its marks are bytes of their own in UTF-8
        raise MalformedRequest("the request is too large")
    found = trace_of(request.split(b"\n"))
    if found.rejected or len(found.fits) != 1 or len(found.models) != 1:
        raise MalformedRequest("the request is not one model and one fit")
    fit, model = found.fits[0], found.models[0]
    if fit.snapshot != model.snapshot or fit.compile is None:
        raise MalformedRequest("the fit is not that of the model")
    return fit, model
