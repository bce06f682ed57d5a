"""Modules that went: importing one gives the module that has its contents today."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType

from .absent import AbsentModule
from .merging import Merging
from .oldmodule import OldModule
from .paths import plain, refusal_of, today_of
from .reporter import LegacyReporter
from .spellings import HOLLOW
from .statements import is_imported_plainly

_OF_THEIR_OWN: dict[str, type[OldModule]] = {"keras.layers.merge": Merging}


def install_modules(reporter: LegacyReporter) -> None:
    """Find old modules, where Python itself finds nothing or a hollow one."""
    sys.meta_path.insert(0, _Finder(reporter, HOLLOW))
    sys.meta_path.append(_Finder(reporter))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, reporter: LegacyReporter, only: frozenset[str] = frozenset()) -> None:
        self._reporter = reporter
        self._only = only

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for the old modules only; those that nothing can stand in for are refused.

        Raises:
            ModuleNotFoundError: at once where the import is tried, else where the module is first used.
        """
        name = plain(fullname)[0]
        if self._only and name not in self._only:
            return None
        refusal = refusal_of(name)
        if refusal is not None and not is_imported_plainly():
            self._reporter.refused(ModuleNotFoundError, fullname, refusal)
        if refusal is None and not today_of(fullname):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Make a module that looks its names up in today's, or one that says what to write when it is used."""
        name = plain(spec.name)[0]
        refusal = refusal_of(name)
        if refusal is not None:
            return AbsentModule(spec.name, self._reporter.refusal(ModuleNotFoundError, spec.name, refusal))
        return _OF_THEIR_OWN.get(name, OldModule)(self._reporter, spec.name, today_of(spec.name))

    def exec_module(self, module: ModuleType) -> None:
        """There is no code to run."""
