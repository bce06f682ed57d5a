"""A CSV file as cells that remember where they stand, so that one can be changed and every other byte stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t")
_SEP_LINE = re.compile(r"sep=(.)(?:\r\n|\n|\r)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class TableCell:
    """One cell: its text, and the span of the file it takes."""

    text: str
    start: int
    end: int
    quoted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A CSV file; rows may be of different width, lines without any character are no rows."""

    source: str
    delimiter: str
    cells: tuple[tuple[TableCell, ...], ...]

    @property
    def rows(self) -> list[list[str]]:
        """The texts of all cells."""
        return [[cell.text for cell in row] for row in self.cells]

    def changed(self, changes: Mapping[tuple[int, int], str]) -> str:
        """Return the file with other texts in the cells (row, column); everything else stays byte for byte."""
        parts, at = [], 0
        for row, column in sorted(changes):
            cell = self.cells[row][column]
            parts += [self.source[at : cell.start], self._raw(changes[row, column], cell)]
            at = cell.end
        return "".join([*parts, self.source[at:]])

    def _raw(self, text: str, cell: TableCell) -> str:
        must = any(sign in text for sign in (self.delimiter, '"', "\r", "\n")) or text != text.strip()
        return '"{}"'.format(text.replace('"', '""')) if cell.quoted or must else text


def parse(text: str, is_header: Callable[[Sequence[str]], bool]) -> Table | None:
    """Return a CSV text as a table: with the delimiter by which its first row becomes a header that is looked for.

    Quoting is that of RFC 4180; lines end in CR LF, LF or CR; Excel's first line ``sep=;`` is passed over. None when
    no delimiter makes the first row such a header.
    """
    hint = _SEP_LINE.match(text)
    for delimiter in dict.fromkeys([hint[1], *DELIMITERS] if hint else DELIMITERS):
        start = hint.end() if hint else 0
        first = next(_rows(text, delimiter, start), ())
        if is_header([cell.text for cell in first]):
            return Table(source=text, delimiter=delimiter, cells=tuple(_rows(text, delimiter, start)))
    return None


def _rows(text: str, delimiter: str, start: int) -> Iterator[tuple[TableCell, ...]]:
    quoted = re.compile(r'"((?:[^"]|"")*)(?:"|$)')
    plain = re.compile(rf"[^{re.escape(delimiter)}\r\n]*")
    row: list[TableCell] = []
    at = start
    while at < len(text) or row:
        match = quoted.match(text, at)
        rest = plain.match(text, match.end() if match else at)
        assert rest is not None  # it matches the empty text
        value = (match[1].replace('""', '"') if match else "") + rest[0]
        row.append(TableCell(text=value, start=at, end=rest.end(), quoted=match is not None))
        at = rest.end()
        if text.startswith(delimiter, at):
            at += len(delimiter)
            if at < len(text):
                continue
            row.append(TableCell(text="", start=at, end=at, quoted=False))
        if len(row) > 1 or row[0].end > row[0].start:
            yield tuple(row)
        row = []
        at += 2 if text.startswith("\r\n", at) else 1
