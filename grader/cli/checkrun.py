"""The running part of ``grader check``: the pipeline on one notebook, with what is known shown as soon as it is."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from grader.batch import Settings
    from grader.collect import Submission
    from grader.language import Language


def check_by_running(notebook: Path, task: str | None, asked: Mapping[str, Any], *, html: bool) -> None:
    """Run a notebook and print what the grader makes of it; ``asked`` holds the options shared with other commands."""
    if not can_drive():
        _run_alone(notebook, task, asked["lang"], asked["profile"])
        return
    from grader.cli.asked import settings_of
    from grader.collect import collect_one
    from grader.language import Language

    language = Language(asked["lang"])
    settings = settings_of({**asked, "tasks": task, "jobs": 1})
    settings = replace(settings, unsealed=settings.unsealed or _say_if_open(language))
    submission = collect_one(notebook)
    with _folder(keep=html) as out:
        _grade(submission, settings, out, language)
        _print(out, submission.student, settings, language)
        if html:
            _open(out, submission.student, settings)


def can_drive() -> bool:
    """Tell whether this system has what the driver and the trainer are made of: sockets in files, pipes to wait on."""
    return hasattr(socket, "AF_UNIX") and hasattr(os, "fork")


def _run_alone(notebook: Path, task: str | None, lang: str, profile: str) -> None:
    """Run the notebook in a process of its own, watched by the self-check; its accuracies are not trained again."""
    from grader.language import Language
    from grader.records import msg
    from grader.workbook import load_workbook

    click.echo(
        Language(lang).say(
            msg(
                "On this system the notebook runs without a sandbox, with all your rights. Nothing is trained again: "
                "accuracies are those of the notebook. Old spellings stop it here, though not when it is graded: "
                "mend them with grader check --fix."
            )
        )
    )
    steps = load_workbook().profiles[profile].steps
    arguments = [str(notebook.absolute()), task or "", lang, str(steps or "")]
    # -P: what lies in the notebook's folder must not be taken for us.
    subprocess.run(
        [sys.executable, "-P", "-m", "grader.selfcheck.alone", *arguments], check=True, stdin=subprocess.DEVNULL
    )


def _say_if_open(language: Language) -> bool:
    """Tell whether there is no sandbox here; a student's own notebook may run without, and that is said."""
    from grader.errors import SandboxUnavailableError
    from grader.records import msg
    from grader.sandbox import find_seal

    try:
        find_seal(allow_unsealed=False)
    except SandboxUnavailableError:
        click.echo(language.say(msg("There is no sandbox here: your notebook runs with all your rights.")))
        return True
    return False


@contextlib.contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    """Yield a folder for the run; it stays while a page of it is to be read."""
    if keep:
        yield Path(tempfile.mkdtemp(prefix="grader-check-")) / "run"
        return
    with tempfile.TemporaryDirectory(prefix="grader-check-", ignore_cleanup_errors=True) as name:
        yield Path(name) / "run"


def _grade(submission: Submission, settings: Settings, out: Path, language: Language) -> None:
    from grader.batch import grade_cohort
    from grader.cli.monitor import TraceMonitor
    from grader.ledger import Ledger

    folder = Ledger(out).folder_of(submission.student)
    with TraceMonitor(folder, settings.tasks, language) as monitor:
        grade_cohort([submission], settings, out, monitor, request={})


def _print(out: Path, student: str, settings: Settings, language: Language) -> None:
    from rich.console import Console

    from grader.ledger import Ledger
    from grader.records import msg
    from grader.report import student_tables
    from grader.selfcheck.taskcheck import without_hidden

    ledger = Ledger(out)
    (result,) = ledger.results((student,))
    shown = without_hidden(result, settings.tasks)
    missing = [task.task for task in result.tasks if task.answer is None]
    found = tuple(task for task in shown.tasks if task.answer is not None)
    console = Console()
    # One notebook need not answer every task: those it does not are named, not listed criterion by criterion.
    console.print(student_tables(ledger.run(), replace(shown, tasks=found or shown.tasks), language))
    if found and missing:
        names = language.say(msg("No answer was found for: {tasks}", tasks=", ".join(missing)))
        console.print(names, style="yellow", markup=False)
    if old := dict.fromkeys(one.old for notebook in result.notebooks for one in notebook.legacy if one.stops):
        told = msg(
            "Old spellings that were translated, as when it is graded: {names}. In Colab the notebook stops there "
            "today; {command} mends what it can.",
            names=", ".join(old),
            command="grader check --fix",
        )
        console.print(language.say(told), style="yellow", markup=False)


def _open(out: Path, student: str, settings: Settings) -> None:
    import webbrowser

    from grader.ledger import Ledger
    from grader.report import render_run
    from grader.report.names import page_name
    from grader.selfcheck.taskcheck import without_hidden

    ledger = Ledger(out)
    shown = [without_hidden(result, settings.tasks) for result in ledger.results((student,))]
    render_run(ledger.run(), shown, out, language=settings.language)
    page = (out / "students" / page_name(student)).resolve()
    click.echo(page)
    webbrowser.open(page.as_uri())
