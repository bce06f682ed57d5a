"""``!wget`` and ``!curl`` for files of the data sets: they are written, and what follows in the line is run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from .downloads import DatasetFiles

_TO = {"-O", "-o", "--output", "--output-document"}
_INTO = {"-P", "--directory-prefix"}
_THEN = ("&&", ";")


def install_fetching(copies: DatasetFiles, shell: Any) -> None:
    """Answer these programs for files that are here."""
    really = shell.system

    def system(command: str, *args: Any, **kwargs: Any) -> Any:
        rest = _after_fetching(command, copies)
        return really(rest, *args, **kwargs) if rest else None

    shell.system = system


def _after_fetching(command: str, copies: DatasetFiles) -> str:
    """Fetch what the first of several commands asks for, if it is here; return what is left to run."""
    first, sign, rest = min((command.partition(sign) for sign in _THEN), key=lambda parts: len(parts[0]))
    return rest.strip() if _fetch(first, copies) else f"{first}{sign}{rest}"


def _fetch(command: str, copies: DatasetFiles) -> bool:
    """Do what ``wget`` or ``curl`` would do for one of these files; tell whether it was one."""
    try:
        words = shlex.split(command)
    except ValueError:
        return False
    if not words or words[0] not in {"wget", "curl"}:
        return False
    done, output, folder = False, _value_of(_TO, words), _value_of(_INTO, words)
    for address in [word for word in words if "://" in word]:
        content = copies.content(address)
        if content is not None:
            target = Path(output or f"{folder or '.'}/{address.split('?')[0].rpartition('/')[2]}")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            done = True
    return done


def _value_of(options: set[str], words: list[str]) -> str:
    return next((words[at + 1] for at, word in enumerate(words[:-1]) if word in options), "")
