"""Trainings that go on from each other: ``fit`` called again on a trained model."""

from __future__ import annotations

from grader.recipe.refusal import NotRebuildable
from grader.records import Recipe, msg

MOST_TRAININGS = 50
"""Most trainings of one model, one after the other."""


def check_chain(recipe: Recipe) -> None:
    """Check what a recipe goes on from.

    Raises:
        NotRebuildable: One training does not lead to the next, or what it leads to depends on how well it went.
    """
    if recipe.before is None:
        return
    earlier = recipe.before.chain
    if len(earlier) >= MOST_TRAININGS:
        raise NotRebuildable(msg("the model was trained more than {most} times in a row", most=MOST_TRAININGS))
    if list(recipe.before.layers) != list(recipe.layers):
        raise NotRebuildable(msg("the network is another one than in the training before"))
    if recipe.before.data["dataset"] != recipe.data["dataset"]:
        raise NotRebuildable(msg("the training before was on another data set"))
    if not recipe.fit["new_optimizer"]:
        if recipe.before.optimizer["kind"] != recipe.optimizer["kind"]:
            raise NotRebuildable(msg("the optimizer is another one than in the training before"))
        if any(_lowers_its_rate(one) for one in earlier):
            raise NotRebuildable(msg("the training before may have lowered the learning rate"))


def _lowers_its_rate(recipe: Recipe) -> bool:
    return any(callback["kind"] == "ReduceLROnPlateau" for callback in recipe.fit["callbacks"])
