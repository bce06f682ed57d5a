"""``python -m grader.selfcheck.alone NOTEBOOK TASK LANG STEPS``: a notebook run here, with the self-check watching.

For systems where the grader's own driver does not run, such as Windows: no sandbox, no sockets, one process. Nothing is
trained again, so accuracies are those of the notebook.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from grader.language import Language
from grader.records import Message, msg
from grader.selfcheck.ask import check, check_all
from grader.selfcheck.show import show
from grader.selfcheck.watch import observed

_LONGEST = 300


def main(arguments: Sequence[str]) -> None:
    """Run the notebook's cells, say which failed, and show what the self-check finds."""
    notebook, task, lang, steps = arguments
    observed().budget = int(steps) if steps else None
    cells = _cells(Path(notebook).absolute())
    language = Language(lang)
    if isinstance(cells, Message):
        sys.stdout.write(f"{language.say(cells)}\n")
        return
    os.chdir(Path(notebook).absolute().parent)
    for number, error in _run(cells):
        said = msg("Cell {cell} fails: {error}", cell=number, error=error)
        sys.stdout.write(f"✕ {language.say(said)}\n")
    show(check(task, lang=lang) if task else check_all(lang=lang))


def _cells(path: Path) -> list[str] | Message:
    from grader.collect.scripts import notebook_of
    from grader.drive.notebook import UnreadableError, code_cells, read_notebook

    try:
        with tempfile.TemporaryDirectory(prefix="grader-check-") as folder:
            of_program = notebook_of(path, Path(folder)) if path.suffix.lower() == ".py" else None
            return [source for _, source in code_cells(read_notebook(of_program or path))]
    except UnreadableError as error:
        return error.reason


def _run(cells: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Run cells one after the other, quietly; yield the number of each that fails, and why."""
    from IPython.core.interactiveshell import InteractiveShell

    from grader.inside.probe.colab import install_colab, install_shell

    shell: Any = InteractiveShell.instance()
    install_colab(observed())
    install_shell(observed(), shell)
    for number, source in enumerate(cells, start=1):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            yield number, f"{type(error).__name__}: {error}"[:_LONGEST]


if __name__ == "__main__":
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    main(sys.argv[1:])
