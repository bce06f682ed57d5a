"""Results as tables for the terminal; nothing is printed here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.language import Language, printable
from grader.records import Finding, RunFacts, Status, SubmissionResult, TaskResult, Verdict
from grader.report.explain import STATUS, VERDICT, sample_names
from grader.report.files import maxima
from grader.report.summary import score

_COLOURS = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.REVIEW: "magenta"}


def cohort_table(run: RunFacts, results: Sequence[SubmissionResult], language: Language) -> RenderableType:
    """Return a run's students with their points, and what a reader must know about the run."""
    most = maxima(run, results)
    table = Table(title=Text(language.say(run.workbook)), title_justify="left", header_style="bold")
    table.add_column(language.t("Student"), overflow="fold")
    table.add_column(language.t("Status"))
    for name in run.tasks:
        table.add_column(f"{name}\n/{most[name]}", justify="right")
    table.add_column(f"{language.t('Total')}\n/{sum(most.values())}", justify="right", style="bold")
    table.add_column(language.t("For review"), justify="right", style="magenta")
    for result in results:
        total = score(result)
        points = {task.task: _points(task.earned, task.in_review) for task in result.tasks}
        table.add_row(
            Text(printable(result.student)),
            Text(language.status(result.status), style=_status_colour(result.status)),
            *(points.get(name, "–") for name in run.tasks),
            str(total.earned),
            str(total.in_review or ""),
        )
    return Group(table, *_remarks(run, language))


def student_tables(run: RunFacts, result: SubmissionResult, language: Language) -> RenderableType:
    """Return one student's criteria, a table a task, and what to do about each that was not passed."""
    total = score(result)
    head = Text(printable(result.student), style="bold")
    points = language.t("points {earned} of {max}", earned=total.earned, max=total.max)
    head.append(f"  {language.status(result.status)}, {points}", style="not bold")
    lines: list[RenderableType] = [head, Text(language.say(STATUS[result.status]), style="dim")]
    if result.reason is not None:
        lines.append(Text(language.say(result.reason)))
    lines += [_task(task, language) for task in result.tasks]
    return Group(*lines, *_remarks(run, language))


def _task(task: TaskResult, language: Language) -> Table:
    title = f"{language.say(task.title)}: {_points(task.earned, task.in_review)}/{task.max}"
    table = Table(title=Text(title), title_justify="left", header_style="bold", show_lines=False, expand=True)
    table.add_column("", no_wrap=True)
    table.add_column(language.t("Criterion"), ratio=3)
    table.add_column(language.t("Expected"), ratio=3)
    table.add_column(language.t("Found"), ratio=4)
    table.add_column(language.t("Points"), justify="right", no_wrap=True)
    for finding in task.findings:
        table.add_row(*_finding(finding, language))
    return table


def _finding(finding: Finding, language: Language) -> Iterator[RenderableType]:
    look, colour = VERDICT[finding.verdict], _COLOURS[finding.verdict]
    yield Text(f"{look.sign} {language.say(look.word)}", style=colour)
    yield Text(language.say(finding.title))
    yield Text(language.say(finding.expected))
    found = Text(language.say(finding.found))
    if finding.where is not None:
        found.append(f"\n{language.say(finding.where)}", style="dim")
    if finding.advice is not None and finding.verdict is not Verdict.PASSED:
        found.append(f"\n→ {language.say(finding.advice)}", style="italic")
    yield found
    earned = {Verdict.PASSED: str(finding.points), Verdict.FAILED: "0", Verdict.REVIEW: "?"}[finding.verdict]
    yield f"{earned}/{finding.points}"


def _points(earned: int, in_review: int) -> str:
    return f"{earned}+{in_review}?" if in_review else str(earned)


def _status_colour(status: Status) -> str:
    return {"graded": "green", "review": "magenta"}.get(status.value, "yellow")


def _remarks(run: RunFacts, language: Language) -> Iterator[Text]:
    if run.profile == "quick":
        yield Text(language.t("Preview: trained on a small budget of steps."), style="yellow")
    if samples := sample_names(run):
        yield Text(language.t("Offline samples stand in for: {names}.", names=", ".join(samples)), style="yellow")
    if run.seal == "none":
        yield Text(language.t("The notebooks ran unsealed."), style="red")
