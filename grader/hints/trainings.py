"""What a training that ran says about habits: pixels never scaled, a loss for regression, weights trained before."""

from __future__ import annotations

from collections.abc import Iterator

from grader.inside.reasons import Reason
from grader.known import handed_out
from grader.records import Execution, FitFacts, Message, ModelFacts, msg

_REGRESSION = frozenset({"mean_squared_error", "mse", "mean_absolute_error", "mae", "huber"})
_NORMS = frozenset({"BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization"})
_SCALING = _NORMS | {"Rescaling", "Normalization", "Lambda"}
"""Layers that bring pixels to other numbers, or may."""
_SHAPING = frozenset({"InputLayer", "Flatten", "Reshape", "Permute", "Resizing", "CenterCrop", "ZeroPadding2D"})
_VARYING = frozenset(
    {"RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomCrop", "RandomContrast"}
)
_KEEPING = _SHAPING | _VARYING | {"Cropping2D", "RandomBrightness", "Dropout", "Identity"}
"""Layers that leave pixels about as large as they are, so that the next one may be the one that scales."""
_MOST = 3

MODEL_FAILS = msg("the model fails with {error}: {message}")
BROKEN_OFF = msg("the training was broken off: {error}")
NEVER_TRAINED = msg("the model was built but never trained")
UNTRAINED = frozenset(one.text for one in (MODEL_FAILS, BROKEN_OFF, NEVER_TRAINED))
"""What is found where a criterion asks for a training and none ran to its end."""


def training_hints(execution: Execution) -> tuple[Message, ...]:
    """Return remarks on a notebook's trainings, the first cell of each habit only."""
    found: dict[str, Message] = {}
    models = {model.snapshot: model for model in execution.trace.models}
    for fit in execution.trace.fits:
        for hint in _hints(fit, models.get(fit.snapshot)):
            found.setdefault(hint.text, hint)
    return tuple(found.values())[:_MOST]


def _hints(fit: FitFacts, model: ModelFacts | None) -> Iterator[Message]:
    loss = fit.compile.loss if fit.compile else ""
    if _is_raw(fit) and model is not None and not _may_scale(model):
        yield msg(
            "Cell {cell} trains on pixels of 0…255: they were not divided by 255. Training goes faster and further "
            "with numbers between 0 and 1.",
            cell=fit.cell,
        )
    if fit.x.dataset and loss in _REGRESSION:
        yield msg(
            "Cell {cell} trains a classifier with {loss}, which measures a distance between numbers; for classes "
            "take a cross-entropy.",
            cell=fit.cell,
            loss=loss,
        )
    trained_before = fit.follows is not None or fit.not_fresh_because == Reason.TRAINED_BEFORE
    if trained_before and fit.completed and fit.asked_epochs > 0:
        yield msg(
            "Cell {cell}: this fit goes on from the weights of an earlier fit. To compare, build and compile the "
            "model again first.",
            cell=fit.cell,
        )


def _is_raw(fit: FitFacts) -> bool:
    """Whether a training was given a data set's pixels as they come."""
    x = fit.x
    return bool(handed_out(x.dataset) and x.split) and (x.scale, x.shift, x.transform) == (1.0, 0.0, "")


def _may_scale(model: ModelFacts) -> bool:
    """Whether a model scales its pixels itself before it computes with them, or does what could not be seen."""
    first = next((layer for layer in model.layers if layer.custom or layer.kind not in _KEEPING), None)
    return bool(model.unseen) or first is None or first.custom or first.kind in _SCALING
