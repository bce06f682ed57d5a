"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click

from grader.errors import UsageError
from grader.records import msg

Edition = Literal["auto", "sample", "full"]

workbook = click.option(
    "--workbook",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with workbook.toml and the tasks; the bundled workbook by default.",
)


def _profile(default: str) -> Callable[[Any], Any]:
    return click.option(
        "--profile",
        type=click.Choice(["quick", "full"]),
        default=default,
        show_default=True,
        help="quick trains on a budget of steps, a preview; full trains as the notebooks say.",
    )


def _data(default: Edition) -> Callable[[Any], Any]:
    return click.option(
        "--data",
        type=click.Choice(["auto", "sample", "full"]),
        default=default,
        show_default=True,
        help="Data sets: the offline samples, the real ones, or auto: the real ones where they are there.",
    )


profile, quick_profile = _profile("full"), _profile("quick")
data, sample_data = _data("auto"), _data("sample")
lang = click.option(
    "--lang",
    type=click.Choice(["ru", "en"]),
    default="ru",
    show_default=True,
    envvar="GRADER_LANG",
    help="Language of reports, tables, errors and help.",
)
run_lang = click.option("--lang", type=click.Choice(["ru", "en"]), help="Language; that of the run by default.")
jobs = click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    show_default="processors, at most 8; those of the cluster",
    help="Submissions worked on at the same time.",
)


def _local(_: click.Context, option: click.Parameter, path: Path) -> Path:
    if re.match(r"[a-z][a-z0-9+.-]+:/", str(path)):  # pathlib has made one slash of two
        text = msg(
            "{option} {path}: a run needs a folder of this machine, or of a file system with locks: copy it when "
            "it is finished",
            option=option.opts[-1],
            path=str(path),
        )
        raise UsageError(text)
    return path


out = click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    callback=_local,
    help="Folder of the run.",
)
backend = click.option(
    "--backend",
    type=click.Choice(["tensorflow", "jax", "torch"]),
    default="tensorflow",
    show_default=True,
    envvar="KERAS_BACKEND",
    help="What the trainer's Keras computes with; KERAS_BACKEND sets it too. Accuracies are judged where references "
    "were trained with it.",
)
device = click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="auto|cpu|gpu|gpu:0,1",
    help="What the trainer computes on: GPUs where there are any, the processor, all GPUs, or some by number.",
)
no_sandbox = click.option(
    "--no-sandbox", is_flag=True, help="Run notebooks unsealed; only for notebooks you trust. Every report says so."
)
train_in_kernel = click.option(
    "--train-in-kernel",
    is_flag=True,
    help="Let notebooks train in their own kernels, instead of once for all who train the same.",
)


def several(*wanted: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Give a command several of them, in this order."""

    def add(command: Any) -> Any:
        for option in reversed(wanted):
            command = option(command)
        return command

    return add
