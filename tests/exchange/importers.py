"""What LMSs read from the files we hand back, written from the description of their importers, not from our exporters."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from decimal import Decimal


def moodle_worksheet(content, *, language, stored=None, hidden=None):
    """Moodle 4's "Upload grading worksheet": returns ``{number: (grade, comment)}`` of what it would write.

    Heads must be those of the teacher's language; the prefix of the identifier is cut off by its length; a number in
    another language's decimals is cast as PHP does; unknown people, equal, empty, negative and too large grades are
    passed over in silence.
    """
    heads = {
        "ru": ("Идентификатор", "Оценка", "Последнее изменение (оценка)", "Отзыв в виде комментария"),
        "en": ("Identifier", "Grade", "Last modified (grade)", "Feedback comments"),
    }[language]
    prefix = {"ru": "Участник", "en": "Participant "}[language]
    text = content.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    rows = list(csv.reader(io.StringIO(text, newline=""), escapechar="\\", doublequote=True))
    assert all(len(row) == len(rows[0]) for row in rows), "csvweirdcolumns"
    places = {head: rows[0].index(head) for head in heads if head in rows[0]}
    assert set(heads[:3]) <= set(places), "invalidgradeimport"
    maximum = {"ru": "Максимальная оценка", "en": "Maximum grade"}[language]
    written = {}
    for row in rows[1:]:
        number = row[places[heads[0]]][len(prefix) :].strip()
        cell = row[places[heads[1]]].replace(" ", "").replace("," if language == "ru" else "\0", ".")
        most = Decimal(row[rows[0].index(maximum)].replace(",", "."))
        match = re.match(r"-?\d+(\.\d+)?", cell)
        grade = Decimal(match[0]) if match else None
        if grade is not None and (grade < 0 or grade > most or grade == (stored or {}).get(number)):
            grade = None
        comment = row[places[heads[3]]] if places.get(heads[3]) else None
        written[number] = (grade, comment)
    return written


def moodle_feedback(content, participants):
    """Moodle's "Upload multiple feedback files in a zip": returns ``{number: {file: content}}``."""
    taken = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            parts = info.filename.split("/")
            if info.is_dir() or parts[-1].startswith((".", "~")):
                continue
            for place, part in enumerate(parts):
                pieces = part.split("_", 4)
                if len(pieces) >= 4 and pieces[1].isdecimal() and pieces[1] in participants:
                    assert f"{pieces[2]}_{pieces[3]}" == "assignfeedback_file"
                    rest = [*(pieces[4:5] if len(pieces) > 4 and pieces[4] else []), *parts[place + 1 :]]
                    taken.setdefault(pieces[1], {})["/".join(rest)] = archive.read(info)
                    break
    return taken


_CANVAS_NUMBER = re.compile(r"^-?[0-9.,]+%?$")


def canvas_gradebook(content, assignment):
    """Canvas's gradebook import: returns ``{id: score}`` for one assignment; None for a blank cell."""
    text = content.decode("utf-8-sig")
    lines = text.splitlines()[:3]
    delimiter = next(
        (sign for sign in ";," if lines and len({line.count(sign) for line in lines}) == 1 and sign in lines[0]), ","
    )
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert rows[0][:2] == ["Student", "ID"] and len(rows[0]) >= 4, "Invalid header row"  # noqa: PT018
    place = next(number for number, head in enumerate(rows[0]) if head == assignment)
    scores = {}
    for row in rows[1:]:
        if "points possible" in row[0].lower() or not any(row[1:]):
            continue
        cell = row[place].strip()
        if _CANVAS_NUMBER.match(cell):
            at = max(cell.rfind("."), cell.rfind(","))
            whole, rest = (cell[:at], cell[at + 1 :]) if at >= 0 else (cell, "")
            scores[row[1]] = Decimal(f"{re.sub('[.,]', '', whole) or 0}.{rest or 0}").quantize(Decimal("0.01"))
        else:
            scores[row[1]] = cell or None
    return scores
