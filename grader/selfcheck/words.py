"""A look as plain lines, for terminals and consoles."""

from __future__ import annotations

from collections.abc import Iterator

from grader.criteria import KINDS
from grader.language import Language, printable, unlabelled
from grader.records import Finding, Message, Verdict, msg
from grader.selfcheck.results import CheckResult, TaskCheck

SIGNS = {Verdict.PASSED: "✓", Verdict.FAILED: "✕", Verdict.REVIEW: "…"}


def lines_of(look: CheckResult) -> Iterator[str]:
    """Yield a look line by line."""
    language = Language(look.language)
    if look.said is not None:
        yield language.say(look.said)
        return
    for model in look.models:
        yield f"{_place(model.name, model.cell, language)}: {language.say(model.role)}"
    for task in look.tasks:
        yield ""
        yield from _task(task, language)
    for title in look.missing:
        yield ""
        yield f"… {language.say(title)}: {language.say(msg('no model for this task was found'))}"
    yield ""
    yield language.say(closing())


def closing() -> Message:
    """Return the sentence at the end: what this was, and what it was not."""
    return msg("A look at this session, not a grade. Nothing was stored or sent.")


def heading(task: TaskCheck, language: Language) -> str:
    """Return the model that was looked at, and its cell."""
    return _place(task.model, task.cell, language) if task.model else ""


def tail(task: TaskCheck, language: Language) -> Iterator[str]:
    """Yield what comes after a task's criteria."""
    if task.later:
        titles = "; ".join(language.say(title) for title in task.later)
        yield language.say(msg("Decided later: {titles}", titles=titles))
    if task.hidden:
        yield language.say(msg("Criteria that are shown after grading only: {count}", count=task.hidden))
    yield from (language.say(words) for words in task.accuracy)
    if task.advice is not None:
        yield f"→ {language.say(task.advice)}"


def said(finding: Finding, task: TaskCheck, language: Language) -> tuple[str, str, str]:
    """Return a finding's title, what was found and where, and what to do; the last two may be empty.

    What the title or the heading says already is not said again.
    """
    title, found = language.say(finding.title), language.say(finding.found)
    where = language.say(finding.where)
    where = "" if where == language.say(msg("cell {cell}", cell=task.cell)) else where
    as_asked = finding.verdict is Verdict.PASSED and KINDS[finding.kind].judges == "structure"
    found = "" if as_asked or found == title else language.say(msg("found: {found}", found=unlabelled(found, title)))
    found = " ".join(part for part in (found, f"({where})" if where else "") if part)
    return title[:1].upper() + title[1:], found, language.say(finding.advice)


def _task(task: TaskCheck, language: Language) -> Iterator[str]:
    yield language.say(task.title)
    if task.model:
        yield f"  {heading(task, language)}"
    for finding in task.findings:
        title, found, advice = said(finding, task, language)
        yield f"  {SIGNS[finding.verdict]} {title}" + (f" – {found}" if found else "")
        if advice:
            yield f"      → {advice}"
    yield from (f"  {line}" for line in tail(task, language))


def _place(name: str, cell: int, language: Language) -> str:
    name = printable(name) or "?"
    if not cell:
        return language.say(msg("model {name}", name=name))
    return language.say(msg("model {name}, cell {cell}", name=name, cell=cell))
