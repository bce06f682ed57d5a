"""What is done to a cell's source before it runs: old paths of TensorFlow, Python 2's tabs, lines for a terminal."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from .reporter import LegacyReporter

CONTENT = "/content"
"""Where Colab keeps a notebook's files; in the sandbox a link to the work folder."""
_PYTHON_2_TAB = 8
_OWNERS = ("tensorflow.python", "tensorflow.contrib", "tensorflow.compat.v1", "tensorflow.compat.v2")
_OTHER_KERAS = re.compile(rf"({'|'.join(map(re.escape, _OWNERS))})\.keras(\.api\.keras|\.python\.keras)?(?=\.|$)")
"""Other places where Keras was found in TensorFlow."""
_MAGICS = ("pip ", "conda ")
"""Alone in a cell, IPython knows these without a sign before them."""
_CONTENT_PATH = re.compile(r"/content/[^'\"\n\\*?<>|{}$;]+")
_TERMINAL = re.compile(r"^\$?[ \t]*((?:sudo[ \t]+)?(?:pip3?|conda|apt|apt-get|wget|curl|git|python3?)[ \t]+\S.*)$")


def install_cells(reporter: LegacyReporter, shell: Any) -> None:
    """Look at every cell before it runs."""
    if not hasattr(shell, "magic"):
        shell.magic = lambda line: _magic(reporter, shell, line)
    shell.input_transformers_cleanup.append(lambda lines: _readable(reporter, lines, shell))
    paths = _Paths()
    shell.ast_transformers.append(paths)
    shell.events.register("post_run_cell", lambda result: paths.tell(reporter, result.execution_count))
    shell.events.register("pre_run_cell", lambda info: _lay_out(str(info.raw_cell or "")))


class _Paths(ast.NodeTransformer):
    """``tensorflow.python.keras`` is TensorFlow's own copy of an old Keras; what is meant is ``tensorflow.keras``."""

    def __init__(self) -> None:
        self._found: set[str] = set()

    def tell(self, reporter: LegacyReporter, cell: int | None) -> None:
        """Say so once the cell has run: while it is being read, its number is not settled."""
        for old in sorted(self._found):
            reporter.used(old, "tensorflow.keras", cell=cell or 0)
        self._found.clear()

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        """Rename the module of ``from tensorflow.python.keras.layers import Dense``."""
        node.module = self._today(node.module)
        if node.module in _OWNERS and [one.name for one in node.names] == ["keras"]:
            self._found.add(f"{node.module}.keras")
            node.module = "tensorflow"
        return node

    def visit_Import(self, node: ast.Import) -> ast.Import:
        """Rename the modules of ``import tensorflow.python.keras as keras``."""
        for one in node.names:
            if one.asname:
                one.name = self._today(one.name) or one.name
        return node

    def _today(self, name: str | None) -> str | None:
        match = _OTHER_KERAS.match(name or "")
        if name is None or match is None:
            return name
        self._found.add(f"{match[1]}.keras")
        return "tensorflow.keras" + name[match.end() :]


def _magic(reporter: LegacyReporter, shell: Any, line: str) -> Any:
    """``get_ipython().magic("matplotlib inline")``, as notebooks had it that were exported and read in again."""
    reporter.used("get_ipython().magic(...)", "get_ipython().run_line_magic(name, line)")
    name, _, rest = line.strip().removeprefix("%").partition(" ")
    return shell.run_line_magic(name, rest)


def _readable(reporter: LegacyReporter, lines: list[str], shell: Any) -> list[str]:
    """Return a cell's lines with tabs as Python 2 read them, and with terminal lines marked as such.

    Only a cell that is no Python as it stands is touched, and only if it is Python afterwards.
    """
    if _runs("".join(lines), shell) or (len(lines) == 1 and lines[0].startswith(_MAGICS)):
        return lines
    changes: tuple[tuple[Callable[[str], str], str, str], ...] = (
        (lambda line: line.expandtabs(_PYTHON_2_TAB), "tabs and spaces mixed", "four spaces"),
        (_marked, "a line for a terminal", "!"),
    )
    for change, old, write in changes:
        changed = [change(line) for line in lines]
        if changed != lines and _runs("".join(changed), shell):
            reporter.used(old, write)
            return changed
    return lines


def _marked(line: str) -> str:
    match = _TERMINAL.match(line.rstrip("\n"))
    return f"!{match[1]}\n" if match else line


def _runs(source: str, shell: Any) -> bool:
    """Tell whether a cell is Python once IPython has translated what is its own."""
    manager = type(shell.input_transformer_manager)()
    try:
        ast.parse(manager.transform_cell(source))
    except (SyntaxError, ValueError):
        return False
    return True


def _lay_out(source: str) -> None:
    """Let paths below ``/content`` that a cell names lead to the files that were handed in.

    Folders that were not handed in, such as ``/content/drive/MyDrive/lab``, are the work folder itself.
    """
    if os.path.realpath(CONTENT) == CONTENT:  # no sandbox, or another one
        return
    for path in {match[0].strip().rstrip(")],") for match in _CONTENT_PATH.finditer(source)}:
        parts = PurePosixPath(path).parts[2:]
        folders = parts if path.endswith("/") or not PurePosixPath(path).suffix else parts[:-1]
        if ".." not in parts and folders:
            _link(folders)


def _link(folders: tuple[str, ...]) -> None:
    work = Path(CONTENT)
    target = next(
        (work.joinpath(*folders[at:]) for at in range(len(folders)) if work.joinpath(*folders[at:]).is_dir()), work
    )
    wanted = work.joinpath(*folders)
    try:
        if not wanted.exists():
            wanted.parent.mkdir(parents=True, exist_ok=True)
            wanted.symlink_to(target.resolve())
    except OSError:  # a file has the name of a folder: the notebook will see that itself
        return
