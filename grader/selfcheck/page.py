"""A look as HTML inside a notebook: readable on light and dark pages, without a script or anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from grader.language import Language
from grader.records import Verdict
from grader.selfcheck.results import CheckResult, TaskCheck
from grader.selfcheck.words import SIGNS, closing, heading, said, tail

# White on these is 5:1 and more, whatever the notebook's own theme; the sign says the same without a colour.
_COLOURS = {Verdict.PASSED: "#1e7548", Verdict.FAILED: "#b8372f", Verdict.REVIEW: "#6f4cc0"}
_SIGN = (
    "display:inline-block;width:1.5em;text-align:center;text-indent:0;border-radius:.75em;font-size:.85em;color:#fff"
)
_BOX = "max-width:52rem;font:inherit;line-height:1.45;margin:.3rem 0"
_CARD = "border:1px solid rgba(128,128,128,.4);border-radius:6px;padding:.6rem .9rem;margin:.5rem 0"
_FAINT = "opacity:.75"


def html_of(look: CheckResult) -> str:
    """Return a look as one block of HTML; whatever comes from the notebook is escaped."""
    language = Language(look.language)
    return f'<div lang="{look.language}" style="{_BOX}">{"".join(_parts(look, language))}</div>'


def _parts(look: CheckResult, language: Language) -> Iterator[str]:
    if look.said is not None:
        yield f'<p style="{_CARD}">{escape(language.say(look.said))}</p>'
        return
    if look.models:
        rows = (
            f"<li><code>{escape(model.name or '?')}</code>"
            + (f" ({escape(language.t('cell {cell}', cell=model.cell))})" if model.cell else "")
            + f": {escape(language.say(model.role))}</li>"
            for model in look.models
        )
        yield f'<ul style="margin:.3rem 0;padding-left:1.2rem">{"".join(rows)}</ul>'
    for task in look.tasks:
        yield f'<section style="{_CARD}">{"".join(_task(task, language))}</section>'
    nothing = language.t("no model for this task was found")
    for title in look.missing:
        yield f'<p style="{_FAINT};margin:.2rem 0">… {escape(language.say(title))}: {escape(nothing)}</p>'
    yield f'<p style="{_FAINT};font-size:.9em;margin:.3rem 0">{escape(language.say(closing()))}</p>'


def _task(task: TaskCheck, language: Language) -> Iterator[str]:
    yield f'<div style="font-weight:600">{escape(language.say(task.title))}</div>'
    if task.model:
        yield f'<div style="{_FAINT};font-size:.9em">{escape(heading(task, language))}</div>'
    yield '<ul style="list-style:none;margin:.4rem 0;padding:0">'
    for finding in task.findings:
        title, found, advice = said(finding, task, language)
        sign = f'<b style="{_SIGN};background:{_COLOURS[finding.verdict]}">{SIGNS[finding.verdict]}</b>'
        yield f'<li style="margin:.25rem 0;padding-left:1.8em;text-indent:-1.8em">{sign}&ensp;{escape(title)}'
        if found:
            yield f' <span style="{_FAINT}">– {escape(found)}</span>'
        if advice:
            yield f'<div style="text-indent:0;margin:.1rem 0 .35rem">→ {escape(advice)}</div>'
        yield "</li>"
    yield "</ul>"
    for line in tail(task, language):
        yield f'<div style="font-size:.95em;margin:.15rem 0">{escape(line)}</div>'
