"""The lecturer's decisions: recorded beside what the grader found, never over it, and laid on top when it is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.errors import UsageError
from grader.ledger.store import Store
from grader.records import Finding, Override, Status, SubmissionResult, TaskResult, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An override with whom it is about."""

    student: str
    override: Override
    files: str | None
    """Digest of what was handed in when it was taken; None when not recorded."""


class Decisions:
    """All decisions of a run. The table is only ever added to: who decided what, and when, stays on record."""

    def __init__(self, store: Store) -> None:
        """Keep them in the store."""
        self._store = store

    def all(self) -> tuple[Decision, ...]:
        """Return the decisions in force, the latest of each criterion, sorted by student."""
        with self._store.reading() as database:
            rows = database.execute(
                "SELECT student, files, task, criterion, verdict, points, because, author, at FROM decision"
                " WHERE id IN (SELECT max(id) FROM decision GROUP BY student, task, criterion)"
                " AND verdict IS NOT NULL ORDER BY student, id"
            ).fetchall()
        return tuple(
            Decision(
                student=student,
                files=files,
                override=Override(
                    task=task,
                    criterion=criterion,
                    verdict=Verdict(verdict),
                    points=points,
                    because=because,
                    author=author,
                    at=at,
                ),
            )
            for student, files, task, criterion, verdict, points, because, author, at in rows
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
        criterion: str,
        verdict: Verdict,
        *,
        points: int | None,
        because: str,
        author: str,
    ) -> Override:
        """Record a decision about one criterion of a student's result; the latest one counts.

        Args:
            result: What stands in the ledger for the student.
            criterion: ``task3/accuracy``, or ``accuracy`` alone where only one task has it.
            verdict: The lecturer's.
            points: Points awarded; by default all of them when passed, none otherwise.
            because: Why, for the student and for the record.
            author: Who decides.

        Raises:
            UsageError: There is no such criterion, or it is not worth so many points.
        """
        task, finding = find_criterion(result, criterion)
        awarded = points if points is not None else (finding.points if verdict is Verdict.PASSED else 0)
        most = 0 if verdict is Verdict.REVIEW else finding.points
        if not 0 <= awarded <= most:
            raise UsageError(
                f"--points {awarded}: {task.task}/{finding.id} is worth {finding.points}; give 0 to {most} with "
                f"--verdict {verdict.value}"
            )
        if not because.strip():
            raise UsageError("--because is empty; say why, so that the student and your colleagues can understand it")
        override = Override(
            task=task.task,
            criterion=finding.id,
            verdict=verdict,
            points=awarded,
            because=because.strip(),
            author=author,
            at=_now(),
        )
        row = (override.verdict.value, override.points, override.because)
        self._add(result.student, override.task, override.criterion, row, author, override.at)
        return override

    def take_back(self, student: str, criterion: str, *, author: str) -> Override:
        """Undo the decision about a criterion: what the grader found counts again.

        Raises:
            UsageError: Nothing was decided there.
        """
        own = [decision.override for decision in self.all() if decision.student == student]
        named = [one for one in own if criterion in (f"{one.task}/{one.criterion}", one.criterion)]
        if len(named) != 1:
            known = ", ".join(f"{one.task}/{one.criterion}" for one in own) or "nothing"
            raise UsageError(f"{criterion}: expected one decision about {student} by this name; decided is {known}")
        self._add(student, named[0].task, named[0].criterion, (None, None, None), author, _now())
        return named[0]

    def _add(
        self,
        student: str,
        task: str,
        criterion: str,
        row: tuple[str | None, int | None, str | None],
        author: str,
        at: str,
    ) -> None:
        with self._store.writing(to_disk=True) as database:
            database.execute(
                "INSERT INTO decision (student, files, task, criterion, verdict, points, because, author, at)"
                " VALUES (?, (SELECT files FROM submission WHERE student = ?), ?, ?, ?, ?, ?, ?, ?)",
                (student, student, task, criterion, *row, author, at),
            )


def find_criterion(result: SubmissionResult, criterion: str) -> tuple[TaskResult, Finding]:
    """Return the task and the finding that ``task3/accuracy`` or ``accuracy`` names.

    Raises:
        UsageError: None, or several.
    """
    both = [(task, finding) for task in result.tasks for finding in task.findings]
    named = [(t, f) for t, f in both if criterion in (f"{t.task}/{f.id}", f.id)]
    if len(named) == 1:
        return named[0]
    if named:
        which = ", ".join(f"{task.task}/{finding.id}" for task, finding in named)
        raise UsageError(f"{criterion}: several tasks have this criterion; say which: {which}")
    known = ", ".join(f"{task.task}/{finding.id}" for task, finding in both) or "none: nothing was judged"
    raise UsageError(f"{criterion}: {result.student} has no such criterion; there are {known}")


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
