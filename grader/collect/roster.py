"""A roster, CSV or XLSX: who there is, and under which ids.

Moodle's grading worksheet, Canvas's gradebook, nbgrader's list of students and plain tables all are rosters: columns
are known by their heads, in English or Russian (and Moodle's own in German, French, Spanish and Ukrainian).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from grader.collect.submission import readable
from grader.errors import UsageError
from grader.records import Person, msg
from grader.sheets import read_rows, same_name

_HEADS: Mapping[str, tuple[str, ...]] = {
    "number": ("identifier", "идентификатор", "ідентифікатор", "identificador", "identifiant"),
    "id": (
        *("id", "student id", "studentid", "user id", "userid", "student number", "id number", "sis user id"),
        *("sis login id", "integration id", "login", "username", "lms user id", "sub", "email login"),
        *("номер", "логин", "имя пользователя", "индивидуальный номер", "номер студента", "студенческий билет"),
        *("номер студенческого билета", "номер зачетной книжки", "номер зачётной книжки", "табельный номер"),
    ),
    "name": (
        "full name",
        "name",
        "student",
        "полное имя",
        "фио",
        "студент",
        "учащийся",
        "имя / фамилия",
        "имя и фамилия",
    ),
    "last": ("last name", "lastname", "surname", "фамилия"),
    "first": ("first name", "firstname", "given name", "имя"),
    "middle": ("middle name", "patronymic", "отчество"),
    "email": ("email", "e-mail", "email address", "адрес электронной почты", "электронная почта", "почта"),
    "group": ("group", "groups", "section", "cohort", "группа", "группы", "секция", "учебная группа"),
}
_NOT_STUDENTS = ("points possible", "student, test")


def read_roster(path: Path) -> tuple[Person, ...]:
    """Return the people of a roster, in its order; rows without id, e-mail and name are passed over.

    Raises:
        UsageError: It cannot be read, or its first row has no column that says who somebody is.
    """
    rows = read_rows(path)
    fields = [_field(head) for head in (rows[0] if rows else ())]
    if not {"number", "id", "name", "last", "email"} & set(fields):
        heads = ", ".join(rows[0][:12]) if rows else msg("nothing")
        text = msg(
            "{file}: the first row of a roster names its columns; found: {heads}; expected some of: ID, "
            "Email, Full name, Group (or: Идентификатор, ФИО, Группа, Почта)",
            file=str(path),
            heads=heads,
        )
        raise UsageError(text)
    people = (_person(fields, row) for row in rows[1:])
    return tuple(person for person in people if person is not None)


def _field(head: str) -> str:
    plain = same_name(head)
    return next((field for field, heads in _HEADS.items() if plain in heads), "")


def _person(fields: Sequence[str], row: Sequence[str]) -> Person | None:
    cells: dict[str, list[str]] = {field: [] for field in _HEADS}
    for field, cell in zip(fields, row, strict=False):
        if field and cell.strip():
            cells[field].append(_shown(cell))
    numbers = [found[0] for cell in cells["number"] if (found := re.search(r"\d+$", cell))]
    ids = list(dict.fromkeys([*numbers, *cells["id"]]))
    name = next(iter(cells["name"]), "") or " ".join(
        part for field in ("last", "first", "middle") for part in cells[field][:1]
    )
    email = next(iter(cells["email"]), "")
    if name.casefold().startswith(_NOT_STUDENTS) or not (ids or name or email):
        return None
    return Person(
        id=ids[0] if ids else email or name,
        name=name,
        email=email,
        group=", ".join(cells["group"]),
        other_ids=tuple(ids[1:]),
    )


def _shown(cell: str) -> str:
    """Return a cell without the marks that an LMS puts around names: ``<span>``, a ``'`` against formulas."""
    plain = re.sub(r"<[^<>]*>", "", cell).strip()
    return readable(plain[1:] if re.match(r"'\s*[=+\-@]", plain) else plain)


class Roster:
    """People, to be found by whatever a layout knows of them."""

    def __init__(self, people: Iterable[Person]) -> None:
        """Index the people; what two of them share finds neither."""
        self.people = tuple(people)
        self._by_id = _unique((key, one) for one in self.people for key in _ids(one))
        self._by_name = _unique((same_name(one.name), one) for one in self.people if one.name)
        self._groups = {same_name(group) for one in self.people for group in one.group.split(", ") if group}

    def find(self, known: Person, *, label: str = "") -> tuple[Person, ...]:
        """Return whom a submission belongs to: one person, all of a team, or nobody.

        Args:
            known: What the layout says.
            label: The name of a plain folder or notebook, where that is all there is: an id, or a name that only one
                person has.
        """
        person = next((self._by_id[key] for key in _ids(known) if key in self._by_id), None)
        team = same_name(known.name)
        if team in self._groups and (person is None or same_name(person.name) != team):
            return tuple(one for one in self.people if team in map(same_name, one.group.split(", ")))
        if person is None and label:
            person = self._by_id.get(label.casefold()) or self._by_name.get(same_name(label))
        return (person,) if person else ()


def merged(known: Person, found: Sequence[Person]) -> Person:
    """Return what layout and roster know together; the layout's id stays, the roster's spelling of names wins."""
    if len(found) == 1:
        (person,) = found
        others = [one for one in (person.id, *person.other_ids) if one not in ("", known.id)]
        return replace(
            person,
            id=known.id or person.id,
            name=person.name or known.name,
            email=person.email or known.email,
            other_ids=tuple(others if known.id else person.other_ids),
        )
    if found:
        return replace(known, group=known.group or known.name)
    return known


def _ids(person: Person) -> list[str]:
    found = (person.id, *person.other_ids, *(person.email.split(", ") if person.email else ()))
    return [one.casefold() for one in found if one]


def _unique(pairs: Iterable[tuple[str, Person]]) -> dict[str, Person]:
    found: dict[str, Person | None] = {}
    for key, person in pairs:
        found[key] = person if found.get(key, person) is person else None
    return {key: person for key, person in found.items() if person is not None}
