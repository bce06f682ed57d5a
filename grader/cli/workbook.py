"""``grader workbook``: the lecturer's files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from grader.cli import options as opt
from grader.cli.help import group


@group()
def workbook() -> None:
    """The lecturer's files: check them, get schemas for editors."""


@workbook.command("check")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@opt.lang
def workbook_check(folder: Path | None, lang: str) -> None:
    """Check workbook.toml and all tasks, and report every mistake at once; then check what students are told."""
    from grader.hints import hints, lessons
    from grader.language import Language
    from grader.records import msg
    from grader.workbook import load_workbook

    loaded, told, say = load_workbook(folder), hints(), Language(lang).say
    for task in loaded.tasks:
        facts = msg("criteria: {count}, points: {points}", count=len(task.criteria), points=task.points)
        click.echo(f"{task.id}: {say(task.title)} ({say(facts)})")
    count = len(told.cells) + len(told.models)
    click.echo(say(msg("Hints: {count}, lessons: {lessons}", count=count, lessons=len(lessons()))))
    click.echo(say(msg("No mistakes were found.")))


@workbook.command("schema")
@click.argument("kind", type=click.Choice(["workbook", "task"]))
def workbook_schema(kind: Literal["workbook", "task"]) -> None:
    """Print the JSON Schema of workbook.toml or of a task's file."""
    import json

    from grader.workbook import json_schema

    click.echo(json.dumps(json_schema(kind), ensure_ascii=False, indent=2))
