"""Who handed in, and how it reached us: what an LMS and a roster say."""

from __future__ import annotations

from dataclasses import dataclass

from grader.records.words import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A student or a team; everything is empty when only a folder's name is known."""

    id: str = ""
    """The LMS's own number or login; grades are handed back by it, never by the name."""
    name: str = ""
    """As the LMS or the roster writes it; empty under blind marking."""
    email: str = ""
    group: str = ""
    """Group or section; for a team the team."""
    other_ids: tuple[str, ...] = ()
    """Further ids of the same person, from a roster: login, student number, number in another system."""


def label_of(student: str, who: Person) -> str:
    """Return a student as people know them: the name where an LMS or a roster gives one, with the id in the run.

    >>> label_of("4711", Person(name="Anna Petrova")), label_of("petrova", Person())
    ('Anna Petrova (4711)', 'petrova')
    """
    return f"{who.name} ({student})" if who.name not in ("", student) else student


def goes_by(student: str, who: Person) -> tuple[str, ...]:
    """Return everything a student of a run may be called by, in small letters.

    >>> goes_by("Petrova", Person(id="4711", email="anna@example.org"))
    ('petrova', '4711', 'anna@example.org')
    """
    found = (student, who.id, *who.other_ids, who.name, label_of(student, who), *who.email.split(", "))
    return tuple(dict.fromkeys(one.casefold() for one in found if one))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a submission reached us."""

    source: str = ""
    """``moodle``, ``canvas``, ``gradescope``, ``nbgrader`` or ``folder``."""
    late: bool | None = None
    """As the LMS says; None when it does not."""
    received: str = ""
    """ISO 8601, when the LMS says."""
    assignment: str = ""
    """The LMS's name or number of the assignment, where one is needed to hand back."""
    earlier: tuple[str, ...] = ()
    """Earlier attempts, by name; they were kept out of the grading."""
    remarks: tuple[Message, ...] = ()
    """What could not be taken, and why."""
