"""``grader doctor``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.cli import options as opt
from grader.cli.help import command


@command()
@click.option("--sandbox", is_flag=True, help="Only whether the sandbox keeps its promises here, one by one.")
@click.option(
    "--coverage",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Only how many notebooks of this folder run here, train and are captured, and why the rest do not.",
)
@click.option("--jobs", default=1, show_default=True, help="With --coverage: notebooks at a time.")
@click.option(
    "--without-shims", is_flag=True, help="With --coverage: old spellings stop a notebook, as in Colab today."
)
@opt.lang
def doctor(lang: str, *, sandbox: bool, folder: Path | None, jobs: int, without_shims: bool) -> None:
    """Say what works on this machine, what is missing and how to get it."""
    if folder is not None:
        _coverage(folder, jobs, lang, shims=not without_shims)
        return
    from rich.console import Console
    from rich.markup import escape

    from grader.doctor import examine
    from grader.language import Language

    language, console, broken = Language(lang), Console(highlight=False), 0
    for check in examine(only_sandbox=sandbox):
        broken += check.needed and not check.ok
        mark = "[green]✓[/]" if check.ok else "[red]✗[/]" if check.needed else "[yellow]·[/]"
        console.print(f"{mark} [bold]{escape(language.say(check.name))}[/]: {escape(language.say(check.found))}")
        if check.remedy is not None:
            console.print(f"    → {escape(language.say(check.remedy))}")
    if broken:
        sys.exit(69)


def _coverage(folder: Path, jobs: int, lang: str, *, shims: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    from grader.coverage import causes, cover
    from grader.language import Language, printable

    language, console, found = Language(lang), Console(highlight=False), []
    for one in cover(folder, jobs=jobs, shims=shims):
        found.append(one)
        mark = ("✓", "green") if one.captured else ("·", "yellow") if one.trained else ("✗", "red")
        console.print(
            Text(mark[0], mark[1]), Text(printable(one.name)), Text(language.say(one.cause), "dim"), soft_wrap=True
        )
    console.print()
    for words, count in (
        (language.t("Notebooks"), len(found)),
        (language.t("ran without an error"), sum(one.ran for one in found)),
        (language.t("trained"), sum(one.trained for one in found)),
        (language.t("captured"), sum(one.captured for one in found)),
        (language.t("with old spellings"), sum(one.old > 0 for one in found)),
    ):
        console.print(f"{count:5}  {100 * count / len(found):3.0f} %  {words}")
    if rest := causes(found):
        console.print()
        console.print(language.t("Why the rest were not captured:"))
        for cause, count in rest:
            console.print(Text(f"{count:5}  {printable(language.say(cause))}"), soft_wrap=True)
