"""What waits for a person: a line for each reason, the submissions with most points at stake first."""

from __future__ import annotations

import itertools
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from grader.language import Language, printable
from grader.records import Finding, Override, SubmissionResult, TaskResult, Verdict, Words, msg
from grader.report.explain import task_name
from grader.report.remarks import headline
from grader.report.slim import slim_table


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem:
    """Criteria of one submission that wait for the same reason, or were decided before it was handed in again."""

    result: SubmissionResult
    findings: tuple[tuple[TaskResult, Finding], ...]
    """In the rubric's order."""
    why: Words
    stale: bool = False
    """They are decided, on other files than there are now: nothing is in review."""

    @property
    def points(self) -> int:
        """What they are worth together."""
        return sum(finding.points for _, finding in self.findings)

    @property
    def anchor(self) -> str:
        """Where the student's page shows the first of them."""
        task, finding = self.findings[0]
        return f"{task.task}-{finding.id}"

    @property
    def criteria(self) -> tuple[str, ...]:
        """As ``grader override`` takes them: ``task3/accuracy``; ``task3`` where all of a task waits."""
        return tuple(
            name
            for task, group in self.by_task()
            for name in ([task.task] if group is None else [f"{task.task}/{one.id}" for one in group])
        )

    def by_task(self) -> Iterator[tuple[TaskResult, tuple[Finding, ...] | None]]:
        """Yield each task with the criteria of it that wait; None where all do, and there are several."""
        for task, pairs in itertools.groupby(self.findings, key=lambda pair: pair[0]):
            group = tuple(finding for _, finding in pairs)
            yield task, None if len(group) == len(task.findings) > 1 else group


def waiting(results: Sequence[SubmissionResult]) -> tuple[ReviewItem, ...]:
    """Return everything in review or decided on other files: those first that nobody could look into.

    The others come by their points at stake.
    """
    found = [one for result in results for one in _of(result)]
    at_stake: Counter[str] = Counter()
    for one in found:
        at_stake[one.result.student] += one.points
    return tuple(
        sorted(
            found,
            key=lambda one: (
                not one.result.status.is_unseen,
                -at_stake[one.result.student],
                one.result.student,
                -one.points,
            ),
        )
    )


def queue_table(queue: Sequence[ReviewItem], language: Language) -> RenderableType:
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
        "Submissions: {count}. Points in review: {points}.",
        count=students,
        points=sum(one.points for one in queue if not one.stale),
    )
    how = language.t("Decide with these commands; a verdict is passed, failed or review:")
    return Group(table, Text(count), Text(how, style="dim"))


def commands(queue: Sequence[ReviewItem], run: Path) -> Iterator[str]:
    """Yield a command for each line of the queue's criteria, to be pasted into a shell: only the reason is missing."""
    for one in queue:
        whole = len(one.findings) == sum(len(task.findings) for task in one.result.tasks)
        for criterion in ("--all",) if whole else one.criteria:
            words = ("grader", "override", str(run), printable(one.result.student), criterion)
            decides = "--remove" if one.stale else '--verdict passed --because "..."'
            yield f"{shlex.join(words)} {decides}"


def names_of(one: ReviewItem, language: Language) -> list[tuple[str, list[str]]]:
    """Return each task that waits with the titles of the criteria that do; without titles where all of it waits."""
    return [
        (task_name(task.task, language), [headline(language.say(finding.title)) for finding in group or ()])
        for task, group in one.by_task()
    ]


def _of(result: SubmissionResult) -> Iterator[ReviewItem]:
    in_review = [
        (task, finding) for task in result.tasks for finding in task.findings if finding.verdict is Verdict.REVIEW
    ]
    groups: dict[str, tuple[Words, list[tuple[TaskResult, Finding]]]] = {}
    for task, finding in in_review:
        why = _why(result, finding)
        groups.setdefault(repr(why), (why, []))[1].append((task, finding))
    for why, group in groups.values():
        yield ReviewItem(result=result, findings=tuple(group), why=why)
    for word, findings in _stale(result).values():
        why = msg(
            "handed in again since {author} decided ({because}); that still counts. Decide anew, or --remove it",
            author=word.author,
            because=word.because,
        )
        yield ReviewItem(result=result, findings=tuple(findings), why=why, stale=True)


def _stale(result: SubmissionResult) -> dict[str, tuple[Override, list[tuple[TaskResult, Finding]]]]:
    """Return the criteria decided on other files than there are now, by reason; what was left open waits anyway."""
    groups: dict[str, tuple[Override, list[tuple[TaskResult, Finding]]]] = {}
    for task in result.tasks:
        for finding in task.findings:
            word = finding.override
            if word is not None and word.stale and word.verdict is not Verdict.REVIEW:
                groups.setdefault(f"{word.author}\n{word.because}", (word, []))[1].append((task, finding))
    return groups


def _why(result: SubmissionResult, finding: Finding) -> Words:
    if result.status.is_unseen:  # one reason for everything
        return result.reason or msg("not seen")
    word = finding.override
    if word is None:
        return finding.found
    return msg("left open by {author}: {because}", author=word.author, because=word.because)
