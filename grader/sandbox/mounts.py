"""Which parts of this machine a sealed process may read: the system's programs and the Python it runs on, no more."""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.sandbox.seal import WORK

_PACKAGE = Path(__file__).resolve().parent.parent
_ETC = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts")


def system_options() -> list[str]:
    """Return bubblewrap options for ``/usr`` and the little of ``/etc`` that programs need to start."""
    options = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            options += ["--ro-bind", str(path), str(path)]
    options += ["--perms", "0755", "--dir", "/etc"]
    for file in _ETC:
        options += ["--ro-bind-try", file, file]
    return options


def python_folders() -> list[Path]:
    """Return the folders outside ``/usr`` that make up this Python: virtual environment, base, user packages."""
    found: list[Path] = []
    for folder in _python_candidates():
        if _is_folder(folder) and not any(folder.is_relative_to(known) for known in (Path("/usr"), *found)):
            found.append(folder)
    return found


def _python_candidates() -> Iterator[Path]:
    yield Path(sys.base_prefix)
    yield Path(sys.prefix)
    # An environment's `python` may reach its base over several links, each through a folder of its own.
    link = Path(sys.executable)
    for _ in range(10):
        if _is_python_prefix(link.parent.parent):
            yield link.parent.parent
        if not link.is_symlink():
            break
        link = link.parent / link.readlink()
        link = Path(os.path.normpath(link))
    if site.ENABLE_USER_SITE:
        yield Path(site.getusersitepackages())


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except PermissionError:  # below a folder that we may not enter
        return False


def _is_python_prefix(folder: Path) -> bool:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return folder != Path.home() and (folder / "lib" / version).is_dir()


def hidden_folders(visible: Iterable[Path]) -> list[Path]:
    """Return the folders under ``visible`` that must not be read: the installed grader with its reference solutions."""
    shown = any(_PACKAGE.is_relative_to(folder) for folder in (Path("/usr"), *(path.resolve() for path in visible)))
    return [_PACKAGE] if shown else []


def parent_options(targets: Iterable[str]) -> list[str]:
    """Return options that make the folders above ``targets``; left to bubblewrap, only root could pass them."""
    parents = {str(parent) for target in targets for parent in Path(target).parents} - {"/", "/usr", "/etc"}
    options: list[str] = []
    for parent in sorted(parents):
        if not parent.startswith("/usr/"):
            mode = "1777" if parent.startswith(f"{WORK}/") else "0755"  # a notebook may write beside its own files
            options += ["--perms", mode, "--dir", parent]
    return options
