"""Do something right after a module is first imported, without importing it ourselves."""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any


def when_imported(name: str, then: Callable[[], None]) -> None:
    """Call ``then`` once, when the module ``name`` has been imported; at once when it already is."""
    if name in sys.modules:
        then()
    else:
        sys.meta_path.insert(0, _Watcher(name, then))


def when_shell_is_up(then: Callable[[Any], None]) -> None:
    """Call ``then`` with IPython's shell: now when there is one, else as soon as one has been made."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        then(shell)
    else:
        when_imported("IPython.core.interactiveshell", lambda: _after_making(then))


def _after_making(then: Callable[[Any], None]) -> None:
    cls: Any = sys.modules["IPython.core.interactiveshell"].InteractiveShell
    original = cls.__init__

    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        original(self, *args, **kwargs)
        cls.__init__ = original
        then(self)

    cls.__init__ = __init__


class _Watcher(importlib.abc.MetaPathFinder):
    """Finds the module as Python would, and leaves once that is done."""

    def __init__(self, name: str, then: Callable[[], None]) -> None:
        self._name, self._then = name, then

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the module's usual spec; its loader calls ``then`` after the module's code has run."""
        if fullname != self._name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        loader = spec.loader
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module  # the instance's; the class's own shows again
            run(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            self._then()

        loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
