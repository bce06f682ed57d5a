"""CSV and XLSX for people and other programs; LTI scores and nbgrader's CSV for machines."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader.exchange import preview
from grader.exchange.account import Account, ExportOptions, Outcome, SkipReason
from grader.exchange.comments import plain
from grader.exchange.grades import Grade
from grader.language import Language
from grader.records import RunFacts, msg
from grader.report.files import decided
from grader.sheets import shown_safely

_BEFORE = ("student", "id", "name", "email", "group", "status", "late")
_MOST_CELL = 32_000
"""Characters; Excel takes 32,767."""


def csv_table(run: RunFacts, grades: Sequence[Grade], options: ExportOptions) -> Outcome:
    """Return all students with their points as CSV in UTF-8 with a byte order mark, which Excel needs for Cyrillic."""
    account, stream = Account(), io.StringIO(newline="")
    csv.writer(stream).writerows(_rows(run, grades, options, account))
    return Outcome(
        files={"grades.csv": b"\xef\xbb\xbf" + stream.getvalue().encode("utf-8", "replace")}, account=account
    )


def xlsx_table(run: RunFacts, grades: Sequence[Grade], options: ExportOptions) -> Outcome:
    """Return the same as a spreadsheet, numbers as numbers and no cell a formula."""
    import openpyxl
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font

    account, book = Account(), openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "grades"
    for number, row in enumerate(_rows(run, grades, options, account), start=1):
        for place, value in enumerate(row, start=1):
            cell = sheet.cell(number, place)
            if isinstance(value, str):
                text = value.encode("utf-8", "replace").decode("utf-8")
                cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:_MOST_CELL]
                cell.data_type = "s"
            else:
                cell.value = value
            if number == 1:
                cell.font = Font(bold=True)
    sheet.freeze_panes = "B2"
    moment = _graded_at(run).replace(tzinfo=None)
    book.properties.created = book.properties.modified = moment
    stream = io.BytesIO()
    book.save(stream)
    return Outcome(files={"grades.xlsx": stream.getvalue()}, account=account)


def _rows(
    run: RunFacts, grades: Sequence[Grade], options: ExportOptions, account: Account
) -> Iterator[list[str | int]]:
    most = max((grade.most for grade in grades), default=0)
    yield [*_BEFORE, *map(shown_safely, run.tasks), "total", "max"]
    for grade in grades:
        result, who = grade.result, grade.result.who
        total = given(grade, options, account)
        late = {None: "", True: "yes", False: "no"}[result.delivery.late]
        texts = (grade.student, who.id, who.name, who.email, who.group, result.status.value, late)
        points = ("" if value is None else value for value in decided(run, result).values())
        yield [*map(shown_safely, texts), *points, "" if total is None else total, most]


def given(grade: Grade, options: ExportOptions, account: Account) -> int | None:
    """Return the total to hand back, or None, and note it in the account."""
    label = grade.result.label
    if grade.points is None and not (grade.absent and options.missing_as_zero):
        account.leave(label, grade.why_not or SkipReason.NOT_GRADED)
        return None
    account.give(label, zero=not grade.points)
    return grade.points or 0


def lti_scores(run: RunFacts, grades: Sequence[Grade], options: ExportOptions, language: Language) -> Outcome:
    """Return the bodies of LTI Advantage "Score" calls (AGS 2.0), one for each student, as a JSON list.

    ``userId`` is the id of the roster or the LMS. The time is that of the grading, so that a repeated export says the
    same; a platform takes a score only when it is later than the one it has. Grades of a preview or on samples are
    ``Pending`` in the sense of AGS: the final one comes without anybody's intervention.
    """
    account, scores = Account(), list[dict[str, Any]]()
    moment = _graded_at(run).isoformat(timespec="milliseconds")
    progress = "Pending" if preview.is_preliminary(run) else "FullyGraded"
    for grade in grades:
        if not grade.result.who.id:
            account.leave(grade.result.label, SkipReason.NO_ID)
            continue
        total = given(grade, options, account)
        if total is None:
            continue
        scores.append(
            {
                "userId": grade.result.who.id,
                "scoreGiven": total,
                "scoreMaximum": grade.most,
                **({"comment": plain(grade, language)} if options.feedback and not grade.absent else {}),
                "activityProgress": "Completed" if not grade.absent else "Initialized",
                "gradingProgress": progress,
                "timestamp": moment,
            }
        )
    if scores and preview.is_preliminary(run):
        account.notes.append(msg("Marked as pending: Canvas and Open edX do not show such scores as grades."))
    if account.zeros:
        account.notes.append(msg("Open edX does not push a zero to its gradebook: enter these by hand."))
    content = json.dumps(scores, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    return Outcome(files={"lti-scores.json": content.encode("utf-8", "replace")}, account=account)


_NBGRADER = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)


def nbgrader_table(grades: Sequence[Grade], options: ExportOptions, pages: Mapping[str, bytes]) -> Outcome:
    """Return grades in the columns of ``nbgrader export``, and the students' pages as its ``feedback/`` folder.

    nbgrader writes and reads this file without quotes, so commas and line ends inside values become blanks.
    """
    account, lines = Account(), [",".join(_NBGRADER)]
    files: dict[str, bytes] = {}
    for grade in grades:
        who, delivery = grade.result.who, grade.result.delivery
        assignment = delivery.assignment or "workbook"
        total = given(grade, options, account)
        moment = delivery.received.replace("T", " ").removesuffix("+00:00")
        last, _, first = who.name.partition(",") if "," in who.name else who.name.partition(" ")
        score = "" if total is None else str(total)
        student = who.id or grade.student
        cells = (
            assignment,
            "",
            moment,
            student,
            last,
            first,
            who.email,
            score,
            "0" if score else "",
            score,
            str(grade.most),
        )
        lines.append(",".join(_bare(cell) for cell in cells))
        if total is not None and grade.student in pages:
            files[f"feedback/{_folder(student)}/{_folder(assignment)}/workbook.html"] = pages[grade.student]
    table = "\n".join(lines) + "\n"
    return Outcome(files=files | {"grades.csv": table.encode("utf-8", "replace")}, account=account)


def _bare(cell: str) -> str:
    return shown_safely(" ".join(cell.replace(",", " ").replace('"', "'").split()))


def _folder(name: str) -> str:
    plain_name = "".join(char if char.isalnum() or char in "-_.@" else "_" for char in name).strip(".")
    return plain_name[:100] or "_"


def _graded_at(run: RunFacts) -> dt.datetime:
    """Return when the run was graded, UTC."""
    try:
        begun = dt.datetime.fromisoformat(run.started)
    except ValueError:
        begun = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    begun = begun if begun.tzinfo else begun.replace(tzinfo=dt.UTC)
    return (begun + dt.timedelta(seconds=run.seconds)).astimezone(dt.UTC)
