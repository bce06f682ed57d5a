"""Libraries that are not here: importing one succeeds, using it does not.

Many notebooks import what they never use. The error is the one of the import, and comes where something of the library
is first used. Where an import is tried, as in ``try: import torch``, it fails at once.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType

from .absent import AbsentModule, missing_library
from .statements import is_imported_plainly


def install_missing() -> None:
    """Let notebooks import what is not here."""
    sys.meta_path.append(_Finder())


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked last, when nobody has found a module."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for a whole library that a notebook imports outside of any attempt."""
        root = fullname.partition(".")[0]
        absent = isinstance(sys.modules.get(root), AbsentModule) or ("." not in fullname and root not in sys.modules)
        if not absent or not is_imported_plainly():
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Make the stand-in."""
        return AbsentModule(spec.name, missing_library(spec.name))

    def exec_module(self, module: ModuleType) -> None:
        """There is no code to run."""
