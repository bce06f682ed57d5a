"""What notebooks written for Google Colab expect of their surroundings: ``google.colab``, magics, ``!pip``."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from .session import Session

_SUBMODULES = frozenset({"drive", "files", "output", "userdata", "auth", "patches", "widgets", "data_table"})
_UPLOAD_BYTES = 64 << 20
_INSTALL = re.compile(r"^\s*(sudo\s+)?(pip3?|conda|mamba|uv|apt|apt-get|(\S*python3?\s+-m\s+pip))\s")


def install_colab(session: Session) -> None:
    """Make ``google.colab`` importable. It is not in ``sys.modules`` until a notebook asks for it."""
    sys.meta_path.append(_Finder(session))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``google.colab`` and its modules, and ``google`` itself where no package has that name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for Colab's modules only."""
        parts = fullname.split(".")
        ours = fullname in {"google", "google.colab"} or (parts[:2] == ["google", "colab"] and parts[-1] in _SUBMODULES)
        return importlib.machinery.ModuleSpec(fullname, self, is_package=len(parts) < 3) if ours else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Leave it to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill a module with stand-ins that do nothing, and say that they were used."""
        name = module.__name__.rpartition(".")[2]
        if name == "colab":
            self._session.note("colab", "google.colab")
        elif name != "google":
            module.__getattr__ = _stand_in(self._session, name)  # type: ignore[method-assign]


def _stand_in(session: Session, module: str) -> Callable[[str], Any]:
    def attribute(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ARG001
            session.note(f"colab-{module}", name)
            return _handed_in() if (module, name) == ("files", "upload") else None

        call.__name__ = name
        return call

    return attribute


def _handed_in() -> dict[str, bytes]:
    """Return what ``files.upload()`` would: nobody can be asked here, so the files beside the notebook are uploaded."""
    files = [one for one in sorted(Path().iterdir()) if one.is_file() and one.stat().st_size < _UPLOAD_BYTES]
    names = ", ".join(one.name for one in files) or "none"
    print(f"files.upload() cannot ask for files here; those handed in beside the notebook are taken: {names}")  # noqa: T201
    return {one.name: one.read_bytes() for one in files}


def install_shell(session: Session, shell: Any) -> None:
    """Teach an IPython shell to pass over installs and Colab's magics."""
    for name in ("pip", "conda", "mamba", "uv", "tensorflow_version", "tensorboard"):
        shell.register_magic_function(_passed_over(session, name), "line", name)
    load_ext = shell.find_line_magic("load_ext")
    shell.register_magic_function(
        lambda line: (
            session.note("colab-magic", f"%load_ext {line}") if line.strip() == "tensorboard" else load_ext(line)
        ),
        "line",
        "load_ext",
    )
    for name in ("system", "getoutput"):
        setattr(
            shell, name, _without_installs(session, getattr(shell, name), quiet=[] if name == "getoutput" else None)
        )


def _passed_over(session: Session, name: str) -> Callable[[str], None]:
    def magic(line: str) -> None:
        session.note("colab-magic" if name.startswith("tensor") else "install", f"%{name} {line}")

    magic.__doc__ = "Passed over: packages are as they are here."
    return magic


def _without_installs(session: Session, original: Callable[..., Any], quiet: Any) -> Callable[..., Any]:
    def run(command: str, *args: Any, **kwargs: Any) -> Any:
        if _INSTALL.match(f"{command} "):
            session.note("install", f"!{command}")
            return quiet
        return original(command, *args, **kwargs)

    return run
