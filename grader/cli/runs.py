"""``grader show``: what a recorded run says, in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli import options as opt
from grader.cli.help import command
from grader.errors import UsageError
from grader.records import msg

if TYPE_CHECKING:
    from grader.language import Language
    from grader.ledger import Ledger, SubmissionState
    from grader.records import SubmissionResult


@command()
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
    from grader.report import cohort_table, student_tables

    ledger = Ledger(run)
    facts = ledger.run()
    language = Language(lang or facts.language)
    console = Console()
    if student is not None:
        console.print(student_tables(facts, result_of(ledger, student), language))
        return
    shown = ledger.results() if results is None else results
    left = unfinished(ledger, language)
    if shown or not left:
        console.print(cohort_table(facts, shown, language))
    if left:
        click.echo(left)


def unfinished(ledger: Ledger, language: Language) -> str:
    """Say who of a run is not graded yet, and how to finish it; nothing where everybody is."""
    left = [one.label for one in ledger.unfinished()]
    if not left:
        return ""
    return language.say(
        msg(
            "Not finished: {count} of {total} ({names}). To finish: {command}",
            count=len(left),
            total=len(ledger.standings()),
            names=", ".join(left[:5]) + (", ..." if len(left) > 5 else ""),
            command=f"grader resume {ledger.out}",
        )
    )


def result_of(ledger: Ledger, student: str) -> SubmissionResult:
    """Return one student's result, named by the run's own name for them, or by the LMS's name, id or e-mail.

    Raises:
        UsageError: Nobody, or several, are called so, or their submission is not finished.
    """
    from grader.records import goes_by

    for result in ledger.results([student]):
        return result
    people: dict[str, SubmissionState | SubmissionResult] = {one.student: one for one in ledger.standings()}
    people |= {one.student: one for one in ledger.results()}
    named = [one for one in people.values() if student.casefold() in goes_by(one.student, one.who)]
    if len(named) > 1:
        names = ", ".join(one.student for one in named)
        raise UsageError(msg("{student}: several are called so; say which: {names}", student=student, names=names))
    if not named:
        known = ", ".join(one.label for one in [*people.values()][:20]) + (", ..." if len(people) > 20 else "")
        text = msg(
            "{student}: no such student in this run; it has {known}", student=student, known=known or msg("nobody yet")
        )
        raise UsageError(text)
    for result in ledger.results([named[0].student]):
        return result
    text = msg(
        "{student}: this submission is not graded yet; {command} finishes the run",
        student=named[0].label,
        command=f"`grader resume {ledger.out}`",
    )
    raise UsageError(text)
