"""What waits for a person: a line for each reason, the submissions with most points at stake first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from grader.language import Language, printable
from grader.records import Finding, Status, SubmissionResult, TaskResult, Verdict, Words, msg
from grader.report.slim import slim_table

_UNSEEN = (Status.INTERNAL_ERROR, Status.SANDBOX_FAILED, Status.UNREADABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Criteria of one submission that wait for the same reason."""

    result: SubmissionResult
    criteria: tuple[str, ...]
    """``task3/accuracy``; a whole task is ``task3``."""
    points: int
    why: Words


def waiting(results: Sequence[SubmissionResult]) -> tuple[Waiting, ...]:
    """Return everything in review: submissions by their points at stake, those that nobody could look into first."""
    found = [one for result in results for one in _of(result)]
    at_stake = {result.student: sum(task.in_review for task in result.tasks) for result in results}
    return tuple(
        sorted(
            found,
            key=lambda one: (
                one.result.status not in _UNSEEN,
                -at_stake[one.result.student],
                one.result.student,
                -one.points,
            ),
        )
    )


def queue_table(queue: Sequence[Waiting], language: Language) -> RenderableType:
    """Return the queue as a table, and how to decide."""
    if not queue:
        return Text(language.t("Nothing waits for you."))
    heads = (msg("Student"), msg("Points"), msg("Criterion"), msg("Why"))
    table = slim_table(*map(language.say, heads), left=(0, 2, 3))
    table.columns[-1].ratio = 1
    last = ""
    for one in queue:
        student = "" if one.result.student == last else printable(one.result.label)
        last = one.result.student
        why = Text(printable(language.say(one.why)))
        table.add_row(Text(student), str(one.points), Text("\n".join(map(printable, one.criteria))), why)
    students = len({one.result.student for one in queue})
    count = language.t(
        "Submissions: {count}. Points in review: {points}.", count=students, points=sum(one.points for one in queue)
    )
    how = language.t(
        "Decide: {command}", command='grader override RUN STUDENT CRITERION --verdict passed --because "..."'
    )
    return Group(table, Text(count), Text(how, style="dim"))


def _of(result: SubmissionResult) -> Iterator[Waiting]:
    if result.status in _UNSEEN:  # one reason for everything
        points = sum(task.in_review for task in result.tasks)
        names = tuple(task.task for task in result.tasks if task.in_review)
        if points:
            yield Waiting(result=result, criteria=names, points=points, why=result.reason or msg("not seen"))
        return
    groups: dict[str, tuple[Words, list[tuple[TaskResult, Finding]]]] = {}
    for task in result.tasks:
        for finding in task.findings:
            if finding.verdict is Verdict.REVIEW:
                word = finding.override
                why = (
                    finding.found
                    if word is None
                    else msg("left open by {author}: {because}", author=word.author, because=word.because)
                )
                groups.setdefault(repr(why), (why, []))[1].append((task, finding))
    for why, group in groups.values():
        names = tuple(f"{task.task}/{finding.id}" for task, finding in group)
        yield Waiting(result=result, criteria=names, points=sum(finding.points for _, finding in group), why=why)
