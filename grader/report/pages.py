"""The templates and what they may call: everything is escaped, and a page's policy admits our own style and script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.language import Language, printable
from grader.places import shipped
from grader.records import CellStatus, Message, RunFacts, Status, SubmissionResult, TaskResult, Verdict, Words
from grader.report import explain, network
from grader.report.charts import bar, learning_curve
from grader.report.comparison import compare
from grader.report.library import table_library
from grader.report.meaning import meanings
from grader.report.names import page_name
from grader.report.queue import names_of
from grader.report.remarks import first_steps, headline, strengths, tell
from grader.report.summary import Curve, curves
from grader.report.teaching import lesson_of, lessons_among, lessons_of


def environment(words: Language) -> Environment:
    """Return templates that escape everything and show, not obey, control characters."""
    folder = shipped("reports")
    made = Environment(
        loader=FileSystemLoader(folder / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    made.globals.update(
        _=words.t,
        language=words,
        say=words.say,
        number=words.number,
        share=words.share,
        explain=explain,
        Verdict=Verdict,
        CellStatus=CellStatus,
        Status=Status,
        compare=lambda facts: compare(facts, words),
        meanings=_meanings,
        curves=lambda task: _curves(task, words),
        headline=headline,
        tell=lambda task: tell(task, words),
        first_steps=lambda result: first_steps(result, words),
        strengths=lambda result: strengths(result, words),
        lessons_of=lessons_of,
        lesson_of=lesson_of,
        lessons_among=lessons_among,
        waiting_for=lambda one: names_of(one, words),
        bar=bar,
        draw=lambda answer, expected: network.draw(answer.layers if answer else (), expected, words),
        most_layers=network.MOST,
        stopped=_stopped,
        versions=lambda run: explain.versions(run, words),
        task_name=lambda task: explain.task_name(task, words),
        link=lambda student: quote(page_name(student)),
        by_task=lambda result: {task.task: task for task in result.tasks},
        **_inline(folder),
    )
    return made


def _finalize(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _stopped(result: SubmissionResult, where: Words | None) -> str:
    """Return the anchor of the cell that a finding speaks about, if it is shown as one that stopped; else nothing."""
    place = where.values if isinstance(where, Message) else {}
    return next(
        (
            f"cell-{number}-{cell.number}"
            for number, notebook in enumerate(result.notebooks)
            if notebook.name == place.get("notebook")
            for cell in notebook.cells
            if cell.number == place.get("cell") and cell.status in (CellStatus.ERROR, CellStatus.TIMED_OUT)
        ),
        "",
    )


def _meanings(run: RunFacts, task: TaskResult) -> Any:
    return meanings(task.accuracy, comparable=run.profile == "full" and not explain.on_sample(run, task))


def _curves(task: TaskResult, words: Language) -> list[tuple[Curve, Markup]]:
    draw = partial(learning_curve, language=words)
    return [
        (curve, drawn)
        for curve in curves(task, words)
        if (drawn := draw(curve.series, curve.title, most=curve.most, behind=curve.behind, turn=curve.turn))
    ]


def _inline(folder: Path) -> Mapping[str, Any]:
    """Return the style sheet and the class page's script, and the hashes by which a policy admits exactly these two."""
    style, script = ((folder / file).read_text("utf-8") for file in ("style.css", "cohort.js"))
    found: dict[str, Any] = {}
    for name, text in (("style", style), ("script", f"{table_library()}\n{{\n{script}}}\n")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        found[name] = Markup(text)  # noqa: S704 - nothing of a student's, and no end tag is in it
        found[f"{name}_hash"] = f"'sha256-{digest}'"
    return found
