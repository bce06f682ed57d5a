"""Commands whose ``--help`` is in the reader's language; declare every command with these decorators."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from grader.records import msg

if TYPE_CHECKING:
    from grader.language import Language

_Kind = TypeVar("_Kind", bound=click.Command)

_WHOLE = 1000
"""Letters of a command's first sentence that are shown beside its name; lines are wrapped, so none is cut."""
_OF_CLICK = (msg("Show this message and exit."), msg("Show the version and exit."))
"""What click says of the options that are its own."""


class SpokenCommand(click.Command):
    """A command that translates its usage, its text and its options when it is asked for help."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how the command is called."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=_language(ctx).t("Usage:") + " ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        click.Command.format_help_text(_translated(self, _language(ctx)), ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, each with its default and its range."""
        language = _language(ctx)
        options = (one for one in self.get_params(ctx) if isinstance(one, click.Option) and not one.hidden)
        with formatter.section(language.t("Options")):
            formatter.write_dl([(_spelling(one, ctx), _about(one, ctx, language)) for one in options])


class SpokenGroup(click.Group, SpokenCommand):
    """A group of such commands."""

    command_class = SpokenCommand

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options and the commands."""
        SpokenCommand.format_options(self, ctx, formatter)
        language = _language(ctx)
        short = {name: _translated(one, language).get_short_help_str(_WHOLE) for name, one in self.commands.items()}
        with formatter.section(language.t("Commands")):
            formatter.write_dl(sorted(short.items()))


def command(name: str | None = None) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a command, as ``click.command`` does; its docstring is the help."""
    return click.command(name, cls=SpokenCommand)


def group() -> Callable[[Callable[..., Any]], click.Group]:
    """Make a function a group of commands, as ``click.group`` does; its docstring is the help."""
    return click.group(cls=SpokenGroup)


def _language(ctx: click.Context) -> Language:
    from grader.cli.spoken import language_of

    return language_of(sys.argv[1:], cast("click.Group", ctx.find_root().command))


def _translated(one: _Kind, language: Language) -> _Kind:
    """Return a copy of a command whose text is in a language."""
    from grader.language import paragraphs

    spoken = copy.copy(one)
    spoken.help = "\n\n".join(_said(paragraph, language) for paragraph in paragraphs(one.help or ""))
    return spoken


def _said(paragraph: str, language: Language) -> str:
    """Return a paragraph in a language; click keeps the lines of one as they are after a backspace."""
    said = language.t(paragraph)
    return f"\b\n{said}" if "\n" in paragraph else said


def _spelling(option: click.Option, ctx: click.Context) -> str:
    record = option.get_help_record(ctx)
    assert record is not None, option  # only hidden ones have none
    return record[0]


def _about(option: click.Option, ctx: click.Context, language: Language) -> str:
    """Return what an option is for, and what it is when it is not given, as click puts it together."""
    more = []
    extra = option.get_help_extra(ctx)
    if "default" in extra:
        default = language.t(option.show_default) if isinstance(option.show_default, str) else extra["default"]
        more.append(language.t("default: {default}", default=default))
    if "range" in extra:
        more.append(extra["range"])
    if "required" in extra:
        more.append(language.t("required"))
    text = language.t(option.help or "")
    return f"{text}  [{'; '.join(more)}]" if more else text
