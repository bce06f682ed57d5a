"""Results as tables for the terminal; nothing is printed here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from grader.language import Language, printable
from grader.records import RunFacts, Status, SubmissionResult, TaskResult, Verdict
from grader.report.explain import STATUS, VERDICT, sample_names
from grader.report.files import maxima
from grader.report.remarks import CriterionLine, Remark, first_steps, tell
from grader.report.slim import slim_table
from grader.report.summary import score

_COLOURS = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.REVIEW: "magenta"}


def cohort_table(run: RunFacts, results: Sequence[SubmissionResult], language: Language) -> RenderableType:
    """Return a run's students with their points, and what a reader must know about the run."""
    most = maxima(run, results)
    table = slim_table()
    table.title = Text(language.say(run.workbook), style="bold not italic")
    table.title_justify = "left"
    table.add_column(language.t("Student"), overflow="fold")
    table.add_column(language.t("Status"))
    for name in run.tasks:
        table.add_column(Text(f"{printable(name)}\n/{most[name]}"), justify="right")
    table.add_column(f"{language.t('Total')}\n/{sum(most.values())}", justify="right", style="bold")
    table.add_column("?", justify="right", style="magenta")
    for result in results:
        total = score(result)
        points = {task.task: _points(task.earned, task.in_review) for task in result.tasks}
        table.add_row(
            Text(printable(result.label)),
            Text(language.status(result.status), style=_status_colour(result.status)),
            *(points.get(name, "–") for name in run.tasks),
            str(total.earned),
            str(total.in_review or ""),
        )
    legend = language.t("“?” means: these points wait for the lecturer.")
    waiting = [Text(legend, style="dim")] if any(score(result).in_review for result in results) else []
    return Group(table, *waiting, *_about(run, language))


def student_tables(run: RunFacts, result: SubmissionResult, language: Language) -> RenderableType:
    """Return one student's criteria, a table a task, and what to do about each that was not passed."""
    total = score(result)
    head = Text(printable(result.label), style="bold")
    points = language.t("points {earned} of {max}", earned=total.earned, max=total.max)
    head.append(f"  {language.status(result.status)}{f', {points}' if result.tasks else ''}", style="not bold")
    lines: list[RenderableType] = [head, Text(language.say(STATUS[result.status]), style="dim")]
    if result.reason is not None:
        lines.append(Text(language.say(result.reason)))
    if steps := first_steps(result, language):
        lines.append(Text(f"\n{language.t('What to mend first')}", style="bold"))
    for step in steps:
        points = language.t("points: up to {points}", points=step.points)
        lines.append(Text(f"→ {step.title} ({points})"))
        lines.append(Padding(Text(step.advice, style="italic"), (0, 0, 0, 2)))
    for task in result.tasks:
        lines += ["", *_task(task, language)]
    return Group(*lines, *_about(run, language))


def _task(task: TaskResult, language: Language) -> Iterator[RenderableType]:
    told = tell(task, language)
    title = Text(f"{language.say(task.title)}: {_points(task.earned, task.in_review)}/{task.max}", style="bold")
    yield title
    if told.where:
        yield Text(told.where, style="dim")
    for remark in told.remarks:
        yield _remark(remark, language)
    table = slim_table()
    table.expand = True
    table.add_column("", no_wrap=True)
    table.add_column(language.t("Criterion"), ratio=1)
    table.add_column(language.t("Found"), ratio=1)
    table.add_column(language.t("Points"), justify="right", no_wrap=True)
    for line in told.lines:
        table.add_row(*_line(line, language))
    yield table


def _remark(remark: Remark, language: Language) -> Text:
    text = Text("\n".join(remark.found), style=_COLOURS[remark.verdict])
    if remark.found:
        text.append("\n")
    text.append(f"→ {remark.advice}", style="default italic")
    text.append(f" ({language.t('points: up to {points}', points=remark.points)})", style="default dim")
    return text


def _line(line: CriterionLine, language: Language) -> Iterator[RenderableType]:
    finding = line.finding
    yield Text(VERDICT[finding.verdict].sign, style=_COLOURS[finding.verdict])
    title = Text(line.title)
    if line.expected:
        title.append(f"\n{line.expected}", style="dim")
    yield title
    found = Text(line.found or language.t("see above"), style="" if line.found else "dim")
    if line.where:
        found.append(f"\n{line.where}", style="dim")
    if line.advice:
        found.append(f"\n→ {line.advice}", style="italic")
    if finding.override:
        word = finding.override
        said = f"{language.t('Decided by the lecturer:')} {printable(word.because)}"
        found.append(f"\n{said} ({printable(word.author)}, {language.moment(word.at)})", style="bold")
    yield found
    earned = "?" if finding.verdict is Verdict.REVIEW else str(finding.earned)
    yield f"{earned}/{finding.points}"


def _points(earned: int, in_review: int) -> str:
    return f"{earned}+{in_review}?" if in_review else str(earned)


def _status_colour(status: Status) -> str:
    return {"graded": "green", "review": "magenta"}.get(status.value, "yellow")


def _about(run: RunFacts, language: Language) -> Iterator[Text]:
    if run.profile == "quick":
        yield Text(language.t("Preview: trained on a small budget of steps."), style="yellow")
    if samples := sample_names(run):
        yield Text(language.t("Offline samples stand in for: {names}.", names=", ".join(samples)), style="yellow")
    if run.seal == "none":
        yield Text(language.t("The notebooks ran unsealed."), style="red")
