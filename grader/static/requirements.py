"""What the tasks ask of the code at the very least, read from their files without validating them: it must be fast."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import WorkbookError
from grader.places import shipped
from grader.records import Text, msg


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequirements:
    """One task."""

    task: str
    title: Text
    dataset: str
    layers: Mapping[str, int]
    """Layer kind -> how many the answer must have at least."""


def requirements_of(folder: Path | None = None) -> tuple[TaskRequirements, ...]:
    """Return the tasks of a workbook's folder; the shipped one when none is given.

    Raises:
        WorkbookError: A file is missing or broken; ``grader workbook check`` says all that is wrong.
    """
    folder = folder or shipped("assignments")
    try:
        names = _read(folder / "workbook.toml")["tasks"]
        return tuple(_task(name, _read(folder / f"{name}.toml")) for name in names)
    except FileNotFoundError as error:
        raise WorkbookError(
            msg(
                "{folder}: this is no workbook: there is no {name} in it",
                folder=str(folder),
                name=Path(error.filename).name,
            )
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkbookError(
            msg(
                "{folder}: this is no workbook ({why}); call: grader workbook check {folder}",
                folder=str(folder),
                why=str(error),
            )
        ) from None


def legacy_of(folder: Path | None = None) -> str:
    """Return what a workbook that could be read makes of old spellings: ``run``, ``note`` or ``fail``."""
    return str(_read((folder or shipped("assignments")) / "workbook.toml").get("legacy", "run"))


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _task(name: str, table: Mapping[str, Any]) -> TaskRequirements:
    layers: dict[str, int] = {}
    for criterion in table["criteria"]:
        if criterion.get("show") == "after-grading":
            continue
        if criterion["kind"] == "layer-count":
            count = criterion.get("exactly", criterion.get("at_least", 0))
        else:
            count = 1 if criterion["kind"] == "layer" else 0
        if count:
            layers[criterion["layer"]] = max(count, layers.get(criterion["layer"], 0))
    title = Text(ru=table["title"]["ru"], en=table["title"]["en"])
    return TaskRequirements(task=name, title=title, dataset=table["dataset"], layers=layers)
