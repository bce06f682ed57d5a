"""``python -m tests.hostile.fuzzing READER [SECONDS]``: feed a reader of hostile bytes, led by the code that it reaches.

READER is ``archive``, ``notebook``, ``trace`` or ``recipe``. Needs ``pip install atheris``, which nothing else here does.
What is looked for: an exception that the reader does not promise, more than ten seconds, more than 300 MB (of which the
interpreter and libFuzzer take half). The input that did it is written to the working folder.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

if __name__ == "__main__":  # what only imports this module, such as pytest, can do without
    import atheris

    led = atheris.instrument_imports(include=["grader", "zipfile", "nbformat"])
else:
    led = contextlib.nullcontext()

with led:
    from grader.collect import archive
    from grader.drive.notebook import UnreadableError, code_cells, read_notebook
    from grader.recipe import NotRebuildable, recipe_of
    from grader.trace import read_trace

from tests.exchange import archives
from tests.hostile.test_bombs import lines, stack
from tests.recipes import conv, dense
from tests.test_trace import FIT, NOTE

_FLAGS = ("-timeout=10", "-rss_limit_mb=300", "-max_len=20000", "-print_final_stats=1")
_NOTEBOOK = archives.NOTEBOOK.encode()


def read_archive(room: Path, file: Path) -> None:
    """Unpack; nothing may lie outside the folder, nor more in it than is allowed."""
    bounds = archive.Bounds(members=50, bytes=4 << 20, member_bytes=2 << 20)
    with contextlib.suppress(archive.RefusedError):
        found = archive.unpack(file, room, bounds)
        held = sum(one.stat().st_size for one in found.folder.rglob("*") if one.is_file() and not one.is_symlink())
        assert held <= bounds.bytes
        assert not any(one.is_symlink() for one in found.folder.rglob("*"))
    assert len(list(room.iterdir())) <= 1


def read_any_notebook(_: Path, file: Path) -> None:
    """Read a notebook and its cells."""
    with contextlib.suppress(UnreadableError):
        code_cells(read_notebook(file))


def read_any_trace(_: Path, file: Path) -> None:
    """Read a trace."""
    read_trace(file, 8)


def read_recipes(_: Path, file: Path) -> None:
    """Write every training of a trace as a recipe."""
    trace = read_trace(file, 8)
    models = {model.snapshot: model for model in trace.models}
    for fit in trace.fits:
        if fit.snapshot in models:
            with contextlib.suppress(NotRebuildable):
                recipe_of(fit, models[fit.snapshot])


def _seeds(reader: str) -> Iterable[bytes]:
    if reader == "archive":
        yield archives.hostile()
        yield archives.packed(archives.CANVAS)
        yield archives.with_raw_names({"Иванова Анна/лаба.ipynb": "x"}, "cp866", extra=True)
    elif reader == "notebook":
        yield _NOTEBOOK
        yield b"\xff\xfe" + _NOTEBOOK.decode().encode("utf-16-le")
        yield json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": "1"}]}], "nbformat": 3}).encode()
    else:
        yield b"\n".join(json.dumps(event).encode() for event in (FIT, NOTE))
        yield lines(stack(dense(8))).encode()
        yield lines(stack(conv(3, "a"), dense(8))).encode()


READERS: dict[str, Callable[[Path, Path], None]] = {
    "archive": read_archive,
    "notebook": read_any_notebook,
    "trace": read_any_trace,
    "recipe": read_recipes,
}


def main(reader: str, seconds: int) -> None:
    """Fuzz until the time is over; ends the process, with a status other than 0 after a finding."""
    with tempfile.TemporaryDirectory(prefix="fuzzing-") as name:
        place = Path(name)
        corpus, room, file = place / "corpus", place / "room", place / "input"
        for folder in (corpus, room):
            folder.mkdir()
        for number, seed in enumerate(_seeds(reader)):
            (corpus / str(number)).write_bytes(seed)

        def once(data: bytes) -> None:
            file.write_bytes(data)
            READERS[reader](room, file)
            for left in room.iterdir():
                shutil.rmtree(left)

        atheris.Setup([sys.argv[0], *_FLAGS, f"-max_total_time={seconds}", str(corpus)], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 60)
