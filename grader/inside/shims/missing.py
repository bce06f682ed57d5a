"""Libraries that are not here: importing one succeeds, using it does not.

Many notebooks import what they never use. The error is the one of the import, and comes where something of the library
is first used. Where an import is tried, as in ``try: import torch``, it fails at once.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import linecache
import sys
from collections.abc import Sequence
from types import FrameType, ModuleType
from typing import Any, NoReturn

from .told import is_notebook

_LOOKS_ONLY = frozenset({"suppress", "raises"})


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
        absent = isinstance(sys.modules.get(root), Absent) or ("." not in fullname and root not in sys.modules)
        if not absent or not _is_imported_plainly(sys._getframe(1)):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Make the stand-in."""
        return Absent(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is no code to run."""


class Absent(ModuleType):
    """A library that is not here."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Thing(self.__name__)


class _Thing:
    """Something of a library that is not here: any use of it is the error that the import would have been."""

    def __init__(self, library: str) -> None:
        self._library = library

    def _fail(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002
        __tracebackhide__ = True
        name = self.__dict__["_library"]
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    __call__ = __getattr__ = __iter__ = __getitem__ = __enter__ = __bool__ = __len__ = __mro_entries__ = _fail
    __add__ = __radd__ = __mul__ = __rmul__ = _fail


def _is_imported_plainly(frame: FrameType | None) -> bool:
    """Tell whether an import statement of the notebook is at work, and nothing around it expects it to fail."""
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib._bootstrap"):
        frame = frame.f_back
    if frame is None or not is_notebook(frame):
        return False  # a library's own, or importlib.import_module and find_spec: these ask
    while frame is not None and is_notebook(frame):
        if _is_tried(frame.f_code.co_filename, frame.f_lineno):
            return False
        frame = frame.f_back
    return True


def _is_tried(filename: str, line: int) -> bool:
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError):
        return False
    return any(_covers(node, line) for node in ast.walk(tree))


def _covers(node: ast.AST, line: int) -> bool:
    match node:
        case ast.Try(body=body, handlers=handlers):
            return bool(handlers) and any(one.lineno <= line <= (one.end_lineno or one.lineno) for one in body)
        case ast.With(items=items, lineno=first, end_lineno=last):
            inside = first <= line <= (last or first)
            return inside and any(_LOOKS_ONLY & _names(item.context_expr) for item in items)
    return False


def _names(node: ast.expr) -> set[str]:
    found = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    return found | {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
