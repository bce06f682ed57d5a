"""``from grader import selfcheck`` in a notebook that is graded: it says nothing, and the grader itself stays out."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

_NAMES = frozenset({"grader", "grader.selfcheck"})


def install_selfcheck() -> None:
    """Make the student's self-check importable, as something that does nothing, before anything of that name."""
    sys.meta_path.insert(0, _Finder())


class _Silent(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: what it would find is being found."""

    all = check = check_all = __call__


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``grader`` and its self-check, and nothing else of it: a student's own ``grader.py`` goes first."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for the two names only."""
        if fullname not in _NAMES or _lies_in_the_work_folder(fullname):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=fullname == "grader")

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Make a module that can be called."""
        return _Silent(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Give the package its self-check."""
        if module.__name__ == "grader":
            module.selfcheck = importlib.import_module("grader.selfcheck")  # type: ignore[attr-defined]


def _lies_in_the_work_folder(fullname: str) -> bool:
    name = fullname.partition(".")[0]
    return importlib.machinery.PathFinder.find_spec(name, [""]) is not None
