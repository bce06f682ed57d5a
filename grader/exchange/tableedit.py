"""An LMS's own table, filled in: what a row gets, in words that all tables share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from grader.errors import UsageError
from grader.exchange.account import Account, ExportOptions, SkipReason
from grader.exchange.grades import Grade
from grader.records import msg
from grader.sheets import Encoded, NumberFormat, Table, decode, number_of, scaled, written


class GradeIndex:
    """The run's submissions, to be found by any id; an id that two have finds neither."""

    def __init__(self, grades: Iterable[Grade]) -> None:
        """Index the submissions; those found are ticked off."""
        self._grades = tuple(grades)
        self._by_id: dict[str, Grade | None] = {}
        for grade in self._grades:
            for key in grade.ids:
                self._by_id[key] = grade if self._by_id.get(key, grade) is grade else None
        self._found: set[str] = set()

    def find(self, *keys: str) -> Grade | None:
        """Return the first submission with one of these ids, in this order, and tick it off."""
        grade = self.look(*keys)
        return None if grade is None else self.tick(grade)

    def look(self, *keys: str) -> Grade | None:
        """Return the same without ticking it off."""
        found = (self._by_id.get(key.strip().casefold()) for key in keys if key.strip())
        return next((grade for grade in found if grade is not None), None)

    def tick(self, grade: Grade) -> Grade:
        """Note that a submission is in the table."""
        self._found.add(grade.student)
        return grade

    def rest(self) -> tuple[Grade, ...]:
        """Return the submissions that are not in the table, those of nobody who handed in left out."""
        return tuple(one for one in self._grades if one.student not in self._found and not one.absent)


@dataclass(kw_only=True, slots=True)
class TableEdit:
    """Changes to a table, and their account."""

    encoded: Encoded
    table: Table
    options: ExportOptions
    account: Account = field(default_factory=Account)
    changes: dict[tuple[int, int], str] = field(default_factory=dict)

    def cell(self, row: int, column: int | None) -> str:
        """Return a cell's text; nothing where there is no such column."""
        return "" if column is None else self.table.cells[row][column].text

    def grade(self, at: tuple[int, int], label: str, grade: Grade, maximum: Decimal, style: NumberFormat) -> bool:
        """Write a grade, scaled to the LMS's maximum, unless the cell says so already; False when there is none."""
        if grade.points is None:
            self.account.leave(label, grade.why_not or SkipReason.NOT_GRADED)
            return False
        self._write(at, label, scaled(grade.points, grade.most, maximum, style.decimals), style)
        return True

    def missing(
        self, at: tuple[int, int], label: str, style: NumberFormat, *, why: SkipReason = SkipReason.NOTHING
    ) -> None:
        """Treat a row of somebody who handed in nothing; a grade that is there stays."""
        if why is SkipReason.NOT_IN_RUN or not self.options.missing_as_zero or number_of(self.cell(*at)) is not None:
            self.account.leave(label, why)
        else:
            self._write(at, label, Decimal(0), style)

    def _write(self, at: tuple[int, int], label: str, value: Decimal, style: NumberFormat) -> None:
        changed = number_of(self.cell(*at)) != value
        if changed:
            self.changes[at] = written(value, style)
        self.account.give(label, zero=value == 0, changed=changed)

    def content(self) -> bytes:
        """Return the table with its changes; every other byte is as it was."""
        return self.encoded.encode(self.table.changed(self.changes), html=True)


def opened(content: bytes, name: str) -> Encoded:
    """Return a table's text.

    Raises:
        UsageError: It is in no encoding that LMSs and Excel use.
    """
    try:
        return decode(content)
    except UnicodeDecodeError as error:
        text = msg(
            "{name}: expected a CSV file in UTF-8 or Windows-1251; download it from the LMS once more", name=name
        )
        raise UsageError(text) from error


def require_even(table: Table, name: str) -> None:
    """Pass a table whose rows all have the header's width.

    Raises:
        UsageError: One has not; the LMS would import nothing of the file, or the wrong cells.
    """
    width = len(table.cells[0])
    for number, row in enumerate(table.cells, start=1):
        if len(row) != width:
            text = msg(
                "{name}: row {number} has {count} cells, the header has {width}; download the file once more",
                name=name,
                number=number,
                count=len(row),
                width=width,
            )
            raise UsageError(text)


def column(heads: Mapping[str, int], *names: str) -> int | None:
    """Return the first of the columns with one of these heads."""
    return min((heads[name] for name in names if name in heads), default=None)
