"""``grader reference``: trainings that accuracies are held against."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli import options as opt
from grader.cli.help import group


@group()
def reference() -> None:
    """Reference trainings, the measure accuracies are held against."""


@reference.command("run")
@click.option("--only", help="Only these: example3,task2")
@click.option(
    "--what",
    type=click.Choice(["references", "solutions", "spoiled"]),
    default="references",
    show_default=True,
    help="references give the bands; solutions (honest, of the free tasks) and spoiled references try them out.",
)
@click.option("--seeds", type=click.IntRange(1, 1000), default=20, show_default=True, help="Trainings of each.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with the notebooks, and results/ for the records; the workbook's reference/ by default, else ours.",
)
@click.option("--restart", is_flag=True, help="Begin anew where the recipe or the data has changed.")
@opt.several(opt.workbook, opt.profile, opt.data, opt.backend, opt.device, opt.no_sandbox, opt.lang)
def reference_run(
    only: str | None,
    what: str,
    seeds: int,
    into: Path | None,
    restart: bool,
    workbook: Path | None,
    profile: str,
    data: opt.Edition,
    backend: str,
    device: str,
    no_sandbox: bool,
    lang: str,
) -> None:
    """Train the reference notebooks' recipes with many seeds, and record what comes of it.

    Called again it goes on with the seeds that are missing.
    """
    from typing import cast

    from grader.batch import reference_folder
    from grader.calibrate import RecordingProgress, RecordingRequest, TrainingProgress, calibrate
    from grader.calibrate.plan import What
    from grader.language import Language
    from grader.records import msg
    from grader.workbook import load_workbook

    loaded, language = load_workbook(workbook), Language(lang)

    def tell(step: RecordingProgress | TrainingProgress) -> None:
        remaining = msg("about {left} left", left=language.duration(round(step.left)))
        if isinstance(step, TrainingProgress):
            where = msg(
                "{record}: seed {seed}, epoch {epoch} of {epochs}",
                record=step.record,
                seed=step.epoch.seed,
                epoch=step.epoch.epoch,
                epochs=step.epoch.epochs,
            )
            click.echo(f"{language.say(where)}; {language.say(remaining)}")
            return
        training = step.training
        found = (
            msg("the training diverged")
            if training.test_accuracy is None
            else msg("test accuracy {accuracy}", accuracy=language.share(training.test_accuracy))
        )
        which = msg(
            "{record}: seed {seed}, {have} of {want}",
            record=step.record,
            seed=training.seed,
            have=step.have,
            want=step.want,
        )
        took = language.duration(training.seconds)
        click.echo("; ".join((language.say(which), language.say(found), took, language.say(remaining))))

    request = RecordingRequest(
        workbook=loaded,
        folder=into or reference_folder(loaded),
        what=cast("What", what),
        only=tuple(only.replace(" ", "").split(",")) if only else None,
        profile=loaded.profiles[profile],
        data=data,
        seeds=seeds,
        unsealed=no_sandbox,
        backend=backend,
        device=device,
        restart=restart,
    )
    calibrate(request, say=lambda words: click.echo(language.say(words)), tell=tell)


@reference.command("show")
@opt.several(opt.workbook, opt.lang)
def reference_show(workbook: Path | None, lang: str) -> None:
    """Show every recorded distribution, its band, and the workbook's own figure beside it."""
    from rich.console import Console

    from grader.batch import bands_of
    from grader.cli.figures import shown
    from grader.language import Language
    from grader.workbook import load_workbook

    loaded = load_workbook(workbook)
    console = Console(highlight=False)
    for part in shown(loaded, bands_of(loaded), Language(lang)):
        console.print(part)


@reference.command("verify")
@opt.several(opt.workbook, opt.lang)
def reference_verify(workbook: Path | None, lang: str) -> None:
    """Show how often the rule is wrong: about honest trainings that made no band, and about spoiled ones."""
    from rich.console import Console

    from grader.batch import bands_of
    from grader.cli.figures import verified
    from grader.language import Language
    from grader.workbook import load_workbook

    loaded = load_workbook(workbook)
    console = Console(highlight=False)
    for part in verified(loaded, bands_of(loaded), Language(lang)):
        console.print(part)
