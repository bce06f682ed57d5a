"""What we measure ourselves on an answer: trainings of its recipe, or the student's own predictions scored by us."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.criteria.accuracy import Accuracy
from grader.criteria.case import Candidate, Measurement
from grader.inside.reasons import Reason
from grader.match import Match
from grader.recipe import NotRebuildable, recipe_of
from grader.records import Band, DataSet, Execution, FitFacts, Platform, Profile, Recipe, Training, msg
from grader.reference import Bands
from grader.train import Trainer
from grader.workbook import Task

SEEDS = (1001, 1002, 1003)
"""Seeds of a student's trainings; reference trainings count from 1, so none is held against itself."""


_NOT_THEIR_OWN = frozenset({Reason.WEIGHTS_SET, Reason.WEIGHTS_LOADED, Reason.FROM_FILE})
"""Why weights are not fresh where what made them was not seen: their predictions say nothing."""


def references_of(task: Task) -> set[str]:
    """Return the references that a task's accuracies are held against."""
    return {criterion.reference for criterion in task.criteria if isinstance(criterion, Accuracy)}


@dataclass(frozen=True, kw_only=True)
class Measurer:
    """Everything that measuring needs, shared by all submissions of a run."""

    trainer: Trainer
    bands: Bands
    datasets: Mapping[str, DataSet]
    profile: Profile
    platform: Platform
    """What is trained on here, where no training tells."""

    def measure(self, task: Task, match: Match, executions: Sequence[Execution]) -> Measurement:
        """Train a task's answer again; two more times when the first training leaves it open."""
        candidate = match.candidate
        if candidate is None or candidate.fit is None or not candidate.is_trained:
            return Measurement()
        try:
            recipe = recipe_for(candidate, executions)
        except NotRebuildable as refusal:
            return Measurement(reason=refusal.reason, in_kernel=self._in_kernel(candidate, task, executions))
        trainings = [self.train(recipe, SEEDS[0])]
        if self._need_more(task, trainings):
            trainings += [self.train(recipe, seed) for seed in SEEDS[1:]]
        delegated = recipe.digest in _execution_of(candidate, executions).delegated
        return Measurement(trainings=tuple(trainings), recipe=recipe.digest, delegated=delegated)

    def _need_more(self, task: Task, trainings: Sequence[Training]) -> bool:
        bands = self.bands_for(task, trainings)
        return any(criterion.needs_more(trainings, bands, self.profile) for criterion in task.criteria)

    def example(self, match: Match, executions: Sequence[Execution]) -> float | None:
        """Return the test accuracy of the student's own run of the example, trained again by us."""
        for run in match.example_runs:
            try:
                return self.train(recipe_for(run, executions), SEEDS[0]).test_accuracy
            except NotRebuildable:
                continue
        return None

    def train(self, recipe: Recipe, seed: int) -> Training:
        """Train a recipe once, or take the training from the cache."""
        return self.trainer.train(recipe, self.datasets[str(recipe.data["dataset"])], self.profile, seed)

    def bands_for(self, task: Task, trainings: Sequence[Training]) -> dict[str, Band]:
        """Return the bands a task is judged by, for the conditions its trainings were made under."""
        names = references_of(task)
        if task.example is not None:
            names.add(task.example.reference)
        found = {
            name: self.bands.band(
                name,
                fingerprint=self.datasets[task.dataset].fingerprint,
                profile=self.profile,
                platform=self.platform_of(trainings),
            )
            for name in names
        }
        return {name: band for name, band in found.items() if band is not None}

    def platform_of(self, trainings: Sequence[Training]) -> Platform:
        """Return what trainings were made on, which is what their reference must have been trained on."""
        return trainings[0].platform if trainings else self.platform

    def _in_kernel(self, candidate: Candidate, task: Task, executions: Sequence[Execution]) -> float | None:
        """Score what the student's own model predicts for the test inputs."""
        assert candidate.fit is not None
        if candidate.fit.not_fresh_because in _NOT_THEIR_OWN:
            return None
        dataset = self.datasets[task.dataset]
        for prediction in _execution_of(candidate, executions).trace.predictions:
            if prediction.after_fit == candidate.fit.fit and prediction.dataset == task.dataset:
                return _score(prediction.classes, Path(dataset.folder) / "y_test.npy")
        return None


def recipe_for(candidate: Candidate, executions: Sequence[Execution]) -> Recipe:
    """Write the training of a candidate as a recipe.

    Raises:
        NotRebuildable: It cannot be.
    """
    assert candidate.fit is not None
    fit = candidate.fit
    if fit.compile is None and candidate.compile is not None:
        fit = replace(fit, compile=candidate.compile)
    trace = _execution_of(candidate, executions).trace
    models = {model.snapshot: model for model in trace.models}
    recipe = None
    for one in [*reversed(_followed(fit, trace.fits)), fit]:
        if one.snapshot not in models:
            raise NotRebuildable(msg("the notebook's record of the model is incomplete"))
        recipe = recipe_of(one, models[one.snapshot], recipe)
    assert recipe is not None
    return recipe


def _followed(fit: FitFacts, fits: Sequence[FitFacts]) -> list[FitFacts]:
    """Return the fits of the same model that a fit goes on from, the latest first; none where one is missing."""
    known, found = {one.fit: one for one in fits}, [fit]
    while (number := found[-1].follows) is not None:
        if number >= found[-1].fit or number not in known or known[number].model != fit.model:
            return []
        found.append(known[number])
    return found[1:]


def _execution_of(candidate: Candidate, executions: Sequence[Execution]) -> Execution:
    return next(execution for execution in executions if execution.notebook == candidate.notebook)


def _score(classes: str, labels: Path) -> float | None:
    """Return the share of predicted classes that are right; None when they are not one for every test row."""
    import numpy as np

    truth = np.load(labels, allow_pickle=False).ravel()
    try:
        predicted = np.frombuffer(base64.b64decode(classes, validate=True), dtype=np.uint8)
    except (binascii.Error, ValueError):
        return None
    return float((predicted == truth).mean()) if predicted.shape == truth.shape else None
