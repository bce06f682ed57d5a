"""Trainings that a fair rule does not let pass: a reference's recipe, spoiled in one respect.

``grader reference verify`` tells how many of them the bands catch. Everything here is done to recipes and data sets of
our own making; a student's recipe comes out of ``grader.recipe`` alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from grader.datasets import with_shuffled_labels
from grader.inside.budget import cut_given_steps
from grader.recipe import digest_of
from grader.records import DataSet, Message, Profile, Recipe, msg

_FASTER = 30
_NARROWER = 32
_FEWEST_UNITS = 2
_WIDTHS = ("units", "filters")

SHUFFLED = "shuffled-labels"
KINDS: Mapping[str, Message] = {
    "one-epoch": msg("one epoch only"),
    "fast": msg("learning rate × {factor}", factor=_FASTER),
    SHUFFLED: msg("shuffled labels"),
    "half-data": msg("half the data"),
    "no-activation": msg("no activations"),
    "tiny": msg("a tiny network"),
}
"""What is done, by the name it has in file names."""
_LESS_SEEN = ("one-epoch", "half-data")
"""Kinds that spoil a training by what it does not see."""

_Parts = dict[str, Any]


def spoiled(recipe: Recipe, dataset: DataSet, profile: Profile) -> Iterator[tuple[str, Recipe, DataSet]]:
    """Yield the kind, the recipe and the data set of every way to spoil a training that fits it and the profile."""
    for kind in KINDS:
        if kind == SHUFFLED:
            yield kind, recipe, with_shuffled_labels(dataset)
            continue
        changed = spoil(recipe, kind)
        if changed.digest != recipe.digest and not (kind in _LESS_SEEN and _sees_as_much(changed, recipe, profile)):
            yield kind, changed, dataset


def spoil(recipe: Recipe, kind: str) -> Recipe:
    """Return a recipe spoiled in one respect; the recipe itself where there is nothing to spoil."""
    parts = {name: getattr(recipe, name) for name in ("layers", "optimizer", "loss", "data", "fit")}
    parts |= _WAYS[kind](parts)
    return Recipe(**parts, digest=digest_of(**{**parts, "layers": list(parts["layers"])}))


def _sees_as_much(changed: Recipe, recipe: Recipe, profile: Profile) -> bool:
    """Whether a budget buys both as many steps, and they do not come to the end of the rows: an honest training."""
    steps, rows = _steps_and_rows(changed, profile.steps)
    return profile.steps is not None and steps >= _steps_and_rows(recipe, profile.steps)[0] and rows <= _count(changed)


def _steps_and_rows(recipe: Recipe, budget: int | None) -> tuple[int, int]:
    """Return the steps of a training, and the rows that they take."""
    fit = recipe.fit
    size: int = fit["batch_size"]
    epochs: int = fit["epochs"] - fit["initial_epoch"]
    written: int = fit["steps_per_epoch"] or -(-_count(recipe) // size)
    total = epochs * (cut_given_steps(written, epochs, budget) or written)
    return total, total * size


def _count(recipe: Recipe) -> int:
    """Return how many rows there are to train on."""
    count: int = recipe.data["rows"]["count"]
    held: float = recipe.fit["validation_split"]
    return math.floor(count * (1.0 - held))


def _one_epoch(parts: _Parts) -> _Parts:
    return {"fit": {**parts["fit"], "epochs": parts["fit"]["initial_epoch"] + 1}}


def _fast(parts: _Parts) -> _Parts:
    optimizer = parts["optimizer"]
    rate = _faster(optimizer["config"]["learning_rate"])
    return {"optimizer": {**optimizer, "config": {**optimizer["config"], "learning_rate": rate}}}


def _faster(rate: Any) -> Any:
    """Multiply a learning rate, or the numbers a schedule starts from."""
    if not isinstance(rate, Mapping):
        return rate * _FASTER
    config = dict(rate["config"])
    if "initial_learning_rate" in config:
        config["initial_learning_rate"] *= _FASTER
    if "values" in config:
        config["values"] = [value * _FASTER for value in config["values"]]
    return {**rate, "config": config}


def _half_data(parts: _Parts) -> _Parts:
    rows = parts["data"]["rows"]
    count = max(1, rows["count"] // 2)
    if "packed" in rows:
        return {}
    half = {"count": count}
    if "ranges" in rows:
        half["ranges"] = _first(rows["ranges"], count)
    return {"data": {**parts["data"], "rows": half}}


def _first(ranges: list[list[int]], count: int) -> Any:
    found = []
    for start, stop in ranges:
        if count > 0:
            found.append([start, min(stop, start + count)])
            count -= stop - start
    return found


def _no_activation(parts: _Parts) -> _Parts:
    def linear(config: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**config, "activation": "linear"} if isinstance(config.get("activation"), str) else config

    return {"layers": _hidden(parts["layers"], linear)}


def _tiny(parts: _Parts) -> _Parts:
    def narrow(config: Mapping[str, Any]) -> Mapping[str, Any]:
        widths = {name: max(_FEWEST_UNITS, config[name] // _NARROWER) for name in _WIDTHS if name in config}
        return {**config, **widths}

    return {"layers": _hidden(parts["layers"], narrow)}


def _hidden(
    layers: tuple[Mapping[str, Any], ...], change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> tuple[Mapping[str, Any], ...]:
    """Change the configs of all layers but the last one that has a width: the classes are as many as they are."""
    last = max(
        (place for place, node in enumerate(layers) if any(name in node["config"] for name in _WIDTHS)), default=0
    )
    return tuple(
        {**node, "config": change(node["config"])} if place < last else node for place, node in enumerate(layers)
    )


_WAYS: Mapping[str, Callable[[_Parts], _Parts]] = {
    "one-epoch": _one_epoch,
    "fast": _fast,
    "half-data": _half_data,
    "no-activation": _no_activation,
    "tiny": _tiny,
}
