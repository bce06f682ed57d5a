"""``grader show``: what a recorded run says, in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli import options as opt

if TYPE_CHECKING:
    from grader.ledger import Ledger
    from grader.records import SubmissionResult


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("student", required=False)
@opt.run_lang
def show(run: Path, student: str | None, lang: str | None) -> None:
    """Show a run's results, or one student's, as tables in the terminal."""
    print_results(run, student, lang)


def print_results(run: Path, student: str | None, lang: str | None, results: Any = None) -> None:
    """Print the table of a run, or one student's; ``results`` saves reading them again."""
    from rich.console import Console

    from grader.language import Language
    from grader.ledger import Ledger
    from grader.records import msg
    from grader.report import cohort_table, student_tables

    ledger = Ledger(run)
    facts = ledger.run()
    language = Language(lang or facts.language)
    console = Console()
    if student is not None:
        console.print(student_tables(facts, result_of(ledger, student), language))
        return
    console.print(cohort_table(facts, ledger.results() if results is None else results, language))
    standings = ledger.standings()
    unfinished = [one.student for one in standings if one.status is None]
    if unfinished:
        left = msg(
            "Not finished: {count} of {total} ({names}). To finish: {command}",
            count=len(unfinished),
            total=len(standings),
            names=", ".join(unfinished[:5]) + (", ..." if len(unfinished) > 5 else ""),
            command=f"grader resume {run}",
        )
        click.echo(language.say(left))


def result_of(ledger: Ledger, student: str) -> SubmissionResult:
    """Return one student's result, named by the run's own name for them, or by the LMS's name, id or e-mail.

    Raises:
        UsageError: Nobody, or several, are called so, or their submission is not finished.
    """
    from grader.errors import UsageError

    for result in ledger.results([student]):
        return result
    if any(one.student == student for one in ledger.standings()):
        text = f"{student}: this submission is not graded yet; `grader resume {ledger.out}` finishes the run"
        raise UsageError(text)
    results = ledger.results()
    named = [one for one in results if student in (one.who.name, one.who.id, one.who.email, *one.who.other_ids)]
    if len(named) == 1:
        return named[0]
    if named:
        raise UsageError(f"{student}: several are called so; say which: {', '.join(one.student for one in named)}")
    known = ", ".join(result.student for result in results[:20])
    text = f"{student}: no such student in this run; it has {known}{', ...' if len(results) > 20 else ''}"
    raise UsageError(text)
