"""What one cell shows: kept as a notebook keeps it, within bounds, whatever the kernel sends."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

_KEPT_BYTES = 1 << 20
_LONGEST_LIVE_LINE = 10_000
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
_CONTROLS = re.compile(r"(\n|\r|\x08+)")
_LIBRARY_LOG = re.compile(
    r"^(?:[IW]\d{4} \d\d:\d\d:[\d.]+ +\d+ [^\s:]+:\d+\] .*"
    r"|WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR)(?:\n|\Z)",
    re.MULTILINE,
)
"""What TensorFlow tells of the machine, below an error: the kernel's TF_CPP_MIN_LOG_LEVEL switches it off, but not
before Abseil's log is up. Format: Abseil's logging library, "Log line format"."""


def without_colours(text: str) -> str:
    r"""Remove terminal escape sequences.

    >>> without_colours("\x1b[0;31mNameError\x1b[0m: x")
    'NameError: x'
    """
    return _COLOURS.sub("", text)


def both_ends(text: str, most: int) -> str:
    """Return a text, its middle left out when it is long: TensorFlow's messages name the cause last.

    >>> both_ends("abcdefgh", 4)
    'ab … gh'
    """
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"


class Outputs:
    """Collects the output messages of one cell."""

    def __init__(self) -> None:
        """Start empty."""
        self._items: list[_Stream | NotebookNode] = []
        self._displays: dict[str, list[NotebookNode]] = {}
        self._kept = 0
        self._cut = False
        self._clear_next = False

    def take(self, kind: str, content: Mapping[str, Any]) -> None:
        """Apply one message of the IOPub channel; kinds that show nothing are ignored.

        Raises:
            Exception: of any class, when the message is not as the protocol says.
        """
        if kind == "clear_output":
            self._clear_next = True
            if not content.get("wait"):
                self._clear()
        elif kind == "stream":
            self._take_stream(str(content["name"]), str(content["text"]))
        elif kind in {"display_data", "execute_result", "error"}:
            self._take_output(kind, content)
        elif kind == "update_display_data":
            self._update(content)

    def nodes(self) -> list[NotebookNode]:
        """Return the outputs as nbformat 4 has them."""
        nodes = [item.node() if isinstance(item, _Stream) else item for item in self._items]
        nodes = [node for node in nodes if node.get("text") != ""]
        if self._cut:
            text = f"\n[The grader keeps {_KEPT_BYTES >> 20} MB of a cell's output; the rest was cut off here.]\n"
            nodes.append(new_output("stream", name="stderr", text=text))
        return nodes

    def _take_stream(self, name: str, text: str) -> None:
        if name not in {"stdout", "stderr"}:
            raise ValueError(f"no stream is called {name!r}")
        if not self._room_for(0):
            return
        last = self._items[-1] if self._items else None
        if not (isinstance(last, _Stream) and last.name == name):
            last = _Stream(name)
            self._items.append(last)
        fitting = text[: _KEPT_BYTES - self._kept + 1]
        self._kept += last.feed(fitting)
        self._cut = len(fitting) < len(text)

    def _take_output(self, kind: str, content: Mapping[str, Any]) -> None:
        fields: dict[str, Any]
        if kind == "error":
            lines = [without_colours(str(line)) for line in content["traceback"]]
            fields = {"ename": str(content["ename"]), "evalue": str(content["evalue"]), "traceback": lines}
        else:
            fields = _bundle(content)
        if kind == "execute_result":
            fields["execution_count"] = max(int(content["execution_count"]), 0)
        # Not nbformat's new_output(), which checks against a schema: more work than all the rest of a message is.
        node = NotebookNode(output_type=kind, **fields)
        if not self._room_for(len(json.dumps(node))):
            return
        self._items.append(node)
        display = (content.get("transient") or {}).get("display_id")
        if display and kind != "error":
            self._displays.setdefault(str(display), []).append(node)

    def _update(self, content: Mapping[str, Any]) -> None:
        bundle = _bundle(content)
        shown = self._displays.get(str((content.get("transient") or {}).get("display_id")), [])
        old = sum(len(json.dumps(other)) for other in shown)
        if shown and self._room_for(len(json.dumps(bundle)) * len(shown) - old):
            for other in shown:
                other.update(bundle)

    def _room_for(self, size: int) -> bool:
        """Tell whether ``size`` more bytes are kept, and count them; from the first no on, nothing is."""
        if self._clear_next:
            self._clear()
        self._cut = self._cut or self._kept + size > _KEPT_BYTES
        if not self._cut:
            self._kept += size
        return not self._cut

    def _clear(self) -> None:
        self._items.clear()
        self._displays.clear()
        self._kept, self._cut, self._clear_next = 0, False, False


def _bundle(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return data and metadata of a display, of the types that a notebook file allows."""
    data = {
        kind: value if isinstance(value, str) or _is_json(kind) else str(value)
        for kind, value in dict(content["data"]).items()
    }
    bundle = {"data": data, "metadata": dict(content.get("metadata") or {})}
    return dict(nbformat.from_dict(bundle))


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


class _Stream:
    """Text as a terminal shows it: a progress bar that is drawn a thousand times is kept once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lines: list[str] = []
        self._live = ""
        self._rewound = False

    def feed(self, text: str) -> int:
        """Add text; returns by how many characters what is kept has grown."""
        before = len(self._live)
        finished = 0
        for part in _CONTROLS.split(text):
            if part == "\n":
                self._lines.append(self._live + "\n")
                finished += len(self._live) + 1
                self._live, self._rewound = "", False
            elif part == "\r":
                self._rewound = True
            elif part.startswith("\x08"):
                if not self._rewound and len(self._live) < _LONGEST_LIVE_LINE:
                    self._live = self._live[: -len(part)]
            elif part:
                self._live = part if self._rewound else self._live + part
                self._rewound = False
        return finished + len(self._live) - before

    def node(self) -> NotebookNode:
        text = "".join(self._lines) + self._live
        if self.name == "stderr":
            text = _LIBRARY_LOG.sub("", text)
        return new_output("stream", name=self.name, text=text)
