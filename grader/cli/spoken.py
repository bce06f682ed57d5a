"""The language of a call: what its errors are said in, also those that come before any command runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import click

from grader.errors import GraderError
from grader.language import LANGUAGES, Language


def language_of(arguments: Sequence[str], commands: click.Group) -> Language:
    """Return the language of a call, which may be one that makes no sense.

    As the commands choose theirs, it is that of ``--lang``; else of the run that the command is about; else of the
    environment variable GRADER_LANG; else Russian.
    """
    wanted = (value_of(arguments, "--lang"), _of_run(arguments, commands), os.environ.get("GRADER_LANG"))
    return Language(next((code for code in wanted if code in LANGUAGES), LANGUAGES[0]))


def value_of(arguments: Sequence[str], wanted: str) -> str:
    """Return the value of an option in a call, which may be one that makes no sense; empty without one.

    >>> value_of(["grade", "--summary=a", "--summary", "b"], "--summary")
    'b'
    """
    found = ""
    for argument, following in pairwise((*arguments, "")):
        option, equals, value = argument.partition("=")
        if option == wanted:
            found = value if equals else following
    return found


def _of_run(arguments: Sequence[str], commands: click.Group) -> str:
    command = commands.commands.get(next(iter(arguments), ""))
    if command is None or not any(one.name == "run" for one in command.params):
        return ""
    from grader.ledger import Ledger

    for argument in arguments[1:]:
        with contextlib.suppress(GraderError, OSError, ValueError):  # no run, or what is wrong with it is said already
            return Ledger(Path(argument)).run().language
    return ""
