"""What to do about a task's criteria: advice that several criteria share is said once, and the dearest comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.language import Language, unlabelled
from grader.records import Finding, SubmissionResult, TaskResult, Verdict
from grader.report.explain import task_name

_FIRST_STEPS = 3
_STRENGTHS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Advice that two or more criteria of a task share."""

    advice: str
    found: tuple[str, ...]
    """What was found in at least two of them."""
    verdict: Verdict
    """Failed when any of them failed, else review."""
    findings: tuple[Finding, ...]

    @property
    def points(self) -> int:
        """What they are worth together."""
        return sum(finding.points for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionLine:
    """One criterion as a reader sees it; empty texts are said elsewhere or need not be said."""

    finding: Finding
    title: str
    expected: str
    """Empty when the title says it."""
    found: str
    """Empty when a remark says it."""
    where: str
    """Empty when it is the place that most criteria have."""
    advice: str
    """Empty when a remark says it."""
    shared: bool
    """Whether a remark says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRemarks:
    """A task's criteria, told without repeating anything."""

    remarks: tuple[Remark, ...]
    lines: tuple[CriterionLine, ...]
    where: str
    """Notebook and cell that most criteria speak about; empty when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """Something to mend, and what it would bring at most."""

    title: str
    """The task, or the one criterion of it that this is about."""
    anchor: str
    """Where the student's page tells more."""
    advice: str
    points: int


def tell(task: TaskResult, language: Language) -> TaskRemarks:
    """Return a task's criteria in the rubric's order, and before them what several of them share."""
    places = Counter(language.say(finding.where) for finding in task.findings if finding.where is not None)
    where, times = places.most_common(1)[0] if places else ("", 0)
    where = where if times > 1 else ""
    remarks = {
        advice: _remark(advice, findings, language)
        for advice, findings in _by_advice(task.findings, language).items()
        if len(findings) > 1
    }
    lines = tuple(_line(finding, remarks.get(_advice(finding, language)), where, language) for finding in task.findings)
    return TaskRemarks(remarks=tuple(remarks.values()), lines=lines, where=where)


def first_steps(result: SubmissionResult, language: Language) -> tuple[NextStep, ...]:
    """Return the few pieces of advice on lost points that are worth most, the dearest first."""
    steps = [
        _step(task, advice, findings, language)
        for task in result.tasks
        for advice, findings in _by_advice(_failed(task.findings), language).items()
    ]
    return tuple(sorted(steps, key=lambda step: -step.points)[:_FIRST_STEPS])


def _step(task: TaskResult, advice: str, findings: Sequence[Finding], language: Language) -> NextStep:
    points = sum(finding.points for finding in findings)
    if len(findings) > 1:
        return NextStep(title=language.say(task.title), anchor=task.task, advice=advice, points=points)
    (only,) = findings
    title = f"{task_name(task.task, language)} · {headline(language.say(only.title))}"
    return NextStep(title=title, anchor=f"{task.task}-{only.id}", advice=advice, points=points)


def strengths(result: SubmissionResult, language: Language) -> tuple[str, ...]:
    """Return the few passed criteria that are worth most over all tasks, and the tasks with all points first."""
    whole = [task for task in result.tasks if task.max and task.earned == task.max]
    done = {task.task for task in whole}
    passed = [
        (finding.points, headline(language.say(finding.title)))
        for task in result.tasks
        if task.task not in done
        for finding in task.findings
        if finding.verdict is Verdict.PASSED and finding.points
    ]
    best = [title for _, title in sorted(passed, key=lambda one: -one[0])]
    names = [language.t("All points: {task}", task=language.say(task.title)) for task in whole]
    return tuple(dict.fromkeys((*names, *best)))[:_STRENGTHS]


def headline(text: str) -> str:
    """Return a text with a capital first letter: it stands alone."""
    return text[:1].upper() + text[1:]


def _failed(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.verdict is Verdict.FAILED and finding.points]


def _by_advice(findings: Sequence[Finding], language: Language) -> dict[str, list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if advice := _advice(finding, language):
            groups.setdefault(advice, []).append(finding)
    return groups


def _advice(finding: Finding, language: Language) -> str:
    return "" if finding.verdict is Verdict.PASSED else language.say(finding.advice)


def _remark(advice: str, findings: Sequence[Finding], language: Language) -> Remark:
    found = Counter(headline(language.say(finding.found)) for finding in findings)
    failed = any(finding.verdict is Verdict.FAILED for finding in findings)
    return Remark(
        advice=advice,
        found=tuple(text for text, times in found.items() if text and times > 1),
        verdict=Verdict.FAILED if failed else Verdict.REVIEW,
        findings=tuple(findings),
    )


def _line(finding: Finding, remark: Remark | None, where: str, language: Language) -> CriterionLine:
    title, expected, found, place = (
        language.say(words) for words in (finding.title, finding.expected, finding.found, finding.where)
    )
    return CriterionLine(
        finding=finding,
        title=headline(title),
        expected="" if expected == title else expected,
        found="" if remark and headline(found) in remark.found else unlabelled(found, title),
        where="" if place == where else place,
        advice="" if remark else _advice(finding, language),
        shared=remark is not None,
    )
