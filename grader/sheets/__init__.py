"""Tables that other programs wrote: read as they are, changed cell by cell, never rewritten."""

from grader.sheets.numbers import NumberFormat, number_of, scaled, written
from grader.sheets.read import read_rows
from grader.sheets.table import Table, parse
from grader.sheets.text import Encoded, decode, same_name, shown_safely

__all__ = [
    "Encoded",
    "NumberFormat",
    "Table",
    "decode",
    "number_of",
    "parse",
    "read_rows",
    "same_name",
    "scaled",
    "shown_safely",
    "written",
]
