"""How fast recipes are trained: ``python -m benchmarks.trainer_speed``, with ``KERAS_BACKEND=jax`` for another backend.

In one process, in turn: plain ``model.fit`` with NumPy inputs, as a notebook calls it, and the trainer's own way with
the same recipe and the same rows. Printed are steps per second of the quickest epoch of each, and how they compare; the
first epoch of each round, in which programs are compiled, does not count. The trainer keeps rows on the device only
where that is a GPU; ``--resident`` makes it do so on a processor too, to try it out. ``--seeds 10`` trains with ten
seeds both ways and compares the test accuracies instead.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.run_directory import say
from grader.datasets import DataStore
from grader.inside.trainer.__main__ import keep_out_tensorflow
from grader.places import shipped

GPU_GOALS = {"example4": 5.0, "example3": 3.0}
"""How many times as many steps per second the trainer should take on a GPU."""
CPU_GOAL = 1.05
"""What the trainer may take on a processor, where plain ``fit`` takes 1."""
_SURE = 0.01
"""Under this p two samples are not taken for one distribution."""
Fit = Callable[[dict[str, Any], list[Any]], Any]
"""Trains the recipe of a request with these callbacks; returns the model."""


def main() -> None:
    """Time or compare the examples asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", default="example4,example3")
    parser.add_argument(
        "--steps", type=int, help="steps in an epoch; else as many as the recipe has, on a processor 100"
    )
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is timed, in turn")
    parser.add_argument("--seeds", type=int, help="compare accuracies of so many seeds")
    parser.add_argument("--resident", action="store_true", help="keep rows on the device on a processor too")
    asked = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    keep_out_tensorflow()
    import keras

    from grader.inside.trainer.devices import device_class

    device, backend = device_class(), keras.backend.backend()
    say(f"{backend} on {device}; processors: {os.cpu_count()}")
    for example in asked.examples.split(","):
        request = _request(example, asked, device)
        ways: dict[str, Fit] = {"plain": _plain, "trainer": _trainer(resident=asked.resident or device == "gpu")}
        if asked.seeds:
            _accuracies(example, request, ways, asked.seeds)
        else:
            _speed(example, request, ways, asked.rounds, device)
    if device != "gpu":
        say("Not measured on a GPU: the goals of 5 and 3 times are for one. Call the same on a machine that has one.")


def _request(example: str, asked: Any, device: str) -> dict[str, Any]:
    """Return what the trainer would be asked, for the recipe of an example on record."""
    path = shipped("reference") / "results" / f"{example}-sample-quick-cpu.json"
    recipe = json.loads(path.read_text("utf-8"))["recipe"]
    dataset = DataStore().choose(recipe["data"]["dataset"], "sample")
    fit = recipe["fit"]
    steps = asked.steps or (None if device == "gpu" else 100)
    fit |= {"epochs": asked.epochs, "validation_split": 0.0}
    if steps:
        rows = min(steps * fit["batch_size"], recipe["data"]["rows"]["count"])
        recipe["data"]["rows"] = {"count": rows, "ranges": [[0, rows]]}
    return {"recipe": recipe, "seed": 1, "folder": dataset.folder}


def _speed(example: str, request: dict[str, Any], ways: Mapping[str, Fit], rounds: int, device: str) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _, (name, fit) in itertools.product(range(rounds), ways.items()):
        clock = _clock()
        fit(request, [clock])
        seconds[name] += clock.seconds[1:]
    recipe = request["recipe"]
    steps = -(-recipe["data"]["rows"]["count"] // recipe["fit"]["batch_size"])
    plain, ours = (min(seconds[name]) for name in ("plain", "trainer"))
    middle = statistics.median(seconds["trainer"]) / statistics.median(seconds["plain"])
    say(f"{example}, batch {recipe['fit']['batch_size']}, epochs of {steps} steps")
    for name in ways:
        say(f"  {name:10}{steps / min(seconds[name]):10.1f} steps/s in the quickest epoch")
    goal = f"on a GPU >= {GPU_GOALS.get(example, 1.0):g} x" if device == "gpu" else f"time <= {CPU_GOAL}"
    say(f"  trainer / plain: {plain / ours:.2f} x the steps, {ours / plain:.3f} of the time ({middle:.3f} by medians)")
    say(f"  goal: {goal}")


def _accuracies(example: str, request: dict[str, Any], ways: Mapping[str, Fit], seeds: int) -> None:
    from grader.inside.trainer.arrays import ArrayCache, test_split
    from grader.inside.trainer.fitting import evaluated

    [test] = ArrayCache().prepare(request["folder"], test_split(request["recipe"]["data"], 2000))
    found: dict[str, list[float]] = {name: [] for name in ways}
    for seed, (name, fit) in itertools.product(range(1, seeds + 1), ways.items()):
        found[name].append(evaluated(fit({**request, "seed": seed}, []), test)["accuracy"])
    say(f"{example}: test accuracy with {seeds} seeds")
    for name, values in found.items():
        spread = statistics.stdev(values)
        say(f"  {name:10}mean {statistics.mean(values):.4f}, standard deviation {spread:.4f}, lowest {min(values):.4f}")
    _compare(found["plain"], found["trainer"])


def _compare(plain: Sequence[float], ours: Sequence[float]) -> None:
    """Print whether two ways of training give one distribution, and how far apart they may be."""
    from scipy.stats import mannwhitneyu, ttest_ind

    if sorted(plain) == sorted(ours):
        say("  verdict: the same accuracies, one by one")
        return
    p = mannwhitneyu(ours, plain).pvalue
    low, high = ttest_ind(ours, plain, equal_var=False).confidence_interval(1 - _SURE)
    apart = statistics.mean(ours) - statistics.mean(plain)
    verdict = (
        "OTHER ACCURACIES" if p < _SURE or not low <= 0 <= high else "the same accuracies, as far as these seeds tell"
    )
    say(f"  verdict: {verdict}")
    say(f"    trainer - plain: {apart:+.4f}, 99 % interval {low:+.4f} to {high:+.4f} (Welch)")
    say(f"    one distribution: p = {p:.2f} (Mann and Whitney)")


def _plain(request: dict[str, Any], callbacks: list[Any]) -> Any:
    """Train as a notebook does."""
    import keras

    from grader.inside.trainer.build import build
    from grader.inside.trainer.kinds import LOSSES, OPTIMIZERS, make

    recipe, (x, y) = request["recipe"], _arrays(request)
    keras.utils.set_random_seed(request["seed"])
    model = build(recipe["layers"]).model
    model.compile(make(OPTIMIZERS, recipe["optimizer"]), make(LOSSES, recipe["loss"]), metrics=["accuracy"])
    fit = recipe["fit"]
    model.fit(x, y, batch_size=fit["batch_size"], epochs=fit["epochs"], verbose=0, callbacks=callbacks)
    return model


def _trainer(*, resident: bool) -> Fit:
    """Train as the trainer does."""

    def train(request: dict[str, Any], callbacks: list[Any]) -> Any:
        import keras

        from grader.inside.trainer.build import build
        from grader.inside.trainer.fitting import compiled, fitted, model_class

        recipe, training = request["recipe"], _arrays(request)
        keras.utils.set_random_seed(request["seed"])
        model = compiled(build(recipe["layers"], model_class(resident=resident)).model, recipe, None)
        fitted(model, recipe["fit"], training, None, None, callbacks, seed=0)
        return model

    return train


def _arrays(request: Mapping[str, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    from grader.inside.trainer.arrays import ArrayCache

    [pair] = ArrayCache().prepare(request["folder"], request["recipe"]["data"])
    return pair


def _clock() -> Any:
    """Return a callback that keeps the seconds of each epoch."""
    import keras

    class Clock(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.seconds: list[float] = []
            self._begun = 0.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            self._begun = time.monotonic()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            self.seconds.append(time.monotonic() - self._begun)  # logs hold numbers: the device is done

    return Clock()


if __name__ == "__main__":
    main()
