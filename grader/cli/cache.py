"""``grader cache``: the trainings kept on this machine."""

from __future__ import annotations

import click

from grader.cli import options as opt
from grader.cli.help import group


@group()
def cache() -> None:
    """Trainings kept on this machine, so that none is done twice."""


@cache.command("info")
@opt.lang
def cache_info(lang: str) -> None:
    """Say where the trainings are kept, how many there are and how much they take."""
    from grader.language import Language
    from grader.places import cache_home
    from grader.records import msg
    from grader.train import LIMIT_BYTES, Cache

    folder = cache_home() / "trainings"
    held = Cache(folder).size()
    told = msg(
        "{folder}: trainings kept: {count}, {size} MiB of at most {limit} MiB; the least used go first.",
        folder=str(folder),
        count=held.trainings,
        size=round(held.bytes / (1 << 20), 1),
        limit=LIMIT_BYTES >> 20,
    )
    click.echo(Language(lang).say(told))


@cache.command("clear")
@opt.lang
def cache_clear(lang: str) -> None:
    """Throw all kept trainings away; the next run trains again what it needs."""
    from grader.language import Language
    from grader.places import cache_home
    from grader.records import msg
    from grader.train import Cache

    gone = Cache(cache_home() / "trainings").clear()
    click.echo(Language(lang).say(msg("Trainings thrown away: {count}.", count=gone.trainings)))
