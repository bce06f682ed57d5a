"""``grader report``: a recorded run as pages, as Markdown for an LMS, as PDF."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from grader.cli import options as opt
from grader.cli.help import command
from grader.cli.runs import unfinished


@command()
@click.argument("run", type=click.Path(path_type=Path))
@opt.run_lang
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "markdown", "pdf"]),
    default="html",
    show_default=True,
    help="html: all pages and grade files; markdown: a comment for the LMS a student; pdf: all pages, by Chromium.",
)
def report(run: Path, lang: str | None, form: str) -> None:
    """Render a run's reports and grade files again, without running anything.

    The pages' language becomes that of the run: a decision, or another call without --lang, keeps to it.
    """
    from grader.language import Language
    from grader.ledger import Ledger
    from grader.report import render_markdown, render_pdf, render_run

    ledger = Ledger(run)
    facts, results = ledger.run(), ledger.results()
    language = lang or facts.language
    if form == "markdown":
        click.echo(render_markdown(facts, results, run, language=language).resolve())
        return
    if language != facts.language:
        ledger.write_run(replace(facts, language=language))
    render_run(facts, results, run, language=language)
    if left := unfinished(ledger, Language(language)):
        click.echo(left, err=True)
    if form == "pdf":
        click.echo(render_pdf(results, run).resolve())
        return
    click.echo((run / "index.html").resolve())
