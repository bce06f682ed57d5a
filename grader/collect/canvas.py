"""Canvas's ``submissions.zip``: one flat folder of ``{name}[_LATE]_{user}_{attachment}_{file}``.

Under anonymous grading ``[LATE_]anon_{id}_{attachment}_{file}``; a text entry is ``{head}_text.html``, a link
``{head}_link.html``. Canvas writes the name in small letters without spaces, so ``LATE`` is never part of it. Only
the current attempt is in the archive: several files of one user are one submission.
"""

from __future__ import annotations

import re
from pathlib import Path

from grader.collect.attempt import Attempt, Upload
from grader.collect.folders import entries
from grader.collect.loose import loose
from grader.collect.submission import is_notebook, readable
from grader.records import Delivery, Person

_NAME = re.compile(
    r"(?:(?P<name>.*?)_)??(?P<late>LATE_)?(?:(?P<user>\d+)|anon_(?P<anon>[A-Za-z0-9]+))_"
    r"(?:(?P<attachment>\d+)_(?P<file>.+)|(?P<kind>text|link)\.html)",
    re.DOTALL,
)


def find(root: Path) -> list[Attempt]:
    """Return an attempt for every user, and one for whatever else lies between them.

    None at all when a notebook or a folder has no such name, or two attachments have the same number.
    """
    found: dict[str, list[tuple[re.Match[str], Path]]] = {}
    attachments: list[str] = []
    rest: list[Attempt] = []
    for kind, path in entries(root):
        match = _NAME.fullmatch(path.name)
        if match is not None and kind == "file" and (match["name"] or "") == (match["name"] or "").lower():
            found.setdefault(match["user"] or f"anon-{match['anon']}", []).append((match, path))
            attachments += [match["attachment"]] if match["attachment"] else []
        elif kind != "file" or is_notebook(path.name):
            return []
        else:
            rest += loose(kind, path)
    if not found or len(set(attachments)) < len(attachments):
        return []
    return [_attempt(user, files) for user, files in sorted(found.items())] + rest


def _attempt(user: str, files: list[tuple[re.Match[str], Path]]) -> Attempt:
    files.sort(key=lambda one: int(one[0]["attachment"] or 0))
    head = files[0][0]
    return Attempt(
        student=user,
        uploads=tuple(Upload(path=path, name=match["file"] or f"{match['kind']}.html") for match, path in files),
        who=Person(id=user, name=readable(head["name"]) if head["name"] else ""),
        delivery=Delivery(source="canvas", late=any(match["late"] for match, _ in files)),
    )
