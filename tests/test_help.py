"""``--help`` of every command: whole, and in the reader's language."""

import os
import re
import subprocess
import sys

import click
import pytest

from grader.cli.root import group
from grader.language import Language, paragraphs


def every(command, path=()):
    """Yield each command of the tree with the words that call it."""
    yield path, command
    for name, one in getattr(command, "commands", {}).items():
        yield from every(one, (*path, name))


COMMANDS = dict(every(group))


def words(text):
    """Return a text without its layout."""
    return " ".join(text.replace("\b", " ").split())


def shown(path, monkeypatch, lang):
    """Return what ``--help`` shows, on one line."""
    monkeypatch.setenv("GRADER_LANG", lang)
    monkeypatch.setattr(sys, "argv", ["grader", *path, "--help"])
    ctx = group.make_context("grader", [], resilient_parsing=True, terminal_width=5000)
    for name in path:
        ctx = click.Context(ctx.command.commands[name], parent=ctx, info_name=name)
    return words(ctx.get_help())


@pytest.mark.parametrize("lang", ["ru", "en"])
@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_says_all_of_it_in_the_language(path, lang, monkeypatch):
    """The text, every option with what it is for, every sub-command; in Russian nothing of the English is left."""
    command, language = COMMANDS[path], Language(lang)
    text = shown(path, monkeypatch, lang)
    options = [one for one in command.params if isinstance(one, click.Option)]
    said = [*paragraphs(command.help), *(one.help for one in options)]
    for sentence in said:
        assert words(language.t(sentence)) in text, sentence
        assert lang == "en" or words(sentence) not in text, sentence
    for one in options:
        assert all(spelling in text for spelling in one.opts)
    assert not set(getattr(command, "commands", {})) - set(text.split())
    assert lang == "en" or not re.search(r"default|required|Options|Commands|Usage|Show this", text)


def test_defaults_are_those_that_click_shows(monkeypatch):
    """In English each option reads as click itself would put it, but for brackets around a default said in words."""
    for path, command in COMMANDS.items():
        text = shown(path, monkeypatch, "en")
        ctx = click.Context(command)
        for option in command.params:
            if isinstance(option, click.Option):
                _, about = option.get_help_record(ctx)
                assert words(re.sub(r"default: \((.*?)\)", r"default: \1", about)) in text


def test_the_real_command_is_russian_where_nothing_else_is_asked_for():
    """The real command answers in Russian by default, in English where the call says so."""
    said = {
        lang: subprocess.run(
            [sys.executable, "-m", "grader", *call],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            env={name: value for name, value in os.environ.items() if name != "GRADER_LANG"},
        ).stdout
        for lang, call in (("ru", ["export", "-h"]), ("en", ["export", "--lang", "en", "-h"]))
    }
    assert said["ru"].startswith("Вызов: ")
    assert "[обязательно]" in said["ru"]
    assert said["en"].startswith("Usage: ")
    assert "[required]" in said["en"]
