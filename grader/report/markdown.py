"""A submission in a few lines of Markdown: a comment that an LMS shows beside the grade."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from grader.language import Language
from grader.records import RunFacts, SubmissionResult, TaskResult, Verdict
from grader.report import files
from grader.report.explain import STATUS, sample_names
from grader.report.names import page_name
from grader.report.remarks import first_steps, headline
from grader.report.summary import score

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
_LONGEST = 300


def render_markdown(run: RunFacts, results: Sequence[SubmissionResult], out: Path, *, language: str) -> Path:
    """Write ``students/NAME.md`` for each student and return the folder."""
    words = Language(language)
    for result in results:
        files.write(out / "students" / page_name(result.student, ".md"), comment(run, result, words))
    return out / "students"


def comment(run: RunFacts, result: SubmissionResult, language: Language) -> str:
    """Return the points of each task, what was not passed and what to mend first; nothing a student wrote is obeyed."""
    total = score(result)
    points = f": {language.t('{earned} of {max}', earned=total.earned, max=total.max)}" if result.tasks else ""
    lines = [f"**{_plain(language.say(run.workbook))}{points}**", "", _plain(language.say(STATUS[result.status])), ""]
    if run.profile == "quick":
        lines += [language.t("A preview: the grade is decided by a run with the full profile."), ""]
    samples = sample_names(run)
    if samples:
        lines += [language.t("Offline samples stand in for: {names}.", names=", ".join(samples)), ""]
    for task in result.tasks:
        lines += _task(task, language)
    steps = first_steps(result, language)
    if steps:
        lines += ["", f"**{language.t('What to mend first')}**", ""]
        lines += [f"{at}. {_plain(step.title)}: {_plain(step.advice)}" for at, step in enumerate(steps, start=1)]
    return "\n".join(lines).rstrip() + "\n"


def _task(task: TaskResult, language: Language) -> list[str]:
    points = language.t("{earned} of {max}", earned=task.earned, max=task.max)
    if task.in_review:
        points += " " + language.t("+ {points} for review", points=task.in_review)
    missed = [headline(language.say(one.title)) for one in task.findings if one.verdict is Verdict.FAILED]
    words = language.t("not passed: {criteria}", criteria="; ".join(missed)) if missed else ""
    return [f"- {_plain(language.say(task.title))}: **{points}**{' — ' if words else ''}{_plain(words)}"]


def _plain(text: str) -> str:
    """Return a text as Markdown shows it, on one line."""
    text = " ".join(text.split())
    return _SPECIAL.sub(r"\\\1", text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
