"""Paths a person gave: usable, or refused in one line."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from grader.collect.submission import is_notebook
from grader.errors import UsageError


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
            msg = f"{path}: expected a notebook (.ipynb), a folder or a ZIP archive, found a {_kind(path)} file"
            raise UsageError(msg)
        else:
            path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        msg = f"{path}: there is no such file or folder; give notebooks (.ipynb), folders or ZIP archives"
        raise UsageError(msg) from None
    except OSError as error:
        msg = f"{path}: this cannot be read ({error.strerror}); mend that, or give another path"
        raise UsageError(msg) from error


def _kind(path: Path) -> str:
    return path.suffix or "nameless"
