"""``grader check``: one notebook of one's own, before it is handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from grader.cli import options as opt
from grader.cli.help import command
from grader.errors import UsageError
from grader.records import Message, joined, msg

_USES = {"mend": ("notebook", "lang"), "only_source": ("notebook", "task", "workbook", "lang")}
"""What runs nothing, and the options it heeds."""
_ALONE = ("notebook", "task", "profile", "lang", "no_sandbox", "train_in_kernel")
"""Options that a system heeds where notebooks cannot be driven; of the last two it has no choice."""


@command()
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--task", help="Only this task: task3")
@click.option("--static", "only_source", is_flag=True, help="Read the source only; nothing is run.")
@click.option("--fix", "mend", is_flag=True, help="Write a copy with old spellings mended; nothing is run.")
@click.option("--html", is_flag=True, help="Open the report as a page.")
@opt.several(opt.quick_profile, opt.sample_data, opt.workbook, opt.backend, opt.device, opt.lang)
@opt.several(opt.no_sandbox, opt.train_in_kernel)
def check(notebook: Path, task: str | None, only_source: bool, mend: bool, html: bool, **asked: Any) -> None:
    """Check a notebook of your own as the grader will, before you hand it in.

    What its source tells comes at once; then it is run and judged as the grader does, with little training.
    Criteria that the lecturer shows only after grading are left out.
    """
    _require_consistent(click.get_current_context())
    _require_notebook(notebook)
    if mend:
        _fix(notebook, asked["lang"])
        return
    _static(notebook, task, asked["workbook"], asked["lang"])
    if only_source:
        return
    from grader.cli.checkrun import check_by_running

    check_by_running(notebook, task, asked, html=html)


def _require_consistent(call: click.Context) -> None:
    """Refuse options that would be passed over: by ``--static`` and ``--fix``, which run nothing, or by this system.

    Raises:
        UsageError: There is one.
    """
    from grader.cli.checkrun import can_drive

    names = {str(one.name): one.opts[0] for one in call.command.params}
    given = [name for name in call.params if call.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    mode = next((name for name in _USES if call.params[name]), None)
    heeded = _ALONE if mode is None else (mode, *_USES[mode])
    spare = ", ".join(sorted(names[name] for name in given if name not in heeded))
    if mode is not None and spare:
        raise UsageError(
            msg("{mode} runs nothing and makes no use of {spare}; leave one of them out", mode=names[mode], spare=spare)
        )
    if spare and not can_drive():
        raise UsageError(
            msg(
                "On this system a notebook is run without the trainer, against the bundled workbook, which makes no "
                "use of {spare}; leave that out, or check on Linux or macOS",
                spare=spare,
            )
        )


def _require_notebook(notebook: Path) -> None:
    """Refuse what no grading would take for a notebook by its name.

    Raises:
        UsageError: It is something else.
    """
    from grader.collect.submission import is_notebook
    from grader.collect.usable import kind_of
    from grader.static.cells import is_program

    if not is_notebook(notebook.name) and not is_program(notebook):
        text = msg(
            "{file}: expected a notebook (.ipynb) or a .py with its cells, found {found}",
            file=str(notebook),
            found=kind_of(notebook),
        )
        raise UsageError(text)


def _static(notebook: Path, task: str | None, workbook: Path | None, lang: str) -> None:
    from grader.language import Language
    from grader.static import check_static
    from grader.static.requirements import legacy_of, requirements_of
    from grader.static.text import lines_of

    asked = requirements_of(workbook)
    if task is not None and task not in [one.task for one in asked]:
        known = ", ".join(one.task for one in asked)
        raise UsageError(
            msg("{task}: the workbook has no such task; it has {known}", task=f"--task {task}", known=known)
        )
    chosen, language = [one for one in asked if task in (None, one.task)], Language(lang)
    report = check_static(notebook, chosen, legacy=legacy_of(workbook))
    if report.unreadable is not None:
        raise UsageError(joined([str(notebook), report.unreadable], ": "))
    for text, colour in lines_of(report, language):
        click.secho(text, fg=colour or None)


def _fix(notebook: Path, lang: str) -> None:
    from grader.language import Language
    from grader.static.cells import code_cells
    from grader.static.fix import fix

    language, cells = Language(lang), code_cells(notebook)
    if isinstance(cells, Message):
        raise UsageError(joined([str(notebook), cells], ": "))
    done = fix(notebook, cells, language)
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in done.diff:
        click.secho(line, fg=colours.get(line[:1]))
    if done.copy is None:
        click.echo(language.say(msg("There is no old spelling that could be mended for you.")))
    else:
        click.echo(language.say(msg("The mended copy: {file}. Run it from top to bottom.", file=str(done.copy))))
    if done.left:
        left = msg("Old spellings that you must mend yourself: {count}. Call: grader check --static", count=done.left)
        click.echo(language.say(left))
