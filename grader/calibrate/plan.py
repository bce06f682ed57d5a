"""What is to be recorded: which recipes, on which data, into which files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.calibrate.recipes import recipe_from
from grader.calibrate.spoil import spoiled
from grader.datasets import DataStore
from grader.errors import UsageError
from grader.records import DataSet, Message, Profile, Recipe, msg
from grader.workbook import Workbook

What = Literal["references", "solutions", "spoiled"]


@dataclass(frozen=True, kw_only=True)
class RecordingRequest:
    """What one call of ``grader reference run`` was asked for."""

    workbook: Workbook
    folder: Path
    """Where the notebooks are, and ``results`` is."""
    what: What = "references"
    only: tuple[str, ...] | None = None
    profile: Profile
    data: Literal["auto", "sample", "full"] = "auto"
    seeds: int = 20
    unsealed: bool = False
    backend: str = "tensorflow"
    device: str = "auto"
    restart: bool = False
    """Begin anew where the recipe or the data has changed since the record was made."""


@dataclass(frozen=True, kw_only=True)
class PlannedRecord:
    """One record to bring up to its number of trainings."""

    reference: str
    recipe: Recipe
    dataset: DataSet
    """What it is trained on."""
    source: DataSet
    """What it is a training of; another one than ``dataset`` only when the labels are spoiled."""
    folder: Path
    """Where its record belongs."""
    spoiled: str = ""

    @property
    def name(self) -> str:
        """Beginning of the record's file name."""
        return f"{self.reference}-{self.spoiled}" if self.spoiled else self.reference


def planned_records(request: RecordingRequest, say: Callable[[Message], None]) -> tuple[PlannedRecord, ...]:
    """Run every notebook that is asked for, on a few steps, and return what its recipe is recorded as.

    Raises:
        UsageError: ``only`` names what the workbook does not have.
        DataError: Data is missing.
        WorkbookError: A notebook does not train what can be rebuilt.
    """
    store = DataStore()
    chosen = _chosen(request)
    datasets = {name: store.choose(dataset, request.data) for name, dataset in chosen.items()}
    return tuple(item for name in chosen for item in _planned(request, name, datasets[name], say))


def _chosen(request: RecordingRequest) -> dict[str, str]:
    """Return the data sets of the references or solutions that are asked for, by name."""
    workbook = request.workbook
    if request.what == "solutions":
        tasks = {task.id: task.dataset for task in workbook.tasks}
        known = {one.id: tasks[one.task] for one in workbook.solutions}
    else:
        known = {one.id: one.dataset for one in workbook.references}
    for name in request.only or ():
        if name not in known:
            has = ", ".join(known) or msg("none")
            text = (
                msg("--only {name}: the workbook has no such solution; it has {has}", name=name, has=has)
                if request.what == "solutions"
                else msg("--only {name}: the workbook has no such reference; it has {has}", name=name, has=has)
            )
            raise UsageError(text)
    return {name: known[name] for name in request.only or known}


def _planned(
    request: RecordingRequest, name: str, dataset: DataSet, say: Callable[[Message], None]
) -> Iterator[PlannedRecord]:
    results = request.folder / "results"
    notebook = (request.folder / "solutions" if request.what == "solutions" else request.folder) / f"{name}.ipynb"
    say(msg("running {notebook}", notebook=notebook.name))
    recipe = recipe_from(notebook, request.workbook, dataset, unsealed=request.unsealed)
    if request.what != "spoiled":
        place = results / "solutions" if request.what == "solutions" else results
        yield PlannedRecord(reference=name, recipe=recipe, dataset=dataset, source=dataset, folder=place)
        return
    for kind, changed, data in spoiled(recipe, dataset, request.profile):
        yield PlannedRecord(
            reference=name, recipe=changed, dataset=data, source=dataset, folder=results / "spoiled", spoiled=kind
        )
