"""Modules that need not be installed: what notebooks use of them is made here."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from . import tfds, tutorials
from .reporter import LegacyReporter

_TUTORIALS = "tensorflow.examples.tutorials.mnist"


def install_provided(reporter: LegacyReporter, session: Any) -> None:
    """Find these modules before anything of their name: without a network, the real ones cannot get their data."""
    sys.meta_path.insert(0, _Finder(reporter, session))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, reporter: LegacyReporter, session: Any) -> None:
        self._reporter, self._session = reporter, session

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for the provided modules and the packages on the way to them."""
        ours = fullname == "tensorflow_datasets" or f"{_TUTORIALS}.input_data.".startswith(f"{fullname}.")
        if not ours or fullname == "tensorflow":
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Make a module, or leave an empty package to Python."""
        if spec.name == "tensorflow_datasets":
            self._session.note("data", spec.name)
            return tfds.as_module(self._session.stored_datasets)
        if spec.name == f"{_TUTORIALS}.input_data":
            self._reporter.used(_TUTORIALS, "keras.datasets.mnist.load_data()")
            return tutorials.as_module(self._session.stored_datasets)
        return None

    def exec_module(self, module: ModuleType) -> None:
        """There is no code to run."""
