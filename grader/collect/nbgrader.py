"""nbgrader: ``submitted/{student}/{assignment}/``, and ``{student}+{assignment}+{time}+{random}`` of its exchange."""

from __future__ import annotations

import re
from pathlib import Path

from grader.collect.attempt import Attempt, Upload
from grader.collect.folders import tree
from grader.collect.submission import is_notebook, readable
from grader.errors import UsageError
from grader.records import Delivery, Person, msg

_STAMP = "timestamp.txt"
_OWN = (_STAMP, "submission_secret.txt")
_INBOUND = re.compile(
    r"(?P<student>[^+*]+)\+(?P<assignment>[^+]+)\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^+]*)(\+.*)?"
)


def find(root: Path, assignment: str | None = None) -> list[Attempt]:
    """Return an attempt for every student of an assignment, and for each of several deliveries in the exchange.

    Raises:
        UsageError: There are several assignments, and none was named; or the one named is not there.
    """
    base = root / "submitted" if (root / "submitted").is_dir() else root
    found = _inbound(base) or _submitted(base, named=base.name == "submitted")
    names = sorted({attempt.delivery.assignment for attempt in found})
    if assignment is None and len(names) > 1:
        text = msg(
            "{root}: it holds the assignments {names}; name one: --assignment {first}",
            root=str(root),
            names=", ".join(names),
            first=names[0],
        )
        raise UsageError(text)
    if found and assignment is not None and assignment not in names:
        text = msg(
            "--assignment {assignment}: {root} has no such assignment; it holds {names}",
            assignment=assignment,
            root=str(root),
            names=", ".join(names),
        )
        raise UsageError(text)
    return [attempt for attempt in found if assignment in (None, attempt.delivery.assignment)]


def _submitted(base: Path, *, named: bool) -> list[Attempt]:
    below = [(student, kind, path) for student in _folders(base) for kind, path in tree(student, 1)]
    works = [(student, path) for student, kind, path in below if kind == "folder"]
    stamped = any(("file", work / _STAMP) in tree(work, 1) for _, work in works)
    if any(is_notebook(path.name) for _, _, path in below) or not (named or stamped):
        return []
    return [_attempt(student.name, work.name, work, _stamp(work)) for student, work in works]


def _folders(folder: Path) -> list[Path]:
    return [path for kind, path in tree(folder, 1) if kind == "folder"]


def _inbound(base: Path) -> list[Attempt]:
    matches = [(_INBOUND.fullmatch(path.name), path) for path in _folders(base)]
    return [
        _attempt(match["student"], match["assignment"], path, _iso(match["time"])) for match, path in matches if match
    ]


def _attempt(student: str, assignment: str, work: Path, received: str) -> Attempt:
    return Attempt(
        student=student,
        uploads=(Upload(path=work, without=_OWN),),
        who=Person(id=readable(student)),
        delivery=Delivery(source="nbgrader", assignment=readable(assignment), received=received),
    )


def _stamp(work: Path) -> str:
    if ("file", work / _STAMP) not in tree(work, 1):
        return ""
    try:
        with (work / _STAMP).open("rb") as stream:
            return _iso(stream.read(100).decode("utf-8", "replace"))
    except OSError:
        return ""


def _iso(text: str) -> str:
    """Return nbgrader's ``2026-03-03 11:05:07.120000 UTC`` as ISO 8601; nothing when it is something else.

    >>> _iso("2026-03-03 11:05:07.120000 UTC")
    '2026-03-03T11:05:07.120000+00:00'
    """
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: ?UTC|Z|\+00:00)?", text.strip())
    return f"{match[1]}T{match[2]}+00:00" if match else ""
