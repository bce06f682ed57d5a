"""Modules that went: importing one gives the module that has its contents today."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType

from .merging import Merging
from .oldmodule import OldModule
from .paths import plain, today_of
from .spellings import HOLLOW, REFUSED
from .told import Told

_OF_THEIR_OWN: dict[str, type[OldModule]] = {"keras.layers.merge": Merging}


def install_modules(told: Told) -> None:
    """Find old modules, where Python itself finds nothing or a hollow one."""
    sys.meta_path.insert(0, _Finder(told, HOLLOW))
    sys.meta_path.append(_Finder(told))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, told: Told, only: frozenset[str] = frozenset()) -> None:
        self._told = told
        self._only = only

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for the old modules only, and refuse those that nothing can stand in for."""
        name = plain(fullname)[0]
        if self._only and name not in self._only:
            return None
        if name in REFUSED:
            self._told.refused(ModuleNotFoundError, fullname, REFUSED[name])
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True) if today_of(fullname) else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Make a module that looks its names up in today's."""
        kind = _OF_THEIR_OWN.get(plain(spec.name)[0], OldModule)
        return kind(self._told, spec.name, today_of(spec.name))

    def exec_module(self, module: ModuleType) -> None:
        """There is no code to run."""
