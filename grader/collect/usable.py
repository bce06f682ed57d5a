"""Paths a person gave: usable, or refused in one line."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from grader.collect.submission import is_notebook
from grader.errors import UsageError
from grader.records import Message, msg


def is_archive(name: str) -> bool:
    """Whether a file is a ZIP archive, by its name."""
    return name.lower().endswith(".zip")


def require_usable(path: Path) -> None:
    """Pass a folder, a notebook, an archive or a program that can be read.

    Raises:
        UsageError: It is none of them, does not exist, or cannot be read.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            os.scandir(path).close()
        elif not stat.S_ISREG(mode) or not (is_notebook(path.name) or path.suffix.lower() in (".zip", ".py")):
            text = msg(
                "{file}: expected a notebook (.ipynb), a folder or a ZIP archive, found {found}",
                file=str(path),
                found=kind_of(path),
            )
            raise UsageError(text)
        else:
            path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        text = msg(
            "{file}: there is no such file or folder; give notebooks (.ipynb), folders or ZIP archives", file=str(path)
        )
        raise UsageError(text) from None
    except OSError as error:
        text = msg(
            "{file}: this cannot be read ({why}); mend that, or give another path",
            file=str(path),
            why=error.strerror or str(error),
        )
        raise UsageError(text) from error


def kind_of(path: Path) -> Message:
    """Return what a file is by its name."""
    return msg("a file of the kind {suffix}", suffix=path.suffix) if path.suffix else msg("a file without a kind")
