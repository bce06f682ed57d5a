"""The import statement of the notebook that is at work just now, read from the frames around it."""

from __future__ import annotations

import ast
import dis
import linecache
import sys
from types import FrameType

from .reporter import IMPORTS, is_notebook

_LOOKS_ONLY = frozenset({"suppress", "raises"})
_IMPORT_FROM = dis.opmap["IMPORT_FROM"]


def is_imported_plainly() -> bool:
    """Tell whether an import statement of the notebook is at work, and nothing around it expects it to fail."""
    frame = _beyond_imports(sys._getframe(1))
    if frame is None or not is_notebook(frame):
        return False  # a library's own, or importlib.import_module and find_spec: these ask
    while frame is not None and is_notebook(frame):
        if _is_tried(frame.f_code.co_filename, frame.f_lineno):
            return False
        frame = frame.f_back
    return True


def is_imported_by_name() -> bool:
    """Tell whether the name that is looked for is one after ``import`` in ``from module import name``."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_notebook(frame):
        if frame.f_code.co_name == "_handle_fromlist" and frame.f_code.co_filename.startswith(IMPORTS):
            return True
        frame = frame.f_back
    return frame is not None and frame.f_code.co_code[frame.f_lasti] == _IMPORT_FROM


def _beyond_imports(frame: FrameType | None) -> FrameType | None:
    """Return the frame whose code has the import statement, for a frame of Python's imports or of a shim."""
    while frame is not None and not is_notebook(frame):
        inner = frame.f_code.co_filename.startswith(IMPORTS)
        if not inner and not str(frame.f_globals.get("__name__")).startswith(f"{__package__}."):
            return None
        frame = frame.f_back
    return frame


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
