"""``grader doctor``."""

from __future__ import annotations

import sys

import click


@click.command()
@click.option("--sandbox", is_flag=True, help="Only whether the sandbox keeps its promises here, one by one.")
@click.option("--lang", type=click.Choice(["ru", "en"]), default="ru", show_default=True)
def doctor(lang: str, *, sandbox: bool) -> None:
    """Say what works on this machine, what is missing and how to get it."""
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
