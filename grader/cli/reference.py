"""``grader reference``: trainings that accuracies are held against."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli import options as opt


@click.group()
def reference() -> None:
    """Reference trainings, the measure accuracies are held against."""


@reference.command("run")
@click.option("--only", help="Only these: example3,task2")
@click.option("--seeds", type=click.IntRange(1, 1000), default=20, show_default=True, help="Trainings of each.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with the notebooks; the workbook's reference/ by default, else ours.",
)
@opt.several(opt.workbook, opt.profile, opt.data, opt.no_sandbox)
def reference_run(
    only: str | None,
    seeds: int,
    into: Path | None,
    workbook: Path | None,
    profile: str,
    data: opt.Edition,
    no_sandbox: bool,
) -> None:
    """Train the reference notebooks' recipes with many seeds, and record what comes of it.

    Called again it goes on with the seeds that are missing.
    """
    from grader.batch import reference_folder
    from grader.calibrate import calibrate
    from grader.workbook import load_workbook

    loaded = load_workbook(workbook)
    calibrate(
        loaded,
        into or reference_folder(loaded),
        only=only.split(",") if only else None,
        profile=profile,
        data=data,
        seeds=seeds,
        unsealed=no_sandbox,
        say=click.echo,
    )


@reference.command("show")
@opt.several(opt.workbook, opt.lang)
def reference_show(workbook: Path | None, lang: str) -> None:
    """Show every recorded distribution, its band, and the workbook's own figure beside it."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from grader.batch import bands_of
    from grader.language import Language
    from grader.records import msg
    from grader.reference import FEWEST, band_of
    from grader.workbook import load_workbook

    loaded, say = load_workbook(workbook), Language(lang).say
    bands = bands_of(loaded)
    figures = {one.id: one.figure for one in loaded.references}
    heads = (
        *(msg("Reference"), msg("Conditions"), msg("Trainings"), msg("Mean")),
        *(msg("Spread"), msg("Lower limit"), msg("Upper limit"), msg("In the workbook")),
    )
    table = Table(*map(say, heads), box=box.SIMPLE, pad_edge=False)
    for record in bands.records:
        first, figure = record.trainings[0], figures.get(record.reference)
        row = [record.reference, f"{record.edition} {first.profile} {first.device}", str(len(record.usable))]
        if len(record.usable) >= FEWEST:
            band = band_of(record.reference, record.usable, num_test=first.num_test, risk=bands.risk)
            values = (band.mean, band.spread, max(band.lower, 0.0), min(band.upper, 1.0))
            row += [f"{value:.4f}" for value in values]
        else:
            row += [""] * 4
        table.add_row(*row, f"{figure:.4f}" if figure else "")
    Console().print(table)
