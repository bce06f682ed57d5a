"""Run the reference notebooks, train their recipes with many seeds, record what comes of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from grader.datasets import DataStore
from grader.errors import UsageError, WorkbookError
from grader.execute import Job, run_notebook
from grader.places import cache_home
from grader.recipe import NotRebuildable, recipe_of
from grader.records import DataSet, Profile, Recipe
from grader.reference import ReferenceRecord, load_record, record_path, write_record
from grader.train import TrainerPool, TrainingBounds
from grader.workbook import Reference, Workbook


def calibrate(
    workbook: Workbook,
    folder: Path,
    *,
    only: Sequence[str] | None,
    profile: str,
    data: Literal["auto", "sample", "full"],
    seeds: int,
    unsealed: bool,
    say: Callable[[str], None],
) -> None:
    """Bring the records of the workbook's references under ``folder``/results to ``seeds`` trainings each.

    Seeds count from 1; a student's model is trained with others, so that no training is held against itself.

    Raises:
        UsageError: ``only`` names a reference the workbook does not have.
        WorkbookError: A reference notebook does not train what can be rebuilt.
    """
    known = {one.id: one for one in workbook.references}
    for name in only or ():
        if name not in known:
            text = f"--only {name}: the workbook has no such reference; it has {', '.join(known)}"
            raise UsageError(text)
    store = DataStore()
    limits = workbook.training
    bounds = TrainingBounds(
        parameters=limits.parameters, steps=limits.steps, seconds=limits.seconds, memory_mb=limits.memory_mb
    )
    with TrainerPool(bounds=bounds, cache=cache_home() / "trainings", unsealed=unsealed) as pool:
        for name in only or known:
            dataset = store.choose(known[name].dataset, data)
            recipe = recipe_from(folder / f"{name}.ipynb", workbook, dataset, unsealed=unsealed)
            _train_all(known[name], recipe, dataset, workbook.profiles[profile], folder, seeds, pool, say)


def recipe_from(notebook: Path, workbook: Workbook, dataset: DataSet, *, unsealed: bool = False) -> Recipe:
    """Run a reference notebook on a small budget of steps and return the recipe of its last training.

    Raises:
        WorkbookError: The notebook trains nothing that can be rebuilt.
    """
    with tempfile.TemporaryDirectory() as out:
        job = Job(
            notebook=notebook,
            files=(),
            out=Path(out),
            datasets=(dataset,),
            profile=Profile(name="quick", steps=4),
            limits=workbook.limits,
            unsealed=unsealed,
        )
        execution = run_notebook(job)
    fits = [fit for fit in execution.trace.fits if fit.completed]
    if not fits:
        errors = "; ".join(f"cell {c.number}: {c.error}: {c.message}" for c in execution.cells if c.error)
        text = f"{notebook}: no training was seen ({execution.ending}; {errors or 'no errors'}); a reference must train"
        raise WorkbookError(text)
    models = {model.snapshot: model for model in execution.trace.models}
    try:
        return recipe_of(fits[-1], models[fits[-1].snapshot])
    except NotRebuildable as error:
        text = f"{notebook}: its last training cannot be rebuilt: {error.reason.text} {dict(error.reason.values)}"
        raise WorkbookError(text) from error


def _train_all(
    reference: Reference,
    recipe: Recipe,
    dataset: DataSet,
    profile: Profile,
    folder: Path,
    seeds: int,
    pool: TrainerPool,
    say: Callable[[str], None],
) -> None:
    path, record = None, None
    for seed in range(1, seeds + 1):
        if record is not None and any(training.seed == seed for training in record.trainings):
            continue
        training = pool.train(recipe, dataset, profile, seed)
        if path is None:
            path = record_path(folder / "results", reference.id, dataset, profile, training.device)
            record = _known(path, recipe, dataset)
        if record is None:
            record = ReferenceRecord(
                reference=reference.id,
                edition=dataset.edition,
                source=dataset.source,
                recipe=recipe,
                trainings=(training,),
            )
        elif any(one.seed == seed for one in record.trainings):
            continue  # only looked at to learn the device, which names the record
        else:
            record = replace(record, trainings=(*record.trainings, replace(training, layers=())))
        write_record(path, record)
        accuracy = "-" if training.test_accuracy is None else f"{training.test_accuracy:.4f}"
        which = f"{path.stem}: seed {seed} of {seeds}"
        say(f"{which}: {training.outcome}, test accuracy {accuracy}, {training.seconds:.0f} s")


def _known(path: Path, recipe: Recipe, dataset: DataSet) -> ReferenceRecord | None:
    """Return the record to go on with: that of the same recipe and the same data, or none."""
    if not path.is_file():
        return None
    record = load_record(path)
    same = record.recipe.digest == recipe.digest and record.trainings[0].fingerprint == dataset.fingerprint
    return record if same else None
