"""Paths → submissions: tells layouts apart, chooses between attempts, joins a roster."""

from __future__ import annotations

import functools
import hashlib
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from grader.collect import canvas, gradescope, loose, moodle, nbgrader
from grader.collect.archive import LMS, RefusedError, unpack
from grader.collect.attempt import Attempt, Layout, Upload
from grader.collect.folders import entries, tree
from grader.collect.opening import Opener
from grader.collect.roster import Roster, merged, read_roster
from grader.collect.submission import Submission, free, is_notebook, joined, readable, stem
from grader.collect.usable import is_archive, require_usable
from grader.errors import UsageError
from grader.records import Delivery, Message, Person, msg

Source = Literal["auto", "moodle", "canvas", "gradescope", "nbgrader", "folder"]
_LEVELS = 2
"""Archives within one another that are opened."""
_WRAPPERS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """Everything that was handed in, and what must be known about it."""

    submissions: tuple[Submission, ...]
    """Sorted by student; also those of a roster who handed in nothing."""
    sources: tuple[str, ...] = ()
    """The layouts that were met: ``moodle``, ``folder``, ..."""
    remarks: tuple[Message, ...] = ()
    """What was refused and belongs to nobody."""
    strangers: tuple[str, ...] = ()
    """Who handed in and is not on the roster."""


@dataclass(slots=True)
class _Found:
    """One path, looked into."""

    attempts: list[Attempt]
    levels: int = _LEVELS
    refused: Mapping[Path, Message] = field(default_factory=dict)
    remarks: tuple[Message, ...] = ()


def collect(paths: Sequence[Path], *, single: bool = False) -> tuple[Submission, ...]:
    """Return the submissions under the given paths, sorted by student; :func:`gather` without its options."""
    return gather(paths, single=single).submissions


def gather(
    paths: Sequence[Path],
    *,
    source: Source = "auto",
    single: bool = False,
    roster: Path | None = None,
    assignment: str | None = None,
    into: Path | None = None,
) -> Intake:
    """Return the submissions under the given paths.

    Args:
        paths: Notebooks, folders, and ZIP archives of them, also as LMSs make them.
        source: The layout; ``auto`` tells it by the names that are there.
        single: All paths together are one submission, named after the first.
        roster: CSV or XLSX with ids, names, groups, e-mails; whoever of it handed in nothing becomes a submission too.
        assignment: Which of several in nbgrader's folders.
        into: Folder for what archives hold; it must outlast the use of the submissions. A temporary one, removed when
            the process ends, by default.

    Raises:
        UsageError: A path does not exist, cannot be read, is refused as a whole or not laid out as ``source`` says, or
            nothing to grade lies under it.
        MachineError: There is no room to unpack an archive.
    """
    for path in paths:
        require_usable(path)
    people = Roster(read_roster(roster)) if roster else None
    into = into or _until_the_end()
    found = [] if single else [_look(path, _layouts(source, assignment), source, into) for path in paths]
    submissions = [_single(paths, into)] if single else _attempts(found, into)
    if not submissions:
        where = ", ".join(map(str, paths))
        text = msg(
            "{where}: no notebooks found; expected NAME.ipynb files, or a folder for each student that holds them",
            where=where,
        )
        raise UsageError(text)
    strangers: list[str] = []
    if people is not None:
        submissions, strangers = _enrolled(submissions, people)
    return Intake(
        submissions=tuple(sorted(_with_unique_names(submissions), key=lambda submission: submission.student)),
        sources=tuple(dict.fromkeys(attempt.delivery.source for one in found for attempt in one.attempts)),
        remarks=tuple(remark for one in found for remark in one.remarks),
        strangers=tuple(strangers),
    )


def _layouts(source: Source, assignment: str | None) -> Mapping[str, Layout]:
    known: dict[str, Layout] = {
        "gradescope": gradescope.find,
        "nbgrader": functools.partial(nbgrader.find, assignment=assignment),
        "moodle": moodle.find,
        "canvas": canvas.find,
    }
    return known if source == "auto" else {} if source == "folder" else {source: known[source]}


def _look(path: Path, layouts: Mapping[str, Layout], source: Source, into: Path) -> _Found:
    if path.is_file() and not is_archive(path.name):
        return _Found(list(loose.loose("file", path)))
    if path.is_file():
        try:
            unpacked = unpack(path, into, LMS)
        except RefusedError as error:
            raise UsageError(msg("in {folder}: {why}", folder=str(path.parent), why=error.why)) from error
        found = _Found([], _LEVELS - 1, unpacked.refused, unpacked.outside)
        root = unpacked.folder
    else:
        found, root = _Found([]), path
    chain = list(_unwrapped(root))
    found.attempts = next((attempts for one in chain for layout in layouts.values() if (attempts := layout(one))), [])
    if not found.attempts and source not in ("auto", "folder"):
        text = msg(
            "{file}: this is not laid out as --from {source} says; leave the option out, or see --from in the README",
            file=str(path),
            source=source,
        )
        raise UsageError(text)
    if not found.attempts:
        found.attempts = loose.find(root if path.is_dir() else _class_folder(chain, stem(path.name)))
    found.attempts = [replace(attempt, origin=readable(path.name)) for attempt in found.attempts]
    return found


def _unwrapped(root: Path) -> Iterator[Path]:
    """Yield a folder, and what lies in it as long as that is nothing but one folder."""
    for _ in range(_WRAPPERS):
        yield root
        inside = entries(root)
        if len(inside) != 1 or inside[0][0] != "folder":
            return
        root = inside[0][1]


def _class_folder(chain: Sequence[Path], name: str) -> Path:
    """Return which of the wrapping folders of an archive holds the class: packing ``class/`` gives ``class.zip``."""
    for outer, inner in itertools.pairwise(chain):
        holds_students = any(
            kind == "folder" and any(is_notebook(one.name) for _, one in tree(path, 2)) for kind, path in entries(inner)
        )
        if inner.name != name and not holds_students:
            return outer
    return chain[-1]


def _single(paths: Sequence[Path], into: Path) -> Submission:
    """Return everything under the paths as one submission."""
    whole = [path.resolve() for path in paths]
    student = whole[0].name if whole[0].is_dir() else stem(whole[0].name)
    opener = Opener(into, {}, levels=_LEVELS)
    parts = [opener.open(Attempt(student=student, uploads=(Upload(path=path, name=path.name),))) for path in whole]
    if len(parts) == 1:
        return parts[0]
    folders = ((path if path.is_dir() else path.parent).name for path in whole)
    return joined(student, list(zip(folders, parts, strict=True)))


def _attempts(found: Sequence[_Found], into: Path) -> list[Submission]:
    """Open all attempts; of those with the same id in the same system only the latest counts."""
    opened: dict[tuple[str, ...], list[tuple[Attempt, Submission]]] = {}
    for number, one in enumerate(found):
        opener = Opener(into, one.refused, levels=one.levels)
        for attempt in one.attempts:
            who = attempt.who.id
            key = (attempt.delivery.source, who) if who else (str(number), str(len(opened)), attempt.student)
            opened.setdefault(key, []).append((attempt, opener.open(attempt)))
    return [_latest(attempts) for attempts in opened.values()]


def _latest(attempts: Sequence[tuple[Attempt, Submission]]) -> Submission:
    """Return the attempt that was received last, or whose files are the newest; the others are named in it."""
    if len(attempts) == 1:
        return attempts[0][1]
    dated = all(attempt.delivery.received for attempt, _ in attempts)
    ordered = sorted(attempts, key=lambda one: one[0].delivery.received if dated else _newest(one[1]))
    latest = ordered[-1][1]
    earlier = tuple(attempt.delivery.received if dated else attempt.origin for attempt, _ in ordered[:-1])
    return replace(latest, delivery=replace(latest.delivery, earlier=(*latest.delivery.earlier, *earlier)))


def _newest(submission: Submission) -> str:
    """Return the time of the newest notebook, in a form that sorts."""
    return f"{max((notebook.path.stat().st_mtime for notebook in submission.notebooks), default=0.0):020.3f}"


def _enrolled(submissions: Iterable[Submission], roster: Roster) -> tuple[list[Submission], list[str]]:
    """Join a roster; returns the submissions with those who handed in nothing, and the labels of who is not on it."""
    joined_, strangers, present = [], list[str](), set[Person]()
    for submission in submissions:
        label = submission.student if submission.delivery.source in ("", "folder") else ""
        people = roster.find(submission.who, label=label)
        present.update(people)
        joined_.append(replace(submission, who=merged(submission.who, people)))
        if not people:
            strangers.append(submission.who.name or submission.student)
    source = next((one.delivery.source for one in joined_ if one.delivery.source), "")
    absent = (person for person in roster.people if person not in present)
    return [*joined_, *(_absent(person, source) for person in absent)], strangers


def _absent(person: Person, source: str) -> Submission:
    return Submission(
        student=person.id,
        notebooks=(),
        digest=hashlib.sha256(b"absent").hexdigest(),
        absent=True,
        who=person,
        delivery=Delivery(source=source),
    )


def _with_unique_names(found: Iterable[Submission]) -> Iterator[Submission]:
    taken: set[str] = set()
    # Whoever handed in a notebook keeps the plain name: task3.pdf must not make a task3-2 of task3.ipynb.
    for submission in sorted(found, key=lambda submission: not submission.notebooks):
        name = readable(submission.student)
        names = (f"{name}-{number}" if number > 1 else name for number in itertools.count(1))
        yield replace(submission, student=free(names, taken, key=str.casefold))


@functools.cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="grader-handed-in-")


def _until_the_end() -> Path:
    return Path(_temporary().name)
