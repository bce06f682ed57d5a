"""Paths → submissions: looks into each, takes the latest of several attempts, joins the roster."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.collect.attempt import Attempt, Upload
from grader.collect.enrolment import doubled, enrolled, with_unique_names
from grader.collect.folders import neighbours_of
from grader.collect.layouts import LEVELS, LaidOut, Source, layouts_of, look_into
from grader.collect.opening import Opener
from grader.collect.roster import Roster, read_roster
from grader.collect.submission import Contents, Submission, SubmittedFile, joined, readable, stem, submission_of
from grader.collect.usable import require_usable
from grader.errors import UsageError
from grader.records import Message, msg


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
    doubled: tuple[Message, ...] = ()
    """To whom of the roster several submissions are joined."""
    renamed: tuple[Message, ...] = ()
    """Which submissions have a number after their name, because another one is called so, and where they lie."""


def collect(paths: Sequence[Path], *, single: bool = False) -> tuple[Submission, ...]:
    """Return the submissions under the given paths, sorted by student; :func:`gather` without its options."""
    return gather(paths, single=single).submissions


def collect_one(notebook: Path) -> Submission:
    """Return one notebook as a submission, with the files beside it that a student's folder would bring along.

    Other notebooks there are somebody's other work, and archives stay closed.

    Raises:
        UsageError: It does not exist or cannot be read.
    """
    alone = gather([notebook], single=True).submissions[0]
    if not alone.notebooks:
        return alone
    (found,) = alone.notebooks
    mine = SubmittedFile(name=found.name, path=found.path, converted=True)
    return submission_of(alone.student, Contents(items=(mine, *neighbours_of(notebook.resolve()))))


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
    found = [] if single else [look_into(path, layouts_of(source, assignment), source, into) for path in paths]
    placed = [(_single(paths, into), paths[0])] if single else _attempts(list(zip(paths, found, strict=False)), into)
    submissions = [submission for submission, _ in placed]
    if not submissions:
        where = ", ".join(map(str, paths))
        text = msg(
            "{where}: no notebooks found; expected NAME.ipynb files, or a folder for each student that holds them",
            where=where,
        )
        raise UsageError(text)
    strangers: list[str] = []
    if people is not None:
        submissions, strangers = enrolled(submissions, people)
    named = with_unique_names(submissions)
    return Intake(
        submissions=tuple(sorted(named, key=lambda submission: submission.student)),
        sources=tuple(dict.fromkeys(attempt.delivery.source for one in found for attempt in one.attempts)),
        remarks=tuple(remark for one in found for remark in one.remarks),
        strangers=tuple(strangers),
        doubled=tuple(doubled(sorted(named, key=lambda one: one.student), people)) if people is not None else (),
        renamed=tuple(
            msg(
                "{student}: another submission is called {name}; this one is {place}",
                student=new.student,
                name=readable(old.student),
                place=str(place),
            )
            for old, new, (_, place) in zip(submissions, named, placed, strict=False)  # the absent lie nowhere
            if new.student != readable(old.student)
        ),
    )


def _single(paths: Sequence[Path], into: Path) -> Submission:
    """Return everything under the paths as one submission."""
    whole = [path.resolve() for path in paths]
    student = whole[0].name if whole[0].is_dir() else stem(whole[0].name)
    opener = Opener(into, {}, levels=LEVELS)
    parts = [opener.open(Attempt(student=student, uploads=(Upload(path=path, name=path.name),))) for path in whole]
    if len(parts) == 1:
        return parts[0]
    folders = ((path if path.is_dir() else path.parent).name for path in whole)
    return joined(student, list(zip(folders, parts, strict=True)))


def _attempts(found: Sequence[tuple[Path, LaidOut]], into: Path) -> list[tuple[Submission, Path]]:
    """Open all attempts, each with where it lies; of those with the same id in the same system the latest counts."""
    opened: dict[tuple[str, ...], list[tuple[Attempt, Submission]]] = {}
    places: dict[tuple[str, ...], Path] = {}
    for number, (given, one) in enumerate(found):
        opener = Opener(into, one.refused, levels=one.levels)
        for attempt in one.attempts:
            who = attempt.who.id
            key = (attempt.delivery.source, who) if who else (str(number), str(len(opened)), attempt.student)
            opened.setdefault(key, []).append((attempt, opener.open(attempt)))
            places[key] = _place(attempt, given)
    return [(_latest(attempts), places[key]) for key, attempts in opened.items()]


def _place(attempt: Attempt, given: Path) -> Path:
    """Return where an attempt lies, below the path as it was given."""
    name = attempt.uploads[0].path.name if attempt.uploads else attempt.student
    return given if given.is_file() and name == given.name else given / name


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


@functools.cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="grader-handed-in-")


def _until_the_end() -> Path:
    return Path(_temporary().name)
