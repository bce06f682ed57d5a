"""What click finds wrong with a call, in words that can be translated."""

from __future__ import annotations

import re

import click
from click.core import ParameterSource

from grader.records import Message, joined, msg

_KNOWN = tuple(
    (re.compile(pattern, re.DOTALL), words.text)
    for pattern, words in (
        (
            r"No such command '(?P<name>.*)'\. Did you mean '(?P<near>.*)'\?",
            msg("there is no command {name}; did you mean {near}?"),
        ),
        (r"No such command '(?P<name>.*)'\..*", msg("there is no command {name}")),
        (r"Missing command\.", msg("a command is missing")),
        (r"Got unexpected extra arguments? \((?P<extra>.*)\)", msg("this is more than the command takes: {extra}")),
        (r"Option '(?P<option>.*)' requires an argument\.", msg("{option} needs a value after it")),
        (r"Option '(?P<option>.*)' does not take a value\.", msg("{option} takes no value; write it alone")),
        (r"['\"](?P<found>.*)['\"] is not a valid integer.*", msg("found {found}, expected a whole number")),
        (
            r"(?P<found>.*) is not in the range (?P<low>\d+)<=x<=(?P<high>\d+)\.",
            msg("found {found}, expected a whole number from {low} to {high}"),
        ),
        (
            r"(?P<found>.*) is not in the range x>=(?P<low>\d+)\.",
            msg("found {found}, expected a whole number of at least {low}"),
        ),
        (r"(?P<found>.*) is not in the range (?P<range>.*)\.", msg("found {found}, expected {range}")),
        (r"File ['\"](?P<file>.*)['\"] does not exist\.", msg("there is no file {file}")),
        (r"Directory ['\"](?P<file>.*)['\"] does not exist\.", msg("there is no folder {file}")),
        (r"\w+ ['\"](?P<file>.*)['\"] is a directory\.", msg("{file} is a folder, expected a file")),
        (r"\w+ ['\"](?P<file>.*)['\"] is a file\.", msg("{file} is a file, expected a folder")),
        (r"\w+ ['\"](?P<file>.*)['\"] is not readable\.", msg("{file} cannot be read; look at its rights")),
        (r"\w+ ['\"](?P<file>.*)['\"] is not writable\.", msg("{file} cannot be written; look at its rights")),
        (r"['\"](?P<found>.*)['\"] is not one of (?P<choices>.*)\.", msg("found {found}, expected one of {choices}")),
    )
)
"""Sentences of click's and ours; one that is missing here is said as click says it, in English."""


def told(error: click.ClickException) -> Message:
    """Return what is wrong with a call, under the usage of its command."""
    wrong = joined(["grader", _wrong(error)], ": ")
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return wrong
    pieces = context.command.collect_usage_pieces(context)
    usage = msg("Usage: {usage}", usage=" ".join([context.command_path, *pieces]))
    return joined([usage, msg("Details: {command}", command=f"{context.command_path} --help"), wrong])


def _wrong(error: click.ClickException) -> Message | str:
    if isinstance(error, click.NoSuchOption):
        option, near = error.option_name, ", ".join(error.possibilities or ())
        if near:
            return msg("there is no option {option}; did you mean {near}?", option=option, near=near)
        return msg("there is no option {option}", option=option)
    if isinstance(error, click.MissingParameter):
        return msg("{what} is missing, and the call needs it", what=_name(error))
    if isinstance(error, click.BadParameter):
        return joined([_name(error), _known(error.message)], ": ")
    return _known(error.format_message())


def _name(error: click.BadParameter) -> str:
    """Return an option or an argument as the usage has it, or the variable that set it."""
    variable = error.param.envvar if error.param is not None else None
    if isinstance(variable, str) and _source(error) is ParameterSource.ENVIRONMENT:
        return variable
    if isinstance(error.param, click.Option):
        return " / ".join(error.param.opts)
    return error.param.human_readable_name if error.param is not None else "?"


def _source(error: click.BadParameter) -> ParameterSource | None:
    name = error.param.name if error.param is not None else None
    return error.ctx.get_parameter_source(name) if error.ctx is not None and name else None


def _known(text: str) -> Message | str:
    for pattern, template in _KNOWN:
        if found := pattern.fullmatch(text):
            return Message(template, {name: value.replace("'", "") for name, value in found.groupdict().items()})
    return text
