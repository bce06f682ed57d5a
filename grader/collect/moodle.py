"""Moodle's "Download all submissions" (mod_assign).

A folder or, with folders off, a file is called ``{name}_{number}_assignsubmission_{plugin}[_{file}]``; Moodle 3.1 to
4.0 ends folders with ``_``. The number is that of the grading worksheet, by assignment, and the only identity. Teams
have the group's name and number; a team without a group has no number. Under blind marking the name is a word such as
"Participant", in the teacher's language. The archive says nothing about time or lateness.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.collect.attempt import Attempt, Upload
from grader.collect.folders import tree
from grader.collect.loose import loose
from grader.collect.submission import readable
from grader.records import Delivery, Person

_NAME = re.compile(r"(?P<name>[^_]*)_(?:(?P<id>\d+)_)?assignsubmission_[a-z0-9]+(?:_(?P<file>.*))?", re.DOTALL)
_BLIND = {"participant", "участник", "учасник", "teilnehmerin", "teilnehmer/in", "participante"}
_LEVELS = 4
"""Folders in which teachers wrap the download when they pack it again."""


@dataclass(slots=True)
class _Claim:
    name: str
    uploads: list[Upload] = field(default_factory=list)


def find(root: Path) -> list[Attempt]:
    """Return an attempt for every number, and one for whatever lies between them without one."""
    claims: dict[str, _Claim] = {}
    rest = list(_claim(root, claims, _LEVELS))
    if not claims:
        return []
    blind = len(claims) > 1 and len({claim.name for claim in claims.values()}) == 1
    return [_attempt(key, claim, blind=blind) for key, claim in sorted(claims.items())] + rest


def _claim(folder: Path, claims: dict[str, _Claim], levels: int) -> Iterator[Attempt]:
    """Note what carries a number, by any part of its path from the left; yield the rest."""
    for kind, path in tree(folder, 1):
        match = _NAME.fullmatch(path.name)
        if match and kind in ("file", "folder"):
            claim = claims.setdefault(match["id"] or match["name"], _Claim(name=match["name"]))
            claim.uploads.append(Upload(path=path, name=(match["file"] or path.name) if kind == "file" else ""))
        elif kind == "folder" and _holds(path, levels):
            yield from _claim(path, claims, levels - 1)
        else:
            yield from loose(kind, path)


def _holds(folder: Path, levels: int) -> bool:
    return any(_NAME.fullmatch(path.name) for _, path in tree(folder, levels))


def _attempt(key: str, claim: _Claim, *, blind: bool) -> Attempt:
    name = "" if blind or claim.name.casefold() in _BLIND else readable(claim.name)
    number = key if key.isdecimal() else ""
    return Attempt(
        student=key,
        uploads=tuple(claim.uploads),
        who=Person(id=number, name=name),
        delivery=Delivery(source="moodle"),
    )
