"""A file that a student handed in -> a clean notebook, or the reason why not."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from grader.boundedjson import TooManyValuesError, loads
from grader.records import Message, msg

_MOST_MB = 40
_MOST_VALUES = 1_000_000
"""Numbers, strings, lists and objects in the file; a plot may hold hundreds of thousands."""
_NEWEST_FORMAT = 4
_LONGEST_REASON = 200
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16: the little-endian mark of UTF-32 begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HAND_IN_AGAIN = "Save it in Jupyter or Colab (File > Download .ipynb), open it once to check, and hand in that file."


class UnreadableError(Exception):
    """The file is not a notebook; ``reason`` says why. It becomes a record, never a fault."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.text)
        self.reason = reason


def read_notebook(path: Path) -> NotebookNode:
    """Return the notebook in nbformat 4, with nothing left in it that could steer a run.

    Sources and cell kinds are kept. Outputs, tags, the kernel's name and all other metadata are dropped.

    Raises:
        UnreadableError: it cannot be opened, is too large, or is not a notebook.
    """
    raw = read_json(path)
    try:
        version = int(raw.get("nbformat", _NEWEST_FORMAT))
        known = nbformat.versions.get(version)
        if known is None:
            raise UnreadableError(
                msg(
                    "The notebook has format version {found}, which is not known here; {newest} is the newest that is. "
                    + _HAND_IN_AGAIN,
                    found=version,
                    newest=_NEWEST_FORMAT,
                )
            )
        _repair(raw, version)
        old = known.to_notebook_json(raw) if hasattr(known, "to_notebook_json") else nbformat.from_dict(raw)
        converted = nbformat.convert(old, _NEWEST_FORMAT)
        return _clean(converted.get("cells"))
    except UnreadableError:
        raise
    except Exception as error:  # noqa: BLE001 - the converters trust the file and fail in every way there is
        raise _not_a_notebook(f"{type(error).__name__}: {error}") from None


def code_cells(notebook: NotebookNode) -> list[tuple[int, str]]:
    """Return position and source of every code cell that holds more than blanks."""
    cells = enumerate(notebook.cells)
    return [(index, cell.source) for index, cell in cells if cell.cell_type == "code" and cell.source.strip()]


def _load(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > _MOST_MB << 20:
            raise UnreadableError(
                msg(
                    "The file has {size} MB; a notebook may have {most} MB. Clear its outputs "
                    "(Edit > Clear all outputs), save it and hand it in again.",
                    size=size >> 20,
                    most=_MOST_MB,
                )
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(msg("The file cannot be opened: {why}.", why=error.strerror or str(error))) from None


def _decode(content: bytes) -> str:
    if not content.strip():
        raise UnreadableError(msg("The file is empty. " + _HAND_IN_AGAIN))
    if content.startswith(b"PK\x03\x04"):
        raise UnreadableError(
            msg("The file is a ZIP archive with the name of a notebook. Unpack it and hand in the .ipynb file itself.")
        )
    encoding = next((name for mark, name in _BOMS if content.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\x00" in content[:4]:
        encoding = "utf-16-le" if content[1:2] == b"\x00" else "utf-16-be"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableError(
            msg("The file is not text in UTF-8 (byte {position}). " + _HAND_IN_AGAIN, position=error.start)
        ) from None


def read_json(path: Path) -> dict[str, Any]:
    """Return what the file of a notebook holds, as it is, once it is known to be of bearable size.

    Raises:
        UnreadableError: as for :func:`read_notebook`.
    """
    text = _decode(_load(path))
    if re.match(r"\s*<", text):
        raise UnreadableError(
            msg(
                "The file is a web page (HTML), not a notebook: probably the page that shows the notebook was saved. "
                + _HAND_IN_AGAIN
            )
        )
    try:
        raw = loads(text, _MOST_VALUES)
    except RecursionError:
        raise _not_a_notebook(msg("nested too deeply")) from None
    except json.JSONDecodeError as error:
        raise UnreadableError(
            msg(
                "The file is damaged: it is not valid JSON in line {line}. It may have been cut off while "
                "it was copied. " + _HAND_IN_AGAIN,
                line=error.lineno,
            )
        ) from None
    except TooManyValuesError as error:
        raise _not_a_notebook(msg("it holds more than {most} values", most=error.most)) from None
    except ValueError as error:
        raise _not_a_notebook(str(error)) from None
    if not isinstance(raw, dict) or not isinstance(raw.get("cells", raw.get("worksheets")), list):
        raise _not_a_notebook(msg("it has no list of cells"))
    return raw


def _repair(raw: dict[str, Any], version: int) -> None:
    """Mend, in place, what the converters would stumble over: one damaged cell must not cost the others."""
    raw["nbformat"] = version
    if not isinstance(raw.get("nbformat_minor"), int):
        raw["nbformat_minor"] = 0
    if not isinstance(raw.get("metadata"), dict):
        raw["metadata"] = {}
    if isinstance(raw.get("worksheets"), list):  # format 3 and older
        raw["worksheets"] = [sheet for sheet in raw["worksheets"] if isinstance(sheet, dict)]
    holders = [holder for holder in (raw, *raw.get("worksheets", ())) if "cells" in holder]
    given = [cell for holder in holders for cell in holder["cells"] or ()]
    for holder in holders:
        holder["cells"] = [_repaired(cell) for cell in holder["cells"] or () if isinstance(cell, dict)]
    if given and not any(holder["cells"] for holder in holders):
        raise _not_a_notebook(msg("none of its cells can be read"))


def _repaired(cell: dict[str, Any]) -> dict[str, Any]:
    """Return what a cell holds apart from what is dropped anyway: outputs, metadata, attachments."""
    kind = cell.get("cell_type")
    repaired: dict[str, Any] = {"cell_type": kind if isinstance(kind, str) else "raw", "metadata": {}}
    repaired |= {name: _text(cell[name]) for name in ("source", "input", "code", "text") if name in cell}
    if kind == "code":
        repaired |= {"outputs": [], "execution_count": None}
    if kind == "heading":
        repaired["level"] = cell["level"] if cell.get("level") in range(1, 7) else 1
    return repaired


def _text(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))


def _clean(cells: Any) -> NotebookNode:
    if not isinstance(cells, list):
        raise _not_a_notebook(msg("it has no list of cells"))
    notebook = new_notebook(cells=list(_clean_cells(cells)))
    notebook.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    return notebook


def _clean_cells(cells: list[Any]) -> Iterator[NotebookNode]:
    makers = {"code": new_code_cell, "markdown": new_markdown_cell}
    for index, cell in enumerate(cells):
        kind = cell.get("cell_type")
        # Half a surrogate pair is legal in JSON and nowhere else.
        text = _text(cell.get("source")).encode("utf-8", "replace").decode("utf-8")
        made = makers.get(kind, new_raw_cell)(text)
        made.id = f"cell-{index}"
        yield made


def _not_a_notebook(why: str | Message) -> UnreadableError:
    why = why[:_LONGEST_REASON] if isinstance(why, str) else why
    return UnreadableError(msg("The file is not a Jupyter notebook: {why}. " + _HAND_IN_AGAIN, why=why))
