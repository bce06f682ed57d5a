"""A run's records → its folder of pages and grade files; the same records give the same bytes."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.language import Language, printable
from grader.places import shipped
from grader.records import CellStatus, RunFacts, Status, SubmissionResult, TaskResult, Verdict
from grader.report import explain, files, layers
from grader.report.charts import bar, learning_curve
from grader.report.lanes import compare
from grader.report.remarks import first_steps, headline, tell
from grader.report.summary import criteria_rates, curves, median_total, score, task_titles

_LONGEST_NAME = 60


def render_run(run: RunFacts, results: Sequence[SubmissionResult], out: Path, *, language: str) -> None:
    """Write a run's pages and grade files: ``index.html``, ``students/*.html``, ``grades.csv``, ``results.json``.

    Every file appears whole or not at all; files of students who are no longer in ``results`` stay.

    Args:
        run: The facts of the run.
        results: One result a student, in the order in which the pages list them.
        out: Folder of the run; made when it is not there.
        language: ``ru`` or ``en``.
    """
    words = Language(language)
    environment = _environment(words)
    page = environment.get_template("student.html.j2")
    for result in results:
        content = page.render(run=run, result=result, total=score(result))
        files.write(out / "students" / page_name(result.student), content)
    cohort = environment.get_template("index.html.j2")
    files.write(out / "index.html", cohort.render(run=run, results=results, **_cohort(run, results)))
    files.write(out / "grades.csv", files.grades_csv(run, results))
    files.write(out / "results.json", files.results_json(run, results, words))


def page_name(student: str) -> str:
    """Return the file name of a student's page: one per student, harmless on every file system.

    >>> page_name("anna.petrova")
    'anna.petrova.html'
    >>> page_name("../x")
    '_x-d6b96a97.html'
    """
    plain = re.sub(r"[^\w.-]", "_", unicodedata.normalize("NFC", student)).strip(".")[:_LONGEST_NAME]
    if plain != student:
        plain = f"{plain}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return f"{plain}.html"


def _cohort(run: RunFacts, results: Sequence[SubmissionResult]) -> dict[str, Any]:
    counts = Counter(result.status for result in results)
    return {
        "titles": task_titles(run, results),
        "maxima": files.maxima(run, results),
        "scores": {result.student: score(result) for result in results},
        "statuses": [(status, counts[status]) for status in Status if counts[status]],
        "rates": criteria_rates(run, results),
        "median": median_total(run, results),
    }


def _environment(words: Language) -> Environment:
    """Return templates that escape everything and show, not obey, control characters."""
    folder = shipped("reports")
    environment = Environment(
        loader=FileSystemLoader(folder / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.globals.update(
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
        curves=lambda task: _curves(task, words),
        headline=headline,
        tell=lambda task: tell(task, words),
        first_steps=lambda result: first_steps(result, words),
        bar=bar,
        settings=lambda layer: layers.settings(layer, words),
        shape=layers.shape,
        link=lambda student: quote(page_name(student)),
        by_task=lambda result: {task.task: task for task in result.tasks},
        **_inline(folder),
    )
    return environment


def _finalize(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _curves(task: TaskResult, words: Language) -> list[tuple[str, tuple[str, ...], Markup]]:
    return [
        (label, tuple(series), drawn)
        for label, series, most in curves(task, words)
        if (drawn := learning_curve(series, label, words, most=most))
    ]


def _inline(folder: Path) -> Mapping[str, Any]:
    """Return the style sheet and the script, and the hashes by which a page's policy admits exactly these two."""
    found: dict[str, Any] = {}
    for name, file in (("style", "style.css"), ("script", "cohort.js")):
        text = (folder / file).read_text("utf-8")
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        found[name] = Markup(text)  # noqa: S704 - our own file, and </ does not occur in it
        found[f"{name}_hash"] = f"'sha256-{digest}'"
    return found
