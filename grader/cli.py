"""Commands; the only module that prints.

Exit codes, after sysexits.h: 0 everything was graded and reported; 64 the call is wrong; 65 a workbook file is wrong;
66 data is missing or wrong; 69 the machine lacks something; 70 a fault of ours; 130 interrupted.
A student's mistake never changes the exit code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from grader.errors import GraderError

if TYPE_CHECKING:
    from grader.batch import Settings
    from grader.collect import Submission

Choice = Literal["auto", "sample", "full"]
_INTERRUPTED = 130
_BROKEN_PIPE = 141


def main() -> None:
    """Run the command line, turning faults into one clear line and a documented exit code."""
    try:
        group(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(64)
    except GraderError as error:
        click.secho(f"grader: {error}", fg="red", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("\ngrader: interrupted; call the same command again to go on where it stopped", err=True)
        os._exit(_INTERRUPTED)  # threads may still wait for kernels; their processes end with ours
    except BrokenPipeError:
        os._exit(_BROKEN_PIPE)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="workbook-grader", prog_name="grader")
def group() -> None:
    """Grade Jupyter notebooks that answer a Keras workbook.

    \b
    grader grade class/ -o run/     grade a folder of notebooks, write run/index.html
    grader demo -o run/             the same with the bundled submissions
    grader doctor                   what works on this machine, and what is missing
    """  # noqa: D301 - click needs this backslash


_workbook = click.option(
    "--workbook",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with workbook.toml and the tasks; the bundled workbook by default.",
)
_profile = click.option(
    "--profile",
    type=click.Choice(["quick", "full"]),
    default="full",
    show_default=True,
    help="quick trains on a budget of steps, a preview; full trains as the notebooks say.",
)
_data = click.option(
    "--data",
    type=click.Choice(["auto", "sample", "full"]),
    default="auto",
    show_default=True,
    help="Data sets: the real ones, the offline samples, or the real ones where they are there.",
)
_lang = click.option(
    "--lang", type=click.Choice(["ru", "en"]), default="ru", show_default=True, help="Language of reports and tables."
)
_jobs = click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=max(1, min(os.cpu_count() or 1, 8)),
    show_default="processors, at most 8",
    help="Submissions worked on at the same time.",
)
_out = click.option(
    "-o", "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the run."
)
_no_sandbox = click.option(
    "--no-sandbox", is_flag=True, help="Run notebooks unsealed; only for notebooks you trust. Every report says so."
)


def _options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@group.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@_options(_out, _workbook, _profile, _data, _jobs, _lang, _no_sandbox)
@click.option("--tasks", help="Only these tasks: task1,task3")
@click.option("--single", is_flag=True, help="All paths together are one student's submission.")
def grade(paths: tuple[Path, ...], out: Path, tasks: str | None, single: bool, **chosen: Any) -> None:
    """Grade notebooks and folders of notebooks; write reports and grades to a folder.

    A sub-folder is one student's submission; a notebook outside sub-folders is a submission of its own.
    Called again with the same folder it goes on where it stopped, and grades again only what has changed.
    """
    from grader.collect import collect

    settings = _settings(tasks.replace(" ", "").split(",") if tasks else None, **chosen)
    _grade(collect(paths, single=single), settings, out)


@group.command()
@_options(_out, _jobs, _lang, _no_sandbox)
def demo(out: Path, jobs: int, lang: str, no_sandbox: bool) -> None:
    """Grade the bundled submissions on the offline samples, as a first look."""
    from grader.collect import collect
    from grader.errors import SandboxUnavailableError
    from grader.places import shipped
    from grader.sandbox import find_seal

    if not no_sandbox:
        try:
            find_seal(allow_unsealed=False)
        except SandboxUnavailableError:
            no_sandbox = True
            click.echo("No sandbox here (bubblewrap is missing or not allowed): the demo's own notebooks run unsealed.")
    settings = _settings(
        None, workbook=None, profile="quick", data="sample", jobs=jobs, lang=lang, no_sandbox=no_sandbox
    )
    _grade(collect([shipped("assignments") / "demo"]), settings, out)


def _settings(
    tasks: list[str] | None,
    *,
    workbook: Path | None,
    profile: str,
    data: Choice,
    jobs: int,
    lang: str,
    no_sandbox: bool,
) -> Settings:
    from grader.batch import Settings, tasks_of
    from grader.workbook import load_workbook

    loaded = load_workbook(workbook)
    return Settings(
        workbook=loaded,
        tasks=tasks_of(loaded, tasks),
        profile=profile,
        data=data,
        jobs=jobs,
        language=lang,
        unsealed=no_sandbox,
    )


def _grade(submissions: tuple[Submission, ...], settings: Settings, out: Path) -> None:
    from grader.batch import grade_cohort
    from grader.progress import follow
    from grader.report import render_run

    with follow(len(submissions), settings.language) as observer:
        ledger = grade_cohort(submissions, settings, out, observer)
    results = ledger.results(tuple(submission.student for submission in submissions))
    render_run(ledger.run(), results, out, language=settings.language)
    _show(out, None, settings.language, results=results)
    click.echo(f"\n{(out / 'index.html').resolve()}")


@group.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(["ru", "en"]), help="Language; that of the run by default.")
def report(run: Path, lang: str | None) -> None:
    """Render a run's reports and grade files again, without running anything."""
    from grader.ledger import Ledger
    from grader.report import render_run

    ledger = Ledger(run)
    facts = ledger.run()
    render_run(facts, ledger.results(), run, language=lang or facts.language)
    click.echo((run / "index.html").resolve())


@group.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("student", required=False)
@click.option("--lang", type=click.Choice(["ru", "en"]), help="Language; that of the run by default.")
def show(run: Path, student: str | None, lang: str | None) -> None:
    """Show a run's results, or one student's, as tables in the terminal."""
    _show(run, student, lang)


def _show(run: Path, student: str | None, lang: str | None, results: Any = None) -> None:
    from rich.console import Console

    from grader.errors import UsageError
    from grader.language import Language
    from grader.ledger import Ledger
    from grader.report import cohort_table, student_tables

    ledger = Ledger(run)
    facts = ledger.run()
    language = Language(lang or facts.language)
    results = ledger.results() if results is None else results
    console = Console()
    if student is None:
        console.print(cohort_table(facts, results, language))
        return
    for result in results:
        if result.student == student:
            console.print(student_tables(facts, result, language))
            return
    known = ", ".join(result.student for result in results[:20])
    text = f"{student}: no such student in this run; it has {known}{', ...' if len(results) > 20 else ''}"
    raise UsageError(text)


@group.group()
def data() -> None:
    """Data sets on this machine."""


@data.command("list")
@_lang
def data_list(lang: str) -> None:
    """List the data sets: what is here, and what could be."""
    from rich.console import Console
    from rich.table import Table

    from grader.datasets import DataStore
    from grader.language import Language
    from grader.records import msg

    say = Language(lang).say
    heads = (msg("Name"), msg("Edition"), msg("Here"), msg("Size"), msg("Fingerprint"), msg("Source"))
    table = Table(*map(say, heads))
    for row in DataStore().list():
        size = say(msg("{size} MiB", size=round(row.size / (1 << 20)))) if row.present else ""
        here = say(msg("yes") if row.present else msg("no"))
        table.add_row(row.name, row.edition, here, size, row.fingerprint[:16], row.source)
    Console().print(table)


@data.command("add")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
def data_add(name: str, file: Path) -> None:
    """Add a full data set from a file: .npz, MNIST's idx files, Keras's archives, the CIFAR tar."""
    from grader.datasets import DataStore

    added = DataStore().add(name, file)
    click.echo(f"{added.name}: {added.num_train} training and {added.num_test} test rows, {added.fingerprint[:16]}")


@data.command("fetch")
@click.argument("name")
def data_fetch(name: str) -> None:
    """Download a full data set the way Keras does."""
    from grader.datasets import DataStore

    fetched = DataStore().fetch(name)
    click.echo(f"{fetched.name}: {fetched.num_train} training and {fetched.num_test} test rows in {fetched.folder}")


@group.command()
@click.option("--lang", type=click.Choice(["ru", "en"]), default="ru", show_default=True)
def doctor(lang: str) -> None:
    """Say what works on this machine, what is missing and how to get it."""
    from rich.console import Console
    from rich.markup import escape

    from grader.doctor import examine
    from grader.language import Language

    language, console, broken = Language(lang), Console(highlight=False), 0
    for check in examine():
        broken += check.needed and not check.ok
        mark = "[green]✓[/]" if check.ok else "[red]✗[/]" if check.needed else "[yellow]·[/]"
        console.print(f"{mark} [bold]{escape(language.say(check.name))}[/]: {escape(language.say(check.found))}")
        if check.remedy is not None:
            console.print(f"    → {escape(language.say(check.remedy))}")
    if broken:
        sys.exit(69)


@group.group()
def workbook() -> None:
    """The lecturer's files: check them, get schemas for editors."""


@workbook.command("check")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def workbook_check(folder: Path | None) -> None:
    """Check workbook.toml and all tasks; every mistake is reported at once."""
    from grader.workbook import load_workbook

    loaded = load_workbook(folder)
    for task in loaded.tasks:
        click.echo(f"{task.id}: {len(task.criteria)} criteria, {task.points} points: {task.title.en}")


@workbook.command("schema")
@click.argument("kind", type=click.Choice(["workbook", "task"]))
def workbook_schema(kind: Literal["workbook", "task"]) -> None:
    """Print the JSON Schema of workbook.toml or of a task's file."""
    import json

    from grader.workbook import json_schema

    click.echo(json.dumps(json_schema(kind), ensure_ascii=False, indent=2))


@group.group()
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
@_options(_workbook, _profile, _data, _no_sandbox)
def reference_run(
    only: str | None,
    seeds: int,
    into: Path | None,
    workbook: Path | None,
    profile: str,
    data: Choice,
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
@_options(_workbook, _lang)
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
            band = band_of(record.reference, record.usable, num_test=first.num_test, alpha=bands.alpha)
            values = (band.mean, band.spread, max(band.lower, 0.0), min(band.upper, 1.0))
            row += [f"{value:.4f}" for value in values]
        else:
            row += [""] * 4
        table.add_row(*row, f"{figure:.4f}" if figure else "")
    Console().print(table)
