"""The command all others hang from."""

from __future__ import annotations

import click

from grader.cli.cache import cache
from grader.cli.check import check
from grader.cli.data import data
from grader.cli.export import export
from grader.cli.grading import demo, grade, resume
from grader.cli.help import SpokenGroup
from grader.cli.machine import doctor
from grader.cli.reference import reference
from grader.cli.report import report
from grader.cli.review import override, review
from grader.cli.runs import show
from grader.cli.starter import starter
from grader.cli.workbook import workbook


@click.group(cls=SpokenGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="workbook-grader", prog_name="grader")
def group() -> None:
    """Grade Jupyter notebooks that answer a Keras workbook.

    \b
    grader grade class/ -o run/     grade a folder of notebooks, write run/index.html
    grader demo -o run/             the same with the bundled submissions
    grader check my.ipynb           check a notebook of your own before you hand it in
    grader doctor                   what works on this machine, and what is missing

    Help, tables and errors are in Russian; GRADER_LANG=en in the environment turns them into English. What is there of
    a run speaks the run's language, which grade and report set with --lang.
    """  # noqa: D301 - click needs this backslash


for command in (
    cache,
    check,
    data,
    demo,
    doctor,
    export,
    grade,
    override,
    reference,
    report,
    resume,
    review,
    show,
    starter,
    workbook,
):
    group.add_command(command)
