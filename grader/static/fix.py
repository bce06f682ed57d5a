"""A mended copy of a notebook beside the original, and what was changed in it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import UsageError
from grader.language import Language
from grader.legacy import mended
from grader.records import msg
from grader.static.cells import SourceCell, is_program


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """What ``--fix`` did."""

    copy: Path | None
    """The new file; None when there was nothing to mend."""
    diff: tuple[str, ...] = ()
    """Lines of a unified diff, cell by cell."""
    left: int = 0
    """Old calls that a person must mend."""


def fix(path: Path, cells: Sequence[SourceCell], language: Language) -> Fixed:
    """Write ``NAME-mended.ipynb`` beside a notebook; the original and an earlier copy stay as they are.

    Raises:
        UsageError: The notebook is of another format than 4, or nothing can be written beside it.
    """
    sources = [cell.source for cell in cells]
    after, left = mended(sources)
    if after == sources:
        return Fixed(copy=None, left=len(left))
    copy = _free(path)
    try:
        copy.write_text(_with_sources(path, cells, after), encoding="utf-8", newline="\n")
    except OSError as error:
        wrong = msg(
            "{copy}: this cannot be written ({why}); copy the notebook to a folder of yours first",
            copy=str(copy),
            why=error.strerror or str(error),
        )
        raise UsageError(wrong) from error
    return Fixed(copy=copy, diff=tuple(_diff(cells, after, language)), left=len(left))


def _free(path: Path) -> Path:
    copy, number = path.with_name(f"{path.stem}-mended.ipynb"), 2
    while copy.exists():
        copy, number = path.with_name(f"{path.stem}-mended-{number}.ipynb"), number + 1
    return copy


def _with_sources(path: Path, cells: Sequence[SourceCell], sources: Sequence[str]) -> str:
    from grader.collect.scripts import as_notebook

    raw: Any = as_notebook(path) if is_program(path) else json.loads(path.read_bytes())
    if raw.get("nbformat") != 4 or not isinstance(raw.get("cells"), list):
        wrong = msg(
            "{file}: the notebook has an old format; open and save it in Jupyter or Colab, then call this again",
            file=str(path),
        )
        raise UsageError(wrong)
    for cell, source in zip(cells, sources, strict=True):
        if source != cell.source:
            # Outputs and number belong to what the cell was.
            raw["cells"][cell.index] |= {
                "source": source.splitlines(keepends=True),
                "outputs": [],
                "execution_count": None,
            }
    return json.dumps(raw, ensure_ascii=False, indent=1) + "\n"


def _diff(cells: Sequence[SourceCell], after: Sequence[str], language: Language) -> Iterator[str]:
    for cell, source in zip(cells, after, strict=True):
        name = language.t("cell {cell}", cell=cell.number)
        yield from difflib.unified_diff(cell.source.split("\n"), source.split("\n"), name, name, lineterm="", n=1)
