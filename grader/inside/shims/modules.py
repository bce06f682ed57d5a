"""Modules that went: importing one gives the module that has its contents today."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from .spellings import HOLLOW, MODULES, REFUSED
from .told import Told

_KERAS = (
    ("tensorflow.keras", "tensorflow.keras"),
    ("keras._tf_keras.keras", "tensorflow.keras"),
    ("tensorflow.python.keras", "tensorflow.keras"),
    ("keras", "keras"),
)
"""How a path to Keras may begin, and which of the two kinds of Keras it is."""


def install_modules(told: Told) -> None:
    """Find old modules, where Python itself finds nothing or a hollow one."""
    sys.meta_path.insert(0, _Finder(told, HOLLOW))
    sys.meta_path.append(_Finder(told))


def plain(name: str) -> tuple[str, str]:
    """Return a dotted name as it would be below ``keras``, and the beginning it really has.

    >>> plain("tensorflow.keras.utils.np_utils"), plain("numpy.float")
    (('keras.utils.np_utils', 'tensorflow.keras'), ('numpy.float', ''))
    """
    for start, kind in _KERAS:
        if name == start or name.startswith(f"{start}."):
            return "keras" + name.removeprefix(start), kind
    return name, ""


def today_of(name: str) -> str:
    """Return the module that has an old one's contents; empty for a module that is not old.

    >>> today_of("tensorflow.keras.layers.core"), today_of("keras.layers"), today_of("keras.engine.base_layer")
    ('tensorflow.keras.layers', '', 'keras.layers')
    """
    wanted, kind = plain(name)
    old = max((one for one in MODULES if wanted == one or wanted.startswith(f"{one}.")), key=len, default="")
    if not old:
        return ""
    new = MODULES[old]
    if new == "keras":  # all of Keras under another name
        new += wanted.removeprefix(old)
    return new if new.startswith("tensorflow.") else kind + new.removeprefix("keras")


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
        return OldModule(self._told, spec.name, today_of(spec.name))

    def exec_module(self, module: ModuleType) -> None:
        """There is no code to run."""


class OldModule(ModuleType):
    """Stands for a module that went."""

    def __init__(self, told: Told, old: str, new: str) -> None:
        super().__init__(old, f"What was {old} is in {new} today.")
        self.__told, self.__old, self.__new = told, old, new

    def __getattr__(self, name: str) -> Any:
        today = importlib.import_module(self.__new)
        if name == "__all__":  # `from keras.layers.core import *`: all at once, and told once
            public = getattr(today, "__all__", [one for one in vars(today) if not one.startswith("_")])
            self.__dict__.update({one: getattr(today, one) for one in public})
            self.__told.used(f"from {self.__old} import *", f"from {self.__new} import *")
            return list(public)
        if name.startswith("__"):
            raise AttributeError(name)
        for place in (self.__new, *_also(self.__new)):
            found = importlib.import_module(place)
            if hasattr(found, name):
                self.__told.used(self.__old, place)
                return getattr(found, name)
        raise AttributeError(f"module {self.__old!r} has no attribute {name!r}")


def _also(new: str) -> list[str]:
    """Return where else to look: an old module had some of what lies elsewhere today."""
    inner, kind = plain(new)
    return [*(f"{kind}{part}" for part in ("", ".models", ".layers")), f"tensorflow.{inner}"] if kind else []
