"""What a training that ran says about habits: pixels never scaled, a loss for regression, weights trained before."""

from __future__ import annotations

from collections.abc import Iterator

from grader.known import handed_out
from grader.records import Execution, FitFacts, Message, msg

_REGRESSION = frozenset({"mean_squared_error", "mse", "mean_absolute_error", "mae", "huber"})
_MOST = 3

MODEL_FAILS = msg("the model fails with {error}: {message}")
BROKEN_OFF = msg("the training was broken off: {error}")
NEVER_TRAINED = msg("the model was built but never trained")
UNTRAINED = frozenset(one.text for one in (MODEL_FAILS, BROKEN_OFF, NEVER_TRAINED))
"""What is found where a criterion asks for a training and none ran to its end."""


def training_hints(execution: Execution) -> tuple[Message, ...]:
    """Return remarks on a notebook's trainings, the first cell of each habit only."""
    found: dict[str, Message] = {}
    for fit in execution.trace.fits:
        for hint in _hints(fit):
            found.setdefault(hint.text, hint)
    return tuple(found.values())[:_MOST]


def _hints(fit: FitFacts) -> Iterator[Message]:
    loss = fit.compile.loss if fit.compile else ""
    if handed_out(fit.x.dataset) and fit.x.split and (fit.x.scale, fit.x.shift, fit.x.transform) == (1.0, 0.0, ""):
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
    if not fit.fresh and fit.completed and fit.epochs > fit.initial_epoch:
        yield msg(
            "Cell {cell}: this fit goes on from the weights of an earlier fit. To compare, build and compile the "
            "model again first.",
            cell=fit.cell,
        )
