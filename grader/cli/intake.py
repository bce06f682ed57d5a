"""What ``grader grade`` is given: options that say how it is laid out, and an account of what was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.collect import Intake, Source

source = click.option(
    "--from",
    "source",
    type=click.Choice(["auto", "moodle", "canvas", "gradescope", "nbgrader", "folder"]),
    default="auto",
    show_default=True,
    help="How the submissions are laid out; told apart by their names.",
)
roster = click.option(
    "--roster",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV or XLSX with ids, names, groups, e-mails; also shows who handed in nothing.",
)
assignment = click.option("--assignment", help="Which assignment, where nbgrader's folder holds several.")


def taken(
    paths: Sequence[Path],
    *,
    source: Source = "auto",
    single: bool = False,
    roster: Path | None = None,
    assignment: str | None = None,
) -> Intake:
    """Return what was handed in; :func:`tell` prints what must be known about it.

    What archives hold is unpacked into a temporary folder that goes when the command ends.
    """
    from grader.cli.room import room
    from grader.collect import gather

    into = click.get_current_context().with_resource(room())
    return gather(paths, source=source, single=single, roster=roster, assignment=assignment, into=into)


def tell(intake: Intake, lang: str) -> None:
    """Print what must be known about what was handed in."""
    from grader.language import Language
    from grader.records import msg

    say = Language(lang).say
    lms = [name.capitalize() for name in intake.sources if name != "folder"]
    absent = [one.who.name or one.student for one in intake.submissions if one.absent]
    if lms or absent or intake.strangers:
        handed_in = len(intake.submissions) - len(absent)
        names = ", ".join(lms) or say(msg("folder"))
        click.echo(say(msg("Layout: {names}. Submissions: {count}.", names=names, count=handed_in)))
    if absent:
        click.echo(say(msg("Handed in nothing: {count} ({names}).", count=len(absent), names=_some(absent))))
    if intake.strangers:
        count = len(intake.strangers)
        click.echo(say(msg("Not on the roster: {count} ({names}).", count=count, names=_some(intake.strangers))))
    for remark in (*intake.renamed, *intake.doubled[:20]):
        click.secho(say(remark), fg="yellow", err=True)
    for remark in intake.remarks[:20]:
        click.secho(say(msg("Refused:")) + " " + say(remark), fg="yellow", err=True)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
