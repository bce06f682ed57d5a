"""A submission in a few sentences, for the comment field of an LMS."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from grader.exchange.grades import Grade
from grader.language import Language, printable
from grader.report.remarks import first_steps

MARK = "workbook-grader"
"""By this word our own comments are known again; a lecturer's own ones are never replaced."""
_LONGEST = 4000


def plain(grade: Grade, language: Language) -> str:
    """Return what kind of run it was, the points of each task and what to mend first, a line each."""
    return "\n".join(_lines(grade, language))


def as_html(grade: Grade, language: Language) -> str:
    """Return the same as HTML on one line: nothing in it is obeyed, nothing in it breaks a CSV reader.

    PHP's reader takes a backslash before a quote as an escape, so backslashes become references. The text begins with
    a tag, so no spreadsheet takes it for a formula.
    """
    body = "<br>".join(_clean(line) for line in _lines(grade, language))
    return f'<p class="{MARK}">{body}</p>'


def _lines(grade: Grade, language: Language) -> Sequence[str]:
    result, lines = grade.result, [language.say(note) for note in grade.notes]
    for task in result.tasks:
        title = language.say(task.title)
        if task.in_review:
            lines.append(
                language.t(
                    "{title}: {earned} of {max}, for the lecturer to decide: {points}",
                    title=title,
                    earned=task.earned,
                    max=task.max,
                    points=task.in_review,
                )
            )
        else:
            lines.append(language.t("{title}: {earned} of {max}", title=title, earned=task.earned, max=task.max))
    steps = first_steps(result, language)
    if steps:
        lines.append(language.t("What to mend first"))
    lines += [f"{step.title}: {step.advice}" for step in steps]
    return [line for line in _capped(lines) if line]


def _capped(lines: Sequence[str]) -> Sequence[str]:
    left, kept = _LONGEST, list[str]()
    for line in lines:
        kept.append(printable(line[:left]))
        left -= len(kept[-1])
    return kept


def _clean(line: str) -> str:
    return html.escape(re.sub(r"\s+", " ", line), quote=True).replace("\\", "&#92;")
