"""``grader review`` and ``grader override``: what waits for a person, and what they decide."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import options as opt
from grader.cli.help import command
from grader.cli.runs import result_of, unfinished
from grader.errors import UsageError
from grader.records import msg

if TYPE_CHECKING:
    from grader.language import Language
    from grader.ledger import Ledger
    from grader.records import Override


def _me() -> str:
    """Return the name a decision is signed with when none is given."""
    try:
        return os.environ.get("GRADER_AUTHOR") or getpass.getuser()
    except (OSError, KeyError):  # no such user: some containers
        return "unknown"


@command()
@click.argument("run", type=click.Path(path_type=Path))
@opt.run_lang
def review(run: Path, lang: str | None) -> None:
    """List what waits for a person, the most points first, and decisions that need another look.

    Then come commands that decide it; whatever waits costs nobody any points.
    """
    from rich.console import Console

    from grader.language import Language
    from grader.ledger import Ledger
    from grader.report.queue import commands, queue_table, waiting

    ledger = Ledger(run)
    facts = ledger.run()
    results = ledger.results()
    language = Language(lang or facts.language)
    queue, left = waiting(results), unfinished(ledger, language)
    if queue or not left:
        Console().print(queue_table(queue, language))
    if left:
        click.echo(left)
    for line in (*commands(queue, run), *_without_effect(ledger, language)):
        click.echo(line)


@command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("student")
@click.argument("criterion", required=False)
@click.option("--all", "everything", is_flag=True, help="Every criterion of the submission, in place of CRITERION.")
@click.option("--verdict", type=click.Choice(["passed", "failed", "review"]), help="Your verdict.")
@click.option("--points", type=click.IntRange(0), help="Points awarded; by default all when passed, none otherwise.")
@click.option("--because", help="Why, in a sentence that the student will read.")
@click.option("--author", default=_me, show_default="GRADER_AUTHOR, else your login", help="Who decides.")
@click.option("--remove", is_flag=True, help="Take your word back: what the grader found counts again.")
@click.option("--no-report", is_flag=True, help="Leave the pages as they are, for many decisions in a row.")
def override(
    run: Path,
    student: str,
    criterion: str | None,
    everything: bool,
    verdict: str | None,
    points: int | None,
    because: str | None,
    author: str,
    remove: bool,
    no_report: bool,
) -> None:
    """Decide a criterion of one student yourself; your word stands above the grader's and is kept over re-runs.

    CRITERION is written as in the reports' links and in `grader review`: task3/accuracy, or accuracy alone where only
    one task has it. A task's name, task3, means all criteria of the task, --all those of all tasks.
    """
    from grader.language import Language
    from grader.ledger import Ledger
    from grader.records import Verdict
    from grader.report import render_run
    from grader.report.explain import VERDICT

    ledger = Ledger(run)
    facts = ledger.run()
    say = Language(facts.language).say
    result = result_of(ledger, student)
    if everything == (criterion is not None):
        text = msg("name one criterion (task3/accuracy), one task (task3), or say --all for the whole submission")
        raise UsageError(text)
    if remove and (verdict or points is not None or because):
        raise UsageError(msg("--remove takes a decision back; leave out --verdict, --points and --because"))
    if remove:
        gone = ledger.decisions.take_back(result.student, criterion, author=author)
        back = msg(
            "{student}, {criterion}: the decision is taken back; what the grader found counts again.",
            student=result.label,
            criterion=_named(gone),
        )
        click.echo(say(back))
    elif verdict is None or because is None:
        raise UsageError(msg("say --verdict passed, failed or review, and --because with the reason; or --remove"))
    else:
        done = ledger.decisions.decide(
            result, criterion, Verdict(verdict), points=points, because=because, author=author
        )
        told = msg(
            "{student}, {criterion}: {verdict}, points: {points}. Decided by {author}.",
            student=result.label,
            criterion=_named(done),
            verdict=VERDICT[Verdict(verdict)].word,
            points=sum(one.points for one in done),
            author=author,
        )
        click.echo(say(told))
    if not no_report:
        render_run(facts, ledger.results(), run, language=facts.language)


def _named(overrides: Sequence[Override]) -> str:
    """Return one decision's criterion, or the tasks of several."""
    if len(overrides) == 1:
        return f"{overrides[0].task}/{overrides[0].criterion}"
    return ", ".join(dict.fromkeys(one.task for one in overrides))


def _without_effect(ledger: Ledger, language: Language) -> Iterator[str]:
    """Yield a sentence for each decision that does not count."""
    from grader.ledger import doubtful

    for decision, counts in doubtful(ledger):
        if not counts:
            yield language.say(
                msg(
                    "{place}: your decision has no effect now: the criterion is gone, or worth less than {points}.",
                    place=f"{decision.student}, {_named([decision.override])}",
                    points=decision.override.points,
                )
            )
