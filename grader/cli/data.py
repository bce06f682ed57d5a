"""``grader data``: the data sets of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import options as opt
from grader.cli.help import group

if TYPE_CHECKING:
    from grader.records import DataSet


@group()
def data() -> None:
    """Data sets on this machine."""


@data.command("list")
@opt.lang
def data_list(lang: str) -> None:
    """List the data sets: what is here, and what could be."""
    from rich.console import Console

    from grader.datasets import DataStore
    from grader.language import Language
    from grader.records import msg
    from grader.report.slim import slim_table

    language = Language(lang)
    say = language.say
    heads = (msg("Name"), msg("Edition"), msg("Here"), msg("Size"), msg("Fingerprint"), msg("Source"))
    table = slim_table(*map(say, heads), left=(0, 1, 2, 4, 5))
    for row in DataStore().list():
        size = say(msg("{size} MiB", size=round(row.size / (1 << 20)))) if row.present else ""
        absent = msg("no") if row.edition == "full" else msg("made on first use")
        here = say(msg("yes") if row.present else absent)
        table.add_row(row.name, row.edition, here, size, row.fingerprint[:16], language.noted(row.source))
    Console(highlight=False).print(table)


@data.command("add")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", default="", help="What is to be known about it, for records and pages; by default its name.")
@opt.lang
def data_add(name: str, file: Path, source: str, lang: str) -> None:
    """Add a full data set from a file: .npz, MNIST's idx files, Keras's archives, the CIFAR tar."""
    from grader.datasets import DataStore

    _tell(DataStore().add(name, file, source), lang)


@data.command("fetch")
@click.argument("name")
@opt.lang
def data_fetch(name: str, lang: str) -> None:
    """Download a full data set the way Keras does."""
    from grader.datasets import DataStore

    _tell(DataStore().fetch(name), lang)


def _tell(added: DataSet, lang: str) -> None:
    from grader.language import Language
    from grader.records import msg

    words = msg(
        "{name}: training rows: {train}, test rows: {test}, fingerprint {fingerprint}, in {folder}",
        name=added.name,
        train=added.num_train,
        test=added.num_test,
        fingerprint=added.fingerprint[:16],
        folder=str(added.folder),
    )
    click.echo(Language(lang).say(words))
