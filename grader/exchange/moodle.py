"""Moodle: its offline grading worksheet, filled in, and the ZIP archive of feedback files.

The worksheet is joined by the number in its first column (``Participant 318``, ``Участник318``), which is that of the
download's folders; for teams by the name of the group. Moodle reads heads in the importing teacher's language, the
identifier, the grade and its date, and comments; all other bytes stay what they were. It silently skips a grade that
it cannot read, so the account says how many it must report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.errors import UsageError
from grader.exchange.account import ExportOptions, Outcome, SkipReason
from grader.exchange.comments import MARK, as_html
from grader.exchange.grades import Grade
from grader.exchange.tableedit import GradeIndex, TableEdit, column, opened, require_even
from grader.exchange.zips import packed
from grader.language import Language
from grader.records import msg
from grader.sheets import NumberFormat, number_of, parse, same_name

# The heads in the languages that are common where Russian is; others are found by their place.
_IDENTIFIER = ("identifier", "идентификатор", "ідентифікатор", "id", "identificador", "identifiant")
_GRADE = ("grade", "оценка", "оцінка", "bewertung", "calificación", "note")
_MAXIMUM = ("maximum grade", "максимальная оценка")
_SCALE = ("scale", "шкала")
_GROUP = ("group", "группы", "группа")
_EMAIL = ("email address", "email", "адрес электронной почты")
_NAME = ("full name", "полное имя")
_LOCKED = ("grade can be changed", "оценка может быть изменена")
_SUBMITTED = ("last modified (submission)", "последнее изменение (ответ)")
_GRADED = (
    "last modified (grade)",
    "последнее изменение (оценка)",
    "востаннє змінювалося (оцінка)",
    "zuletzt geändert (bewertung)",
    "última modificación (calificación)",
    "dernière modification (note)",
)
_COMMENTS = (
    "feedback comments",
    "отзыв в виде комментария",
    "відгук - коментарем",
    "feedback als kommentar",
    "comentarios de retroalimentación",
    "feedback par commentaires",
)
_NO = ("no", "нет", "ні", "nein", "non")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Columns:
    identifier: int
    grade: int
    graded: int
    maximum: int
    name: int | None
    email: int | None
    group: int | None
    locked: int | None
    submitted: int | None
    comments: int | None


def export(
    content: bytes,
    name: str,
    grades: Sequence[Grade],
    options: ExportOptions,
    language: Language,
    pages: Mapping[str, bytes] | None = None,
) -> Outcome:
    """Fill in a worksheet; with ``pages``, by student, make the archive of feedback files too.

    Raises:
        UsageError: It is no worksheet, its rows are uneven, or it is graded with a scale.
    """
    encoded = opened(content, name)
    table = parse(encoded.text, _is_worksheet)
    if table is None:
        wrong = msg(
            "{name}: this is no grading worksheet of Moodle; expected the columns Identifier, Grade and Last modified "
            "(grade), or Идентификатор, Оценка, Последнее изменение (оценка)",
            name=name,
        )
        raise UsageError(wrong)
    require_even(table, name)
    edit = TableEdit(encoded=encoded, table=table, options=options)
    columns = _columns([cell.text for cell in table.cells[0]], name)
    index, teams = GradeIndex(grades), _teams(grades)
    feedback: dict[str, bytes] = {}
    for row in range(1, len(table.cells)):
        if not any(cell.text.strip() for cell in table.cells[row]):
            continue
        grade = _row(edit, columns, row, index, teams, language)
        if grade is not None and pages and grade.student in pages:
            number = grade.result.who.id if columns.group is not None else _number(edit.cell(row, columns.identifier))
            feedback[f"participant_{number}_assignfeedback_file_/feedback.html"] = pages[grade.student]
    for grade in index.rest():
        edit.account.leave(grade.result.label, grade.why_not or SkipReason.NOT_IN_TABLE)
    _notes(edit, columns)
    files = {name: edit.content()}
    if pages is not None:
        files["moodle-feedback.zip"] = packed(feedback)
        edit.account.notes.append(msg("Feedback files: {count}", count=len(feedback)))
    return Outcome(files=files, account=edit.account)


def _is_worksheet(heads: Sequence[str]) -> bool:
    found = set(map(same_head, heads))
    return bool(found & {*_IDENTIFIER}) and bool(found & {*_GRADE}) and bool(found & {*_GRADED})


def same_head(head: str) -> str:
    """Return a head as it is compared: without case and outer spaces."""
    return " ".join(head.casefold().split())


def _columns(texts: Sequence[str], name: str) -> _Columns:
    heads: dict[str, int] = {}
    for place, text in enumerate(texts):
        heads.setdefault(same_head(text), place)
    identifier, grade, graded = column(heads, *_IDENTIFIER), column(heads, *_GRADE), column(heads, *_GRADED)
    assert identifier is not None and grade is not None and graded is not None  # noqa: PT018 - what makes a worksheet
    maximum = column(heads, *_MAXIMUM)
    if column(heads, *_SCALE) is not None:
        wrong = msg(
            "{name}: this assignment is graded with a scale; set it to points in Moodle, and download the file again",
            name=name,
        )
        raise UsageError(wrong)
    return _Columns(
        identifier=identifier,
        grade=grade,
        graded=graded,
        maximum=grade + 1 if maximum is None else maximum,
        name=column(heads, *_NAME),
        email=column(heads, *_EMAIL),
        group=column(heads, *_GROUP),
        locked=column(heads, *_LOCKED),
        submitted=column(heads, *_SUBMITTED),
        comments=column(heads, *_COMMENTS),
    )


def _row(
    edit: TableEdit,
    columns: _Columns,
    row: int,
    index: GradeIndex,
    teams: Mapping[str, Grade | None],
    language: Language,
) -> Grade | None:
    """Fill in a row; returns the submission when its grade is handed back."""
    number = _number(edit.cell(row, columns.identifier))
    label = _label(edit.cell(row, columns.name), number)
    at = (row, columns.grade)
    limit = edit.cell(row, columns.maximum)
    maximum = number_of(limit)
    if not number or maximum is None or maximum <= 0:
        text = msg(
            "row {row} of the worksheet has no identifier or no maximum grade; download the file once more",
            row=row + 1,
        )
        raise UsageError(text)
    style = NumberFormat.of(limit)
    submitted = edit.cell(row, columns.submitted).strip() not in ("", "-")
    grade = _of(edit, columns, row, index, teams)
    if same_head(edit.cell(row, columns.locked)) in _NO:
        edit.account.leave(label, SkipReason.LOCKED)
    elif grade is not None and not grade.absent:
        if edit.grade(at, label, grade, maximum, style):
            _comment(edit, columns, row, grade, language)
            return grade
    elif submitted:
        edit.missing(at, label, style, why=SkipReason.NOT_IN_RUN)
    else:
        known = grade is not None or columns.submitted is not None
        edit.missing(at, label, style, why=SkipReason.NOTHING if known else SkipReason.UNKNOWN)
    return None


def _of(
    edit: TableEdit, columns: _Columns, row: int, index: GradeIndex, teams: Mapping[str, Grade | None]
) -> Grade | None:
    """Return the submission a row belongs to.

    Where teams hand in, the download's numbers are those of groups: a row's own number counts only with its own name.
    """
    number, email = _number(edit.cell(row, columns.identifier)), edit.cell(row, columns.email)
    if columns.group is None:
        return index.find(number, email)
    groups = (edit.cell(row, columns.group), *edit.cell(row, columns.group).split(","))
    team = next((found for name in groups if (found := teams.get(same_name(name))) is not None), None)
    if team is not None:
        return index.tick(team)
    own, name = index.look(number, email), same_name(_plain(edit.cell(row, columns.name)))
    return index.tick(own) if own is not None and same_name(own.result.who.name) == name else None


def _comment(edit: TableEdit, columns: _Columns, row: int, grade: Grade, language: Language) -> None:
    """Write our comment where there is none but an older one of ours; an empty cell would erase what is in Moodle."""
    # Moodle takes a column in the first place for no column at all.
    if not edit.options.feedback or not columns.comments:
        return
    there = edit.cell(row, columns.comments)
    comment = as_html(grade, language)
    if there != comment and (not there.strip() or MARK in there):
        edit.changes[row, columns.comments] = comment


def _notes(edit: TableEdit, columns: _Columns) -> None:
    account, changes = edit.account, edit.changes
    graded = sum(1 for row, column in changes if column == columns.grade)
    comments = sum(1 for row, column in changes if column == columns.comments)
    account.notes.append(
        msg(
            "Moodle must report after the import: grades {grades}, comments {comments}",
            grades=graded,
            comments=comments,
        )
    )
    again = [
        row
        for row, place in changes
        if place == columns.grade and edit.cell(row, columns.graded).strip() not in ("", "-")
    ]
    if again:
        account.notes.append(
            msg(
                "Grades that were in Moodle before: {count}. Tick “Allow updating records that have been modified more "
                "recently in Moodle than in the spreadsheet” when you import, or Moodle may skip them without a word.",
                count=len(again),
            )
        )
    numbers = [_number(edit.cell(row, columns.identifier)) for row in range(1, len(edit.table.cells))]
    if len(set(numbers)) < len(numbers):
        account.notes.append(msg("The worksheet names somebody twice; Moodle takes the last of the rows."))
    if any(number_of(text) == 0 for (_, place), text in changes.items() if place == columns.grade):
        account.notes.append(msg("Newer Moodle does not import a zero from a worksheet: enter these by hand."))


def _number(identifier: str) -> str:
    match = re.search(r"(\d+)\s*$", identifier)
    return match[1] if match else ""


def _label(name: str, number: str) -> str:
    return f"{_plain(name)} ({number})" if _plain(name) else number


def _plain(name: str) -> str:
    """Return a name without the marks Moodle puts around it: suspended users come in a ``<span>``."""
    return re.sub(r"<[^<>]*>", "", name).strip()


def _teams(grades: Sequence[Grade]) -> dict[str, Grade | None]:
    """Return the submissions by the name they were downloaded under; None where two are called alike."""
    teams: dict[str, Grade | None] = {}
    for grade in grades:
        if name := same_name(grade.result.who.name):
            teams[name] = None if name in teams else grade
    return teams
