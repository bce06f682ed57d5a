"""Criteria: one small class per kind of check. A new one is added to a module here and to ``KINDS``."""

from __future__ import annotations

from grader.criteria.accuracy import Accuracy
from grader.criteria.base import Criterion
from grader.criteria.compiled import Loss, Optimizer
from grader.criteria.data import TrainingData
from grader.criteria.gap import AccuracyGap
from grader.criteria.layers import Layer, LayerCount, LayerOrder
from grader.criteria.runs import Evaluated, ExampleRun, Trained
from grader.criteria.settings import BatchSize, Epochs, ValidationSplit
from grader.criteria.shapes import InputShape, OutputShape, ParameterCount
from grader.criteria.tries import Configurations, Varied

KINDS: dict[str, type[Criterion]] = {
    cls.kind: cls
    for cls in (
        LayerCount,
        LayerOrder,
        Layer,
        InputShape,
        OutputShape,
        ParameterCount,
        Loss,
        Optimizer,
        BatchSize,
        Epochs,
        ValidationSplit,
        TrainingData,
        Trained,
        Evaluated,
        ExampleRun,
        Configurations,
        Varied,
        Accuracy,
        AccuracyGap,
    )
}
"""Every kind of criterion, by its name in a task's TOML file."""

__all__ = ["KINDS", "Criterion"]
