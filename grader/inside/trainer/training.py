"""One request: build, train, evaluate on the test split (under a budget on a part of it), tell what came of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from grader.inside.budget import EVALUATION_ROWS, cut_given_steps, cut_steps
from grader.inside.pipelines import end_at_once

from .arrays import ArrayCache, Pair, num_rows, part, test_split
from .batches import batches_of
from .build import Built, Refused, build, describe, measure
from .fitting import compiled, evaluated, fitted, model_class, stays_on_device
from .memory import is_exhausted
from .state import packed, state_of, take_over, unpacked

_BETWEEN_SEEDS = 1_000_003

OnEpoch = Callable[[int, int], None]
"""Is called after every epoch: how many are done, of how many."""


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Stops a training that is out of time, or whose loss is no longer a number, and counts its epochs."""

    def __init__(self, seconds: float, on_epoch: Callable[[], None]) -> None:
        super().__init__()
        self._end = time.monotonic() + seconds
        self._on_epoch = on_epoch
        self.late = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        if time.monotonic() > self._end:
            self.late = self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._on_epoch()
        if logs and not math.isfinite(logs.get("loss", 0.0)):
            self.model.stop_training = True


class _EpochCount:
    """Counts the epochs of trainings that go on from one another."""

    def __init__(self, recipes: Sequence[Mapping[str, Any]], on_epoch: OnEpoch | None) -> None:
        self._of = sum(recipe["fit"]["epochs"] - recipe["fit"]["initial_epoch"] for recipe in recipes)
        self._epoch = 0
        self._on_epoch = on_epoch

    def one_more(self) -> None:
        self._epoch += 1
        if self._on_epoch is not None:
            self._on_epoch(self._epoch, self._of)


def train(
    request: Mapping[str, Any], arrays: ArrayCache, before: bytes = b"", on_epoch: OnEpoch | None = None
) -> tuple[dict[str, Any], bytes]:
    """Train the last recipe of a request once, after those it goes on from.

    Args:
        request: What is asked for.
        arrays: Keeps prepared data.
        before: What the training before the last one left; the trainings before are then not made again.
        on_epoch: Is told of every epoch.

    Returns:
        The fields of ``records.Training`` that the trainer knows, plain JSON values; ``reason`` is
        ``{"code", "values"}`` where the outcome is not ``trained``. With ``state`` in the request, what the training
        left in the model besides.
    """
    started, state = time.monotonic(), b""
    try:
        reply, state = _train_all(request, arrays, before, on_epoch)
    except Refused as refused:
        reply = {"outcome": "refused", "reason": {"code": refused.code, "values": refused.values}}
    except Exception as error:
        text = f"{type(error).__name__}: {error}".strip()
        code = "exhausted" if is_exhausted(error) else "error"
        reply = {"outcome": "failed", "reason": {"code": code, "values": {"error": text[:500]}}}
    keras.utils.clear_session()
    return {**reply, "seconds": round(time.monotonic() - started, 3)}, state


def _train_all(
    request: Mapping[str, Any], arrays: ArrayCache, before: bytes, on_epoch: OnEpoch | None
) -> tuple[dict[str, Any], bytes]:
    """Train one recipe after the other; one that comes to nothing is the end."""
    last = len(request["recipes"]) - 1
    recipes = list(enumerate(request["recipes"]))[last if before else 0 :]
    count = _EpochCount([recipe for _, recipe in recipes], on_epoch)
    state = unpacked(before) if before else None
    reply: dict[str, Any] = {}
    for number, recipe in recipes:
        # Each has a seed of its own: to see the rows in the same order again is no second training.
        seed = (request["seed"] + number * _BETWEEN_SEEDS) % (1 << 31)
        keep = request["state"] or number < last
        reply, state = _train({**request, "recipe": recipe, "seed": seed, "state": keep}, arrays, state, count)
        if reply["outcome"] != "trained":
            return reply, b""
    return reply, packed(state) if state else b""


def _train(
    request: Mapping[str, Any], arrays: ArrayCache, before: Mapping[str, Any] | None, count: _EpochCount
) -> tuple[dict[str, Any], dict[str, Any]]:
    recipe, bounds = request["recipe"], request["bounds"]
    nodes, fit, data = recipe["layers"], recipe["fit"], recipe["data"]
    measure(nodes, fit["batch_size"], bounds)
    plan = _plan(fit, num_rows(data), request["steps"], bounds["steps"])
    training, test, *validation = arrays.prepare(request["folder"], *_references(recipe, plan, request))
    end_at_once()
    keras.utils.clear_session()
    keras.utils.set_random_seed(request["seed"])
    resident = stays_on_device(fit, len(training[0]), plan.steps)
    built = build(nodes, model_class(resident=resident))
    watch = _Watch(bounds["seconds"], count.one_more)
    model = compiled(built.model, recipe, plan.steps)
    if before is not None:
        take_over(built, before, None if fit["new_optimizer"] else _rate(recipe))
    held = validation[0] if validation else None
    history, kept = fitted(model, fit, training, held, plan.steps, [watch], request["seed"])
    if watch.late:
        raise Refused("seconds", most=bounds["seconds"])
    reply = {**_describe(built, nodes, history, kept), **_outcome(model, history, test)}
    return reply, state_of(built) if request["state"] and reply["outcome"] == "trained" else {}


def _rate(recipe: Mapping[str, Any]) -> float:
    rate = recipe["optimizer"]["config"]["learning_rate"]
    return math.nan if isinstance(rate, dict) else float(rate)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """How much of the data a training looks at."""

    kept: int
    """Training rows left after the validation split."""
    steps: int | None
    """Steps per epoch to give Keras; None for all rows."""
    taken: int | None
    """Rows that a budget's steps will see; None for all of them."""
    validated: int | None
    """Rows that validation looks at; None for all of them."""


def _plan(fit: Mapping[str, Any], rows: int, budget: int | None, most: int) -> _Plan:
    """Say how much of the data a training looks at.

    Raises:
        Refused: The whole training would take more than ``most`` steps.
    """
    kept = math.floor(rows * (1.0 - fit["validation_split"]))  # as Keras cuts
    size, epochs = fit["batch_size"], fit["epochs"] - fit["initial_epoch"]
    written = fit["steps_per_epoch"] or batches_of(fit, kept)
    cut = cut_given_steps(written, epochs, budget)
    total = epochs * (cut or written)
    if total > most:
        raise Refused("steps", found=total, most=most)
    validated = num_rows(fit["validation"]) if fit["validation"] else rows - kept
    steps = cut_steps(validated, size, epochs, budget)
    return _Plan(
        kept=kept,
        steps=cut or fit["steps_per_epoch"],
        # Keras would prepare, copy and shuffle all rows for the few that the steps see.
        taken=total * size if cut and total * size < kept else None,
        validated=None if steps is None else steps * size,
    )


def _references(recipe: Mapping[str, Any], plan: _Plan, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what to prepare: training rows, test rows, and validation rows where there are any."""
    fit, data = recipe["fit"], recipe["data"]
    chosen = {}
    if plan.taken is not None and fit["shuffle"]:
        chosen = {"take": plan.taken, "seed": request["seed"], "buffer": fit.get("shuffle_buffer", plan.kept)}
    stop = plan.taken if plan.taken is not None and not fit["shuffle"] else plan.kept
    references = [
        part(data, 0, stop, **chosen),
        test_split(data, None if request["steps"] is None else EVALUATION_ROWS),
    ]
    if fit["validation"]:
        references.append(part(fit["validation"], 0, plan.validated))
    elif fit["validation_split"]:
        references.append(part(data, plan.kept, None if plan.validated is None else plan.kept + plan.validated))
    return references


def _describe(built: Built, nodes: list[Any], history: dict[str, list[float]], kept: int) -> dict[str, Any]:
    accuracies = history.get("accuracy")
    return {
        "history": {name: [_finite(value) for value in values] for name, values in history.items()},
        "train_accuracy": _finite(accuracies[kept]) if accuracies else None,
        "num_params": built.model.count_params(),
        "layers": describe(built, nodes),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _outcome(model: keras.Model, history: dict[str, list[float]], test: Pair) -> dict[str, Any]:
    losses = history.get("loss", [])
    if not losses or not all(math.isfinite(loss) for loss in losses):
        return {"outcome": "diverged", "reason": {"code": "diverged", "values": {"epoch": _first_bad(losses)}}}
    found, num_test = evaluated(model, test), len(test[0])
    return {
        "outcome": "trained",
        "test_accuracy": round(found["accuracy"] * num_test) / num_test,  # a share of rows, freed of float32's noise
        "test_loss": _finite(float(found["loss"])),
        "num_test": num_test,
    }


def _first_bad(losses: list[float]) -> int:
    return next((epoch for epoch, loss in enumerate(losses, start=1) if not math.isfinite(loss)), 1)
