"""A folder of folders, or of notebooks: each is one student's, by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader.collect.attempt import Attempt, Upload
from grader.collect.folders import Kind, entries
from grader.collect.junk import is_lecturers
from grader.collect.submission import is_notebook, note, stem
from grader.records import Delivery

_FOLDER = Delivery(source="folder")


def find(root: Path) -> list[Attempt]:
    """Return an attempt for every sub-folder and every file that is not a lecturer's list or note."""
    return [attempt for kind, path in entries(root) for attempt in loose(kind, path)]


def loose(kind: Kind, path: Path) -> Iterator[Attempt]:
    """Yield what one folder or file is as an attempt of its own, if it is one."""
    if kind == "folder":
        yield Attempt(student=path.name, uploads=(Upload(path=path),), delivery=_FOLDER)
    elif kind == "link" and is_notebook(path.name):
        yield Attempt(student=stem(path.name), uploads=(), notes=(note(path.name, "a link"),), delivery=_FOLDER)
    elif kind == "file" and (is_notebook(path.name) or not is_lecturers(path.name)):
        yield Attempt(student=stem(path.name), uploads=(Upload(path=path, name=path.name),), delivery=_FOLDER)
