"""A traced fit -> a recipe: one training in canonical form, rebuilt from an allow-list only.

Host side, pure JSON work: no Keras here. The trace is a claim from a hostile kernel; whatever is not plainly one of
the known layers, losses, optimizers, callbacks and rows of known data is :class:`NotRebuildable`, with the reason.
"""

from __future__ import annotations

from typing import Any

from grader.inside.reasons import Reason
from grader.reasons import sentence_of
from grader.recipe.canonical import canonical_json, digest_of, frozen_parts
from grader.recipe.chain import check_chain
from grader.recipe.data import data_of
from grader.recipe.graph import Network, network_of
from grader.recipe.refusal import NotRebuildable
from grader.recipe.table import LAYERS
from grader.recipe.values import plain
from grader.recipe.wires import malformed
from grader.recipe.wrapup import callbacks_of, loss_of, optimizer_of
from grader.records import MOST_ROWS, CompileFacts, FitFacts, ModelFacts, Recipe, msg

__all__ = ["LAYERS", "NotRebuildable", "canonical_json", "digest_of", "named_recipe_of", "recipe_of"]

_MOST_EPOCHS = 100_000
_MOST_STEPS = 100_000_000


def recipe_of(fit: FitFacts, model: ModelFacts, before: Recipe | None = None) -> Recipe:
    """Write the training of ``model`` by ``fit`` canonically.

    Equal trainings give equal digests, whatever the layers are called, however the network is spelled, whichever
    seeds were given.

    Args:
        fit: The training.
        model: What was trained.
        before: The recipe of the fit that this one follows, if it follows one.

    Raises:
        NotRebuildable: It cannot be repeated from what the trace tells; ``reason`` says why.
    """
    return named_recipe_of(fit, model, before)[0]


def named_recipe_of(fit: FitFacts, model: ModelFacts, before: Recipe | None = None) -> tuple[Recipe, tuple[str, ...]]:
    """Return, with the recipe, what its layers are called in the model that it was written from, the input left out.

    Raises:
        NotRebuildable: As :func:`recipe_of`.
    """
    network = _network(fit, model)
    compiled = _check_fit(fit, follows=before is not None)
    try:
        data = data_of(fit.x, fit.y)
        shape = list(network.shape)
        parts: dict[str, Any] = {
            "layers": network.nodes,
            "optimizer": optimizer_of(compiled),
            "loss": loss_of(compiled),
            "data": {**data, "shape": shape},
            "fit": _fit_of(fit, shape) | ({} if before is None else {"new_optimizer": fit.recompiled}),
        }
        parts = frozen_parts(parts)
    except (RecursionError, OverflowError, TypeError, ValueError):
        raise malformed() from None
    digest = digest_of(**parts, **({} if before is None else {"before": before.digest}))
    recipe = Recipe(**{**parts, "layers": tuple(parts["layers"])}, digest=digest, before=before)
    check_chain(recipe)
    return recipe, network.names


def _network(fit: FitFacts, model: ModelFacts) -> Network:
    if model.config is None or model.api not in ("sequential", "functional", "subclassed"):
        raise NotRebuildable(
            msg(
                "the model cannot be rebuilt from its description: {why}",
                why=sentence_of(model.unportable or model.api),
            )
        )
    try:
        return network_of(model.config, model.api, fit.x.shape[1:])
    except (RecursionError, OverflowError, TypeError, ValueError):
        raise malformed() from None


def _check_fit(fit: FitFacts, *, follows: bool) -> CompileFacts:
    """Refuse what no recipe can hold; return what the model was compiled with."""
    if not fit.completed:
        raise NotRebuildable(msg("the training stopped with an error: {error}", error=fit.error))
    if fit.compile is None:
        raise NotRebuildable(msg("the model was trained without being compiled"))
    if not fit.fresh and not (follows and fit.follows is not None):
        why = sentence_of(fit.not_fresh_because or Reason.WEIGHTS_CHANGED)
        raise NotRebuildable(msg("the training did not start from fresh weights: {why}", why=why))
    if fit.sample_weight:
        raise NotRebuildable(msg("the training weighs its rows one by one"))
    if fit.unrepeatable:
        raise NotRebuildable(msg("the training cannot be repeated: {why}", why=sentence_of(fit.unrepeatable)))
    return fit.compile


def _fit_of(fit: FitFacts, shape: list[int]) -> dict[str, Any]:
    """Write the arguments of ``fit`` canonically."""
    _check_counts(fit)
    validation = _validation(fit, shape)
    split = plain(fit.set_aside)
    found = {
        "batch_size": fit.batch_size,
        "epochs": fit.epochs,
        "initial_epoch": fit.initial_epoch,
        "steps_per_epoch": _steps_per_epoch(fit, split),
        "validation_split": split,
        "validation": validation,
        **_order(fit, fit.x.shape[0]),
        "class_weight": _class_weight(fit),
    }
    callbacks = callbacks_of(fit, validated=fit.validation_x is not None or split > 0)
    if fit.validation_x is not None and validation is None and _watch_validation(callbacks):
        raise NotRebuildable(msg("a callback watches validation data that was not recognised"))
    return {**found, "callbacks": callbacks}


def _check_counts(fit: FitFacts) -> None:
    if fit.batch_size is None or not 1 <= fit.batch_size <= 1_000_000:
        raise NotRebuildable(msg("the batch size is not known"))
    if not 0 <= fit.initial_epoch < fit.epochs <= _MOST_EPOCHS:
        raise NotRebuildable(msg("the training has {epochs} epochs", epochs=fit.epochs))
    if not 0 <= fit.validation_split < 1:
        raise NotRebuildable(msg("the validation split is {split}", split=fit.validation_split))
    if fit.steps_per_epoch is not None and not 1 <= fit.steps_per_epoch <= _MOST_STEPS:
        raise NotRebuildable(msg("the training has {steps} steps per epoch", steps=fit.steps_per_epoch))


def _order(fit: FitFacts, rows: int) -> dict[str, Any]:
    """Write in which order rows come; a pipeline's own ways only where they make a difference."""
    buffer, size = fit.shuffle_buffer, fit.batch_size or 1
    if buffer is not None and not 2 <= buffer <= MOST_ROWS:
        raise NotRebuildable(msg("the training shuffles in a buffer of {rows} rows", rows=buffer))
    if fit.drop_remainder and rows < size:
        raise NotRebuildable(msg("the batch size is not known"))
    found: dict[str, Any] = {"shuffle": fit.shuffle}
    if fit.shuffle and buffer is not None and buffer < rows:
        found["shuffle_buffer"] = buffer
    if fit.drop_remainder and rows % size:
        found["drop_remainder"] = True
    if len(found) > 1 and (fit.validation_split or fit.steps_per_epoch not in (None, _whole_epoch(fit, rows))):
        raise NotRebuildable(msg("the training takes its batches from a pipeline in a way we do not know"))
    return found


def _whole_epoch(fit: FitFacts, rows: int) -> int:
    """Return how many batches show all rows once."""
    size = fit.batch_size or 1
    return rows // size if fit.drop_remainder else -(-rows // size)


def _steps_per_epoch(fit: FitFacts, split: float) -> int | None:
    """Return ``steps_per_epoch`` where it says anything else than "all rows once"."""
    whole_epoch = _whole_epoch(fit, int(fit.x.shape[0] * (1 - split)))
    return None if fit.steps_per_epoch == whole_epoch else fit.steps_per_epoch


def _validation(fit: FitFacts, shape: list[int]) -> dict[str, Any] | None:
    """Write validation data that was recognised; other validation data only changes figures we do not use."""
    if fit.validation_x is None:
        return None
    try:
        return {**data_of(fit.validation_x, fit.validation_y), "shape": shape}
    except NotRebuildable:
        return None


def _watch_validation(callbacks: list[dict[str, Any]]) -> bool:
    return any(callback["config"].get("monitor", "").startswith("val_") for callback in callbacks)


def _class_weight(fit: FitFacts) -> dict[str, float] | None:
    if fit.class_weight is None:
        return None
    found = {}
    for name, weight in fit.class_weight.items():
        if len(name) > 4 or not name.isdecimal() or not 0 <= weight <= 1e6:
            raise NotRebuildable(msg("the class weights are not plain numbers"))
        found[str(int(name))] = plain(float(weight))
    return found
