"""What two runs of one notebook must have in common, whoever trained and whatever stood around it."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from grader.drive.notebook import UnreadableError, read_notebook
from grader.records import Execution

_CHANCE = re.compile(
    r'("(?:history|results|seconds|classes|train_seconds)": )(\{[^{}]*\}|[^,}]*)|("(?:agree|packed)": )(?:0\.\d+|"[^"]+")|0x[0-9a-f]+'
)
"""What differs between two runs of one notebook: trained numbers, times, addresses, what is shuffled without a seed."""
_FIGURES = re.compile(r"-?\b\d+\.\d*(e[+-]?\d+)?|\b\d+(:\d\d)+\b|\b\d+(?=s\b)|\b\d+[mnu](?=s/)|\b0x[0-9a-f]+\b|\bnan\b")
"""What training and the clock decide about what a cell prints."""
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_REDRAWN = re.compile(r"[^\n]*[\r\x08](?!\n|$)")
"""What a progress line has drawn over."""
_OVERTAKEN = re.compile(r"\d+/(\d+) ━[^\n]*(?=\1/\1 ━)")
"""A progress line that a warning cut off from the last of its kind."""
_TENSORFLOW = re.compile(r"^(WARNING: All log|[IWE]\d{4} |\d{4}-\d\d-\d\d ).*\n", re.MULTILINE)
"""TensorFlow's own lines, with the time of day."""
FILES = "files left behind: "
_LIST_FILES = f"""
import json as _json, os as _os
print({FILES!r} + _json.dumps(sorted((_os.path.relpath(_os.path.join(_place, _name)), _os.path.getsize(_os.path.join(_place, _name)))
    for _place, _, _names in _os.walk('.') for _name in _names)))
"""


def traced(execution: Execution) -> list[str]:
    """Return everything that a notebook's trace and cells tell, a line each, but for what chance decides."""
    cells = [(cell.status, cell.error, cell.message) for cell in execution.cells]
    events = [
        {name: one}
        for name, value in dataclasses.asdict(execution.trace).items()
        for one in (value if isinstance(value, (list, tuple)) else [value])
    ]
    told = [execution.ending, *events, *cells]
    return [_CHANCE.sub(r"\1\3", json.dumps(one, sort_keys=True)) for one in told]


def without_figures(text: str) -> str:
    r"""Return what was printed as it stands at the end, with a hash for whatever training and the clock decide.

    >>> without_figures("1/9 ━ 5s 6ms/step\r9/9 ━━ 1s 2ms/step - loss: 0.2519\n[0.1 0.25\n 7.e-05]")
    '9/9 ━━ #s #s/step - loss: #\n[#]'
    >>> without_figures("7/9 ━ 5s 6ms/step - loss: 0.49/9 ━━ 1s 2ms/step")
    '9/9 ━━ #s #s/step'
    """
    drawn = _REDRAWN.sub("", _ANSI.sub("", _TENSORFLOW.sub("", text)))
    finished = _OVERTAKEN.sub("", drawn.replace("\r", "").replace("\x08", ""))
    masked = re.sub(r"#(\s+#)+", "#", _FIGURES.sub("#", finished))
    return "\n".join(
        re.sub(r"(?<=\[) +| +(?=\])", "", re.sub(" +", " ", line)).rstrip() for line in masked.splitlines()
    )


def listing_files(notebook: Path, place: Path) -> Path:
    """Return a copy of a notebook with one more cell, which tells what files the others left; itself if unreadable."""
    try:
        content = read_notebook(notebook)
    except UnreadableError:
        return notebook
    content.cells.append(nbformat.v4.new_code_cell(_LIST_FILES))
    copy = place / notebook.name
    copy.write_text(nbformat.writes(content), encoding="utf-8")
    return copy


def shown(out: Path) -> list[list[str]]:
    """Return what each code cell showed, an output a line; streams each for itself, as time cuts them up."""
    if not (out / "executed.ipynb").exists():
        return []
    cells = nbformat.read(out / "executed.ipynb", as_version=4).cells
    return [
        [*_printed(cell.outputs), *map(_look, _displayed(cell.outputs))] for cell in cells if cell.cell_type == "code"
    ]


def _printed(outputs: list[Any]) -> Iterator[str]:
    for name in ("stdout", "stderr"):
        text = "".join("".join(one.text) for one in outputs if one.output_type == "stream" and one.name == name)
        if not text.startswith(FILES) and (printed := without_figures(text)):
            yield f"{name}: {printed}"


def _displayed(outputs: list[Any]) -> list[Any]:
    return [one for one in outputs if one.output_type != "stream"]


def _look(output: Any) -> str:
    if output.output_type == "error":
        return f"{output.ename}: {without_figures(output.evalue)}"
    looks = {kind: _look_of(kind, "".join(content)) for kind, content in sorted(output.data.items())}
    return f"{output.output_type}: {json.dumps(looks, ensure_ascii=False)}"


def _look_of(kind: str, content: str) -> str:
    if kind != "image/png":
        return without_figures(content)
    # PNG: an eight-byte signature, then the chunk IHDR with width and height. Labels of an axis take room.
    width, height = struct.unpack(">II", base64.b64decode(content)[16:24])
    return f"about {round(width, -2)} x {round(height, -2)}"


def files_left(out: Path) -> dict[str, int] | None:
    """Return names and sizes of what the cells left, where :func:`listing_files` had its turn."""
    if not (out / "executed.ipynb").exists():
        return None
    last = nbformat.read(out / "executed.ipynb", as_version=4).cells[-1].get("outputs", [])
    text = "".join(one.get("text", "") for one in last)
    return dict(json.loads(text.removeprefix(FILES))) if text.startswith(FILES) else None
