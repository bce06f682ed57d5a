"""``grader report`` and ``grader show``: what a recorded run says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(["ru", "en"]), help="Language; that of the run by default.")
def report(run: Path, lang: str | None) -> None:
    """Render a run's reports and grade files again, without running anything."""
    from grader.ledger import Ledger
    from grader.report import render_run

    ledger = Ledger(run)
    facts = ledger.run()
    render_run(facts, ledger.results(), run, language=lang or facts.language)
    click.echo((run / "index.html").resolve())


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("student", required=False)
@click.option("--lang", type=click.Choice(["ru", "en"]), help="Language; that of the run by default.")
def show(run: Path, student: str | None, lang: str | None) -> None:
    """Show a run's results, or one student's, as tables in the terminal."""
    print_results(run, student, lang)


def print_results(run: Path, student: str | None, lang: str | None, results: Any = None) -> None:
    """Print the table of a run, or one student's; ``results`` saves reading them again."""
    from rich.console import Console

    from grader.errors import UsageError
    from grader.language import Language
    from grader.ledger import Ledger
    from grader.report import cohort_table, student_tables

    ledger = Ledger(run)
    facts = ledger.run()
    language = Language(lang or facts.language)
    results = ledger.results() if results is None else results
    console = Console()
    if student is None:
        console.print(cohort_table(facts, results, language))
        return
    for result in results:
        if result.student == student:
            console.print(student_tables(facts, result, language))
            return
    known = ", ".join(result.student for result in results[:20])
    text = f"{student}: no such student in this run; it has {known}{', ...' if len(results) > 20 else ''}"
    raise UsageError(text)
