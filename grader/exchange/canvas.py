"""Canvas: its gradebook, filled in.

Rows are joined by the columns ``ID``, ``SIS User ID`` and ``SIS Login ID``; an assignment's column is called
``Title (number)``. The row ``Points Possible`` holds maxima. Heads are never translated. A blank cell where Canvas has
a score removes it, and ``EX`` (excused) and ``N/A`` (not assigned) are the teacher's word: none of them is touched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.errors import UsageError
from grader.exchange.account import ExportOptions, Outcome, SkipReason
from grader.exchange.grades import Grade
from grader.exchange.tableedit import GradeIndex, TableEdit, opened, require_even
from grader.records import msg
from grader.sheets import NumberFormat, number_of, parse

_IDS = ("ID", "SIS User ID", "SIS Login ID", "Integration ID")
_ASSIGNMENT = re.compile(r"(?P<title>.*) \((?P<number>\d+)\)", re.DOTALL)
_POINTS = "points possible"
_SKIPPED_BY_CANVAS = (
    *("Current Points", "Final Points", "Current Score", "Final Score", "Current Grade", "Final Grade"),
    *("Override Score", "Override Grade", "Override Status"),
)
_TEACHERS_WORD = ("ex", "n/a")
_TEST_STUDENT = "student, test"


def export(
    content: bytes, name: str, grades: Sequence[Grade], options: ExportOptions, wanted: str | None = None
) -> Outcome:
    """Fill in a gradebook; ``wanted`` is the assignment's head or number, where there are several.

    Raises:
        UsageError: It is no gradebook, its rows are uneven, or the assignment's column is not clear.
    """
    encoded = opened(content, name)
    table = parse(encoded.text, lambda heads: "ID" in heads and ("Student" in heads or "LastName" in heads))
    if table is None:
        text = msg(
            "{name}: this is no gradebook of Canvas; expected the columns Student, ID, Section and an assignment",
            name=name,
        )
        raise UsageError(text)
    require_even(table, name)
    heads = [cell.text for cell in table.cells[0]]
    at = _assignment(heads, wanted, name)
    edit = TableEdit(encoded=encoded, table=table, options=options)
    limit = next((row[at].text for row in table.cells[1:] if _POINTS in row[0].text.casefold()), "")
    maximum = number_of(limit)
    if maximum is None or maximum <= 0:
        text = msg(
            "{name}: the row Points Possible gives {column} no maximum (it says {limit}); export it once more",
            name=name,
            column=repr(heads[at]),
            limit=repr(limit),
        )
        raise UsageError(text)
    style = _style(edit, at, limit)
    index, ids = GradeIndex(grades), [heads.index(head) for head in _IDS if head in heads]
    for number, row in enumerate(table.cells[1:], start=1):
        if not any(row[place].text.strip() for place in ids) or row[0].text.strip().casefold() == _TEST_STUDENT:
            continue
        label = f"{row[0].text.strip()} ({row[ids[0]].text.strip()})"
        grade = index.find(*(row[place].text for place in ids))
        if row[at].text.strip().casefold() in _TEACHERS_WORD:
            edit.account.leave(label, SkipReason.EXCUSED)
        elif grade is None or grade.absent:
            edit.missing((number, at), label, style, why=SkipReason.NOTHING if grade else SkipReason.UNKNOWN)
        else:
            edit.grade((number, at), label, grade, maximum, style)
    for grade in index.rest():
        edit.account.leave(grade.result.label, grade.why_not or SkipReason.NOT_IN_TABLE)
    if any(words in heads[at] for words in _SKIPPED_BY_CANVAS):
        edit.account.notes.append(
            msg("Canvas passes over columns with a name such as {name}: give the assignment another.", name=heads[at])
        )
    return Outcome(files={name: edit.content()}, account=edit.account)


def _assignment(heads: Sequence[str], wanted: str | None, name: str) -> int:
    found = {place: match for place, head in enumerate(heads) if (match := _ASSIGNMENT.fullmatch(head))}
    fits = [
        place
        for place, match in found.items()
        if wanted is None or wanted in (heads[place], match["title"], match["number"])
    ]
    if len(fits) == 1:
        return fits[0]
    there = ", ".join(repr(heads[place]) for place in found) or msg("none")
    if wanted is None:
        raise UsageError(
            msg("{name}: which assignment? Name one with --column; there are: {there}", name=name, there=there)
        )
    text = msg(
        "{name}: --column {column} fits {count} of its assignments, and must fit one; there are: {there}",
        name=name,
        column=wanted,
        count=len(fits),
        there=there,
    )
    raise UsageError(text)


def _style(edit: TableEdit, at: int, limit: str) -> NumberFormat:
    """Return how the gradebook writes scores; Canvas compares two decimals."""
    column = [row[at].text for row in edit.table.cells[1:]]
    separator = NumberFormat.of(limit, *(text for text in column if "." in text or "," in text)).separator
    return NumberFormat(decimals=2, separator=separator)
