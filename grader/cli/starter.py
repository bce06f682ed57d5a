"""``grader starter``: an empty notebook for a task."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.cli import options as opt
from grader.cli.help import command
from grader.errors import UsageError
from grader.records import msg


@command()
@click.argument("task")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write, instead of to standard output."
)
@click.option(
    "--install", help="What students give pip to get the self-check: a URL or path; by default that of workbook.toml."
)
@opt.several(opt.workbook, opt.lang)
def starter(task: str, out: Path | None, install: str | None, workbook: Path | None, lang: str) -> None:
    """Make a starter notebook: the question, a place for the answer, the self-check."""
    from grader.language import Language
    from grader.starter import starter as make
    from grader.workbook import load_workbook
    from grader.workbook.checks import wrong_source

    loaded = load_workbook(workbook)
    one = next((one for one in loaded.tasks if one.id == task), None)
    if one is None:
        known = ", ".join(one.id for one in loaded.tasks)
        raise UsageError(msg("{task}: the workbook has no such task; it has {known}", task=task, known=known))
    if install and (wrong := wrong_source("--install", install)):
        raise UsageError(wrong)
    content = make(loaded, one, Language(lang), install or "").encode()
    if out is None:
        sys.stdout.buffer.write(content)
        return
    try:
        with out.open("xb") as file:  # a student's own work is never written over
            file.write(content)
    except OSError as error:
        text = msg(
            "{file}: this cannot be written ({why}); give -o another file",
            file=str(out),
            why=error.strerror or str(error),
        )
        raise UsageError(text) from error
    click.echo(out)
