"""Run a notebook of ours, and take the recipe of its last training."""

from __future__ import annotations

import tempfile
from pathlib import Path

from grader.errors import WorkbookError
from grader.execute import Job, run_notebook
from grader.recipe import NotRebuildable, recipe_of
from grader.records import DataSet, Profile, Recipe, msg
from grader.workbook import Workbook

_STEPS = 4
"""Training steps the notebook itself may take; what is recorded is trained afterwards."""


def recipe_from(notebook: Path, workbook: Workbook, dataset: DataSet, *, unsealed: bool = False) -> Recipe:
    """Run a notebook on a small budget of steps and return the recipe of its last training.

    Raises:
        WorkbookError: There is no such notebook, or it trains nothing that can be rebuilt.
    """
    if not notebook.is_file():
        text = msg(
            "{notebook}: there is no such notebook; workbook.toml lists it, so write it or take it out there",
            notebook=str(notebook),
        )
        raise WorkbookError(text)
    with tempfile.TemporaryDirectory() as out:
        job = Job(
            notebook=notebook,
            files=(),
            out=Path(out),
            datasets=(dataset,),
            profile=Profile(name="quick", steps=_STEPS),
            limits=workbook.limits,
            unsealed=unsealed,
            shims=workbook.legacy != "fail",
        )
        execution = run_notebook(job)
    fits = [fit for fit in execution.trace.fits if fit.completed]
    if not fits:
        errors = "; ".join(f"cell {c.number}: {c.error}: {c.message}" for c in execution.cells if c.error)
        text = msg(
            "{notebook}: no training was seen ({ending}; {errors}); a reference must train",
            notebook=str(notebook),
            ending=execution.ending.value,
            errors=errors or msg("no errors"),
        )
        raise WorkbookError(text)
    models = {model.snapshot: model for model in execution.trace.models}
    try:
        return recipe_of(fits[-1], models[fits[-1].snapshot])
    except NotRebuildable as error:
        text = msg("{notebook}: its last training cannot be rebuilt: {why}", notebook=str(notebook), why=error.reason)
        raise WorkbookError(text) from error
