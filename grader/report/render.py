"""A run's records → its folder of pages and grade files; the same records give the same bytes."""

from __future__ import annotations

import concurrent.futures
import hashlib
import multiprocessing
import os
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from grader.language import Language
from grader.ledger import Ledger
from grader.places import shipped
from grader.records import RunFacts, Status, SubmissionResult
from grader.report import cohort, executed, files
from grader.report.histogram import accuracy_histogram, points_histogram
from grader.report.names import page_name
from grader.report.pages import environment
from grader.report.queue import waiting
from grader.report.summary import criteria_rates, decided_totals, score, task_titles

_MADE_FROM = '<meta name="made-from" content="'
_WORTH_A_PROCESS = 24
"""Pages for which starting another process pays."""


def render_run(run: RunFacts, results: Sequence[SubmissionResult], out: Path, *, language: str) -> None:
    """Write a run's pages and grade files: ``index.html``, ``students/*.html``, ``grades.csv``, ``results.json``.

    Every file appears whole or not at all; files of students who are no longer in ``results`` stay. A student's page
    that was made from the same records by the same templates is left as it is.

    Args:
        run: The facts of the run.
        results: One result a student, in the order in which the pages list them.
        out: Folder of the run, with the executed notebooks in its record; made when it is not there.
        language: ``ru`` or ``en``.
    """
    _render_students(run, results, out, language)
    words = Language(language)
    page = environment(words).get_template("index.html.j2")
    files.write(out / "index.html", page.render(run=run, results=results, **_cohort(run, results, words)))
    files.write(out / "grades.csv", files.grades_csv(run, results))
    files.write(out / "results.json", files.results_json(run, results, words))


def _render_students(run: RunFacts, results: Sequence[SubmissionResult], out: Path, language: str) -> None:
    stale = [(result, key) for result in results if (key := _key(run, result, out, language))]
    workers = min(os.cpu_count() or 1, 8, len(stale) // _WORTH_A_PROCESS)
    if workers < 2:
        for result, key in stale:
            render_student(run, result, out, language, key)
        return
    # Not forked: the caller may have threads, and a fork copies the locks they hold.
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        for done in [pool.submit(render_student, run, result, out, language, key) for result, key in stale]:
            done.result()


def render_student(run: RunFacts, result: SubmissionResult, out: Path, language: str, key: str = "") -> None:
    """Write one student's page; ``key`` tells later what it was made from."""
    shown = tuple(
        executed.cells(content, notebook, _language(language)) if (content := executed.read(path)) else ()
        for notebook, path in zip(result.notebooks, _executed(result, out), strict=True)
    )
    page = _templates(language).get_template("student.html.j2")
    content = page.render(run=run, result=result, total=score(result), shown=shown, key=key)
    files.write(out / "students" / page_name(result.student), content)


@cache
def _language(code: str) -> Language:
    return Language(code)


@cache
def _templates(code: str) -> Any:
    return environment(_language(code))


def _executed(result: SubmissionResult, out: Path) -> list[Path]:
    folder = Ledger(out).folder_of(result.student)
    return [folder / f"notebook-{number}" / "executed.ipynb" for number in range(len(result.notebooks))]


def _key(run: RunFacts, result: SubmissionResult, out: Path, language: str) -> str:
    """Return what a student's page is made from, as a digest; empty when the page on disk was made from just that."""
    digest = hashlib.sha256(_ours())
    digest.update(
        repr((language, run.workbook, run.profile, run.datasets, run.seal, run.started, run.versions)).encode()
    )
    digest.update(repr(result).encode("utf-8", "replace"))
    for path in _executed(result, out):
        digest.update(path.read_bytes() if path.is_file() else b"-")
    key = digest.hexdigest()
    try:
        with (out / "students" / page_name(result.student)).open("rb") as page:
            known = f"{_MADE_FROM}{key}".encode() in page.read(1000)
    except OSError:
        known = False
    return "" if known else key


@cache
def _ours() -> bytes:
    """Return a digest of all that makes pages: templates, style, translations, lessons, and this package."""
    digest = hashlib.sha256()
    for folder in (shipped("reports"), Path(__file__).parent, Path(__file__).parent.parent / "hints"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in {".py", ".j2", ".css", ".js", ".po", ".toml"}:
                digest.update(path.read_bytes())
    return digest.digest()


def _cohort(run: RunFacts, results: Sequence[SubmissionResult], words: Language) -> dict[str, Any]:
    counts = Counter(result.status for result in results)
    models, distinct = cohort.shared_models(results)
    sharing = cohort.sharing_a_rare_one(models, results)
    maxima, totals = files.maxima(run, results), decided_totals(run, results)
    return {
        "titles": task_titles(run, results),
        "maxima": maxima,
        "scores": {result.student: score(result) for result in results},
        "statuses": [(status, counts[status]) for status in Status if counts[status]],
        "rates": criteria_rates(run, results),
        "median": statistics.median(totals) if totals else None,
        "flags": {
            result.student: (*cohort.flags(result, run), *(("shared",) if result.student in sharing else ()))
            for result in results
        },
        "flag_names": cohort.FLAGS,
        "groups": sorted({result.who.group for result in results if result.who.group}),
        "queue": waiting(results),
        "models": models,
        "distinct": distinct,
        "lessons": cohort.common_lessons(results),
        "errors": cohort.common_errors(results),
        "durations": cohort.durations(results, words),
        "spread": points_histogram(totals, sum(maxima.values()), words),
        "undecided": len(results) - len(totals),
        "accuracies": _accuracies(run, results, words),
    }


def _accuracies(run: RunFacts, results: Sequence[SubmissionResult], words: Language) -> list[tuple[str, Any]]:
    titles: Mapping[str, Any] = task_titles(run, results)
    drawn = []
    for task in run.tasks:
        facts = [one.accuracy for result in results for one in result.tasks if one.task == task]
        band = next((one.band for one in facts if one.band is not None), None)
        limit = next((one.limit for one in facts if one.limit is not None), None)
        title = words.say(titles[task]) or task
        if picture := accuracy_histogram(cohort.accuracies(results, task), band, limit, title, words):
            drawn.append((title, picture))
    return drawn
