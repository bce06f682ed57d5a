"""The lecturer's decisions: recorded beside what the grader found, never over it, and laid on top when it is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.errors import UsageError
from grader.ledger.store import Store
from grader.records import Finding, Override, Status, SubmissionResult, TaskResult, Verdict, msg


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An override with whom it is about."""

    student: str
    override: Override


class Decisions:
    """All decisions of a run. The table is only ever added to: who decided what, and when, stays on record."""

    def __init__(self, store: Store) -> None:
        """Keep them in the store."""
        self._store = store

    def all(self) -> tuple[Decision, ...]:
        """Return the decisions in force, the latest of each criterion, sorted by student."""
        with self._store.reading() as database:
            rows = database.execute(
                "SELECT decision.student, task, criterion, verdict, points, because, author, at,"
                " decision.files IS NOT NULL AND decision.files IS NOT submission.files"
                " FROM decision LEFT JOIN submission ON submission.student = decision.student"
                " WHERE id IN (SELECT max(id) FROM decision GROUP BY student, task, criterion)"
                " AND verdict IS NOT NULL ORDER BY decision.student, id"
            ).fetchall()
        return tuple(
            Decision(
                student=student,
                override=Override(
                    task=task,
                    criterion=criterion,
                    verdict=Verdict(verdict),
                    points=points,
                    because=because,
                    author=author,
                    at=at,
                    stale=bool(stale),
                ),
            )
            for student, task, criterion, verdict, points, because, author, at, stale in rows
        )

    def of(self, students: Iterable[str]) -> dict[str, tuple[Override, ...]]:
        """Return the decisions in force by student."""
        found: dict[str, tuple[Override, ...]] = dict.fromkeys(students, ())
        for decision in self.all():
            if decision.student in found:
                found[decision.student] = (*found[decision.student], decision.override)
        return found

    def decide(
        self,
        result: SubmissionResult,
        name: str | None,
        verdict: Verdict,
        *,
        points: int | None,
        because: str,
        author: str,
    ) -> tuple[Override, ...]:
        """Record a decision about criteria of a student's result, all of them at once; the latest one counts.

        Args:
            result: What stands in the ledger for the student.
            name: As :func:`find_criteria` takes it; None for every criterion.
            verdict: The lecturer's.
            points: Points awarded, for a single criterion; by default all of them when passed, none otherwise.
            because: Why, for the student and for the record.
            author: Who decides.

        Raises:
            UsageError: There is no such criterion, it is not worth so many points, or points are given for several.
        """
        chosen = find_criteria(result, name)
        if points is not None and (name is None or name in {task.task for task in result.tasks}):
            raise UsageError(
                msg(
                    "--points is for one criterion; for a whole task or --all leave it out: passed gives all "
                    "points, failed none"
                )
            )
        if not because.strip():
            raise UsageError(
                msg("--because is empty; say why, so that the student and your colleagues can understand it")
            )
        at = _now()
        decided = tuple(
            Override(
                task=task.task,
                criterion=finding.id,
                verdict=verdict,
                points=_awarded(task, finding, verdict, points),
                because=because.strip(),
                author=author,
                at=at,
            )
            for task, finding in chosen
        )
        self._add(result.student, [(one, (one.verdict.value, one.points, one.because)) for one in decided], author, at)
        return decided

    def take_back(self, student: str, name: str | None, *, author: str) -> tuple[Override, ...]:
        """Undo decisions, named as for :meth:`decide`: what the grader found counts again.

        Raises:
            UsageError: Nothing was decided there.
        """
        own = [decision.override for decision in self.all() if decision.student == student]
        named = [one for one in own if name in (None, one.task)] or [
            one for one in own if name in (f"{one.task}/{one.criterion}", one.criterion)
        ]
        single = name is not None and name not in {one.task for one in own}
        if not named or (single and len(named) > 1):
            if not own:
                raise UsageError(msg("{student}: there is no decision to take back", student=student))
            known = ", ".join(f"{one.task}/{one.criterion}" for one in own)
            text = msg(
                "{name}: expected one decision about {student} by this name; decided is {known}",
                name=str(name),
                student=student,
                known=known,
            )
            raise UsageError(text)
        self._add(student, [(one, (None, None, None)) for one in named], author, _now())
        return tuple(named)

    def _add(
        self,
        student: str,
        words: Sequence[tuple[Override, tuple[str | None, int | None, str | None]]],
        author: str,
        at: str,
    ) -> None:
        with self._store.writing(to_disk=True) as database:
            database.executemany(
                "INSERT INTO decision (student, files, task, criterion, verdict, points, because, author, at)"
                " VALUES (?, (SELECT files FROM submission WHERE student = ?), ?, ?, ?, ?, ?, ?, ?)",
                [(student, student, one.task, one.criterion, *row, author, at) for one, row in words],
            )


def find_criteria(result: SubmissionResult, name: str | None) -> tuple[tuple[TaskResult, Finding], ...]:
    """Return tasks and findings that a name means.

    Args:
        result: What stands in the ledger for the student.
        name: ``task3/accuracy``, ``accuracy`` alone where only one task has it, or ``task3`` for all of a task; None
            for all of the submission.

    Raises:
        UsageError: There is none, or a criterion's name alone means several.
    """
    both = [(task, finding) for task in result.tasks for finding in task.findings]
    many = tuple((task, finding) for task, finding in both if name in (None, task.task))
    named = many or tuple((t, f) for t, f in both if name in (f"{t.task}/{f.id}", f.id))
    if many or len(named) == 1:
        return named
    if named:
        which = ", ".join(f"{task.task}/{finding.id}" for task, finding in named)
        raise UsageError(
            msg("{name}: several tasks have this criterion; say which: {which}", name=str(name), which=which)
        )
    known = ", ".join(f"{task.task}/{finding.id}" for task, finding in both) or msg("none: nothing was judged")
    raise UsageError(
        msg(
            "{name}: {student} has no such criterion; there are {known}",
            name=name or "--all",
            student=result.student,
            known=known,
        )
    )


def _awarded(task: TaskResult, finding: Finding, verdict: Verdict, points: int | None) -> int:
    """Return the points of a decision; who gets all of them has not failed."""
    awarded = points if points is not None else (finding.points if verdict is Verdict.PASSED else 0)
    most = {Verdict.PASSED: finding.points, Verdict.FAILED: max(finding.points - 1, 0), Verdict.REVIEW: 0}[verdict]
    if not 0 <= awarded <= most:
        raise UsageError(
            msg(
                "--points {awarded}: {criterion} is worth {points}; give 0 to {most} with --verdict {verdict}",
                awarded=awarded,
                criterion=f"{task.task}/{finding.id}",
                points=finding.points,
                most=most,
                verdict=verdict.value,
            )
        )
    return awarded


def applied(result: SubmissionResult, overrides: Sequence[Override]) -> SubmissionResult:
    """Return a result with the lecturer's word on top, points and status added up anew.

    A decision whose criterion is gone, or is worth less now than was awarded, stays on record without effect.
    """
    if not overrides:
        return result
    words = {(one.task, one.criterion): one for one in overrides}
    tasks = tuple(_with_word(task, words) for task in result.tasks)
    status = result.status
    if status in (Status.GRADED, Status.REVIEW):
        status = Status.REVIEW if any(task.in_review for task in tasks) else Status.GRADED
    return replace(result, tasks=tasks, status=status)


def fits(finding: Finding, override: Override) -> bool:
    """Whether a decision can be applied to what the criterion is today."""
    return override.points <= finding.points


def _with_word(task: TaskResult, words: Mapping[tuple[str, str], Override]) -> TaskResult:
    findings = tuple(_decided(one, words.get((task.task, one.id))) for one in task.findings)
    if findings == task.findings:
        return task
    return replace(
        task,
        findings=findings,
        earned=sum(one.earned for one in findings),
        in_review=sum(one.points for one in findings if one.verdict is Verdict.REVIEW),
    )


def _decided(finding: Finding, word: Override | None) -> Finding:
    if word is None or not fits(finding, word):
        return finding
    advice = None if word.verdict is Verdict.PASSED else finding.advice
    return replace(finding, verdict=word.verdict, advice=advice, override=word)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
