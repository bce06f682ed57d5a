"""Whose the submissions are: joined to a roster, and each under a name of its own."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from grader.collect.roster import Roster, merged
from grader.collect.submission import Submission, free, readable
from grader.records import Delivery, Message, Person, msg


def enrolled(submissions: Iterable[Submission], roster: Roster) -> tuple[list[Submission], list[str]]:
    """Join a roster; returns the submissions with those who handed in nothing, and the labels of who is not on it."""
    found, strangers, present = [], list[str](), set[Person]()
    for submission in submissions:
        label = submission.student if submission.delivery.source in ("", "folder") else ""
        people = roster.find(submission.who, label=label)
        present.update(people)
        found.append(replace(submission, who=merged(submission.who, people)))
        if not people:
            strangers.append(submission.who.name or submission.student)
    source = next((one.delivery.source for one in found if one.delivery.source), "")
    absent = (person for person in roster.people if person not in present)
    return [*found, *(_absent(person, source) for person in absent)], strangers


def doubled(submissions: Iterable[Submission], roster: Roster) -> Iterator[Message]:
    """Say to whom of a roster several submissions are joined: some may be somebody else's."""
    theirs: dict[str, list[str]] = {}
    for one in submissions:
        for id_ in {one.who.id, *one.who.other_ids} - {""} if not one.absent else ():
            theirs.setdefault(id_, []).append(one.student)
    for person in roster.people:
        if len(names := theirs.get(person.id, [])) > 1:
            yield msg(
                "{person}: several submissions belong to this person by the roster: {names}. Leave one, or rename "
                "those of others; until then an LMS gets no grade for this person.",
                person=person.name or person.id,
                names=", ".join(names),
            )


def _absent(person: Person, source: str) -> Submission:
    return Submission(
        student=person.id,
        notebooks=(),
        digest=hashlib.sha256(b"absent").hexdigest(),
        absent=True,
        who=person,
        delivery=Delivery(source=source),
    )


def with_unique_names(found: Sequence[Submission]) -> list[Submission]:
    """Return the submissions with names that differ, also where a file system does not tell A from a."""
    named, taken = list(found), set[str]()
    # Whoever handed in a notebook keeps the plain name: task3.pdf must not make a task3-2 of task3.ipynb.
    for place in sorted(range(len(named)), key=lambda place: not named[place].notebooks):
        name = readable(named[place].student)
        names = (f"{name}-{number}" if number > 1 else name for number in itertools.count(1))
        named[place] = replace(named[place], student=free(names, taken, key=str.casefold))
    return named
