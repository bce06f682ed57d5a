"""A lecturer's table, CSV or XLSX → rows of texts."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

from grader.errors import UsageError
from grader.records import msg
from grader.sheets.table import parse
from grader.sheets.text import decode

_MOST_ROWS = 100_000


def read_rows(path: Path) -> list[list[str]]:
    """Return the rows of a CSV file (any of the usual encodings and separators) or of the first sheet of an XLSX file.

    Raises:
        UsageError: The file cannot be read, or is neither.
    """
    try:
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            return _xlsx(path)
        encoded = decode(path.read_bytes())
    except OSError as error:
        text = msg(
            "{file}: this table cannot be read ({why}); give a CSV or XLSX file",
            file=str(path),
            why=error.strerror or str(error),
        )
        raise UsageError(text) from error
    except UnicodeDecodeError as error:
        text = msg(
            "{file}: expected a CSV file in UTF-8 or Windows-1251, or an XLSX file; save it once more as one of them",
            file=str(path),
        )
        raise UsageError(text) from error
    table = parse(encoded.text, lambda header: len(header) > 1) or parse(encoded.text, lambda header: len(header) > 0)
    return table.rows if table else []


def _xlsx(path: Path) -> list[list[str]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = [[_text(value) for value in row] for row in sheet.iter_rows(max_row=_MOST_ROWS, values_only=True)]
        book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError) as error:
        text = msg(
            "{file}: this is no XLSX file that can be opened ({why}); save it once more, or as CSV",
            file=str(path),
            why=str(error),
        )
        raise UsageError(text) from error
    return [row for row in rows if any(row)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():  # Excel keeps every number as a float: 4021.0
        return str(int(value))
    return value.isoformat() if isinstance(value, dt.datetime | dt.date) else str(value)
