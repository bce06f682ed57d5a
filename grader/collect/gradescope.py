"""Gradescope: the folder an autograder finds, or an export of many submissions.

An autograder finds ``submission/`` beside ``submission_metadata.json``. An export holds a folder
``submission_{number}`` for each submission.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.collect.attempt import Attempt, Upload
from grader.collect.folders import entries
from grader.collect.submission import readable
from grader.records import Delivery, Person

_METADATA = "submission_metadata.json"
_EXPORTED = re.compile(r"submission_(\d+)")
_MOST_BYTES = 4 << 20


def find(root: Path) -> list[Attempt]:
    """Return the one submission of an autograder's folder, or those of an export."""
    home = root.parent if root.name == "submission" and (root.parent / _METADATA).is_file() else root
    if (home / "submission").is_dir() and (home / _METADATA).is_file():
        return [_with_metadata(home / "submission", _read(home / _METADATA))]
    folders = [(_EXPORTED.fullmatch(path.name), path) for kind, path in entries(root) if kind == "folder"]
    if not folders or not all(match for match, _ in folders):
        return []
    return [
        Attempt(
            student=match[1],
            uploads=(Upload(path=path),),
            who=Person(id=match[1]),
            delivery=Delivery(source="gradescope"),
        )
        for match, path in folders
        if match
    ]


def _with_metadata(folder: Path, metadata: Mapping[str, Any]) -> Attempt:
    users = [user for user in _list(metadata.get("users")) if isinstance(user, dict)]
    assignment = metadata.get("assignment")
    assignment = assignment if isinstance(assignment, dict) else {}
    created, due = _moment(metadata.get("created_at")), _moment(assignment.get("due_date"))
    number = "+".join(_text(user.get("id")) for user in users) or _text(metadata.get("id")) or "submission"
    previous = [one for one in _list(metadata.get("previous_submissions")) if isinstance(one, dict)]
    return Attempt(
        student=number,
        uploads=(Upload(path=folder),),
        who=Person(
            id=number,
            name=", ".join(filter(None, (_text(user.get("name")) for user in users))),
            email=", ".join(filter(None, (_text(user.get("email")) for user in users))),
        ),
        delivery=Delivery(
            source="gradescope",
            late=None if created is None or due is None else created > due,
            received=created.isoformat() if created else "",
            assignment=_text(assignment.get("id")),
            earlier=tuple(_text(one.get("submission_time")) for one in previous[:100]),
        ),
    )


def _read(path: Path) -> Mapping[str, Any]:
    """Return the metadata; nothing when they cannot be read, which costs no student anything."""
    try:
        with path.open("rb") as stream:
            found = json.loads(stream.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return readable(str(value)) if isinstance(value, str | int) and str(value) else ""


def _moment(value: Any) -> dt.datetime | None:
    """Return an ISO 8601 moment with its zone; None for anything else."""
    try:
        moment = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None
