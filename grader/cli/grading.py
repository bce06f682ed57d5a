"""``grader grade`` and ``grader demo``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli import options as opt
from grader.cli.runs import print_results

if TYPE_CHECKING:
    from grader.batch import Settings
    from grader.collect import Submission


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@opt.several(opt.out, opt.workbook, opt.profile, opt.data, opt.jobs, opt.lang, opt.no_sandbox)
@click.option("--tasks", help="Only these tasks: task1,task3")
@click.option("--single", is_flag=True, help="All paths together are one student's submission.")
def grade(paths: tuple[Path, ...], out: Path, tasks: str | None, single: bool, **chosen: Any) -> None:
    """Grade notebooks and folders of notebooks; write reports and grades to a folder.

    A sub-folder is one student's submission; a notebook outside sub-folders is a submission of its own.
    Called again with the same folder it goes on where it stopped, and grades again only what has changed.
    """
    from grader.collect import collect

    settings = _settings(tasks.replace(" ", "").split(",") if tasks else None, **chosen)
    _grade(collect(paths, single=single), settings, out)


@click.command()
@opt.several(opt.out, opt.jobs, opt.lang, opt.no_sandbox)
def demo(out: Path, jobs: int, lang: str, no_sandbox: bool) -> None:
    """Grade the bundled submissions on the offline samples, as a first look."""
    from grader.collect import collect
    from grader.errors import SandboxUnavailableError
    from grader.places import shipped
    from grader.sandbox import find_seal

    if not no_sandbox:
        try:
            find_seal(allow_unsealed=False)
        except SandboxUnavailableError:
            no_sandbox = True
            click.echo("No sandbox here (bubblewrap is missing or not allowed): the demo's own notebooks run unsealed.")
    settings = _settings(
        None, workbook=None, profile="quick", data="sample", jobs=jobs, lang=lang, no_sandbox=no_sandbox
    )
    _grade(collect([shipped("assignments") / "demo"]), settings, out)


def _settings(
    tasks: list[str] | None,
    *,
    workbook: Path | None,
    profile: str,
    data: opt.Edition,
    jobs: int,
    lang: str,
    no_sandbox: bool,
) -> Settings:
    from grader.batch import Settings, tasks_of
    from grader.workbook import load_workbook

    loaded = load_workbook(workbook)
    return Settings(
        workbook=loaded,
        tasks=tasks_of(loaded, tasks),
        profile=profile,
        data=data,
        jobs=jobs,
        language=lang,
        unsealed=no_sandbox,
    )


def _grade(submissions: tuple[Submission, ...], settings: Settings, out: Path) -> None:
    from grader.batch import grade_cohort
    from grader.progress import follow
    from grader.report import render_run

    with follow(len(submissions), settings.language) as observer:
        ledger = grade_cohort(submissions, settings, out, observer)
    results = ledger.results(tuple(submission.student for submission in submissions))
    render_run(ledger.run(), results, out, language=settings.language)
    print_results(out, None, settings.language, results=results)
    click.echo(f"\n{(out / 'index.html').resolve()}")
