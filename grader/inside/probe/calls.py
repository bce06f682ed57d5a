"""What the probe does around one call of ``compile``, ``fit``, ``evaluate`` or ``predict``.

A watch begins before Keras's own method, may hand it other step counts under a budget, and ends with its result or its
exception. It never replaces either.
"""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..reasons import Reason  # noqa: TID252 - the kernel imports this folder under another name
from . import quick
from .batches import Batch, as_array, look_at, single
from .batching import order_of
from .channel import shortened
from .delegate import DelegatedTraining, figures_of, why_not
from .describe import loss_facts, metric_names, optimizer_facts
from .failures import send_failure
from .following import followed_by, left_by
from .handover import hand_over, play, starting_rate
from .keeping import keep
from .rates import facts_of_callbacks
from .session import Session, iterations


class WatchedCall:
    """One call on one model."""

    stage = ""

    def __init__(
        self, session: Session, model: Any, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.session, self.model = session, model
        self.args, self.kwargs = args, kwargs
        self._bound: inspect.BoundArguments | None
        try:
            self._bound = inspect.signature(original).bind(model, *args, **kwargs)
        except TypeError:
            self._bound = None  # Keras will say so itself
            return
        self._bound.apply_defaults()
        self.given: dict[str, Any] = self._bound.arguments

    def begin(self) -> None:
        """Look at the arguments before Keras does."""

    def instead(self) -> Callable[[], Any] | None:
        """Return what to call in place of Keras's method, None to call that."""
        return None

    def done(self, result: Any) -> None:
        """Record a call that came back."""

    def failed(self, error: BaseException) -> None:
        """Record a call that raised."""
        if isinstance(error, Exception):
            send_failure(self.session, self.stage, error, self.model)

    def change(self, **changes: Any) -> None:
        """Hand Keras other values for some of its arguments."""
        if changes and self._bound is not None:
            self._bound.arguments.update(changes)
            self.args, self.kwargs = self._bound.args[1:], self._bound.kwargs

    @property
    def readable(self) -> bool:
        """Whether the arguments fit Keras's method at all."""
        return self._bound is not None

    def remember(self, batch: Batch) -> None:
        """Keep how this model's inputs are made from the data set's own."""
        if batch.found.stored is not None and not batch.facts.get("why"):
            self.session.known(self.model).preprocessing = {**batch.facts, "rows": None}


class Compile(WatchedCall):
    """A call of ``compile``."""

    stage = "compile"

    def done(self, result: Any) -> None:  # noqa: ARG002
        """Record the model and how it was compiled."""
        known = self.session.known(self.model)
        known.metrics = metric_names(self.given.get("metrics")) + metric_names(self.given.get("weighted_metrics"))
        known.figures = figures_of(self.given)
        self.session.snapshot(self.model)
        self.session.send("compile", **(compile_facts(self.session, self.model) or {}))


class Fit(WatchedCall):
    """A call of ``fit``."""

    stage = "fit"

    def begin(self) -> None:
        """Describe data and arguments, cut the steps under a budget, take the number of this fit."""
        session, given = self.session, self.given
        self.number = session.fits
        session.fits += 1
        self.batch = look_at(session.recogniser, given["x"], given["y"])
        self.remember(self.batch)
        self.validation = _validation(session, given.get("validation_data"))
        why = session.not_fresh_because(self.model)
        self.facts: dict[str, Any] = {
            "x": self.batch.facts,
            "y": self.batch.labels,
            "epochs": int(given["epochs"]),
            "compile": compile_facts(session, self.model),
            "batch_size": quick.trained_batch_size(given, self.batch),
            "initial_epoch": int(given.get("initial_epoch") or 0),
            "validation_split": float(given.get("validation_split") or 0.0),
            "validation_x": self.validation.facts if self.validation else None,
            "validation_y": self.validation.labels if self.validation else None,
            **order_of(given, self.batch.rows, self.batch.batching),
            "class_weight": _weights(given.get("class_weight")),
            "sample_weight": given.get("sample_weight") is not None,
            "steps_per_epoch": given.get("steps_per_epoch"),
            "callbacks": facts_of_callbacks(self.model, given),
            "fresh": not why,
            "not_fresh_because": why,
            **self._following(why),
            "cell": session.cell(),
        }
        self.change(**quick.cut_fit(given, self.batch, self.validation, session.budget))
        session.snapshot(self.model)
        self._history_before = getattr(self.model, "history", None)
        self._started = time.perf_counter()

    def _following(self, why: str) -> dict[str, Any]:
        known = self.session.known(self.model)
        follows: tuple[int | None, bool] = (None, False)
        if why:
            with contextlib.suppress(Exception):  # optimizers and weights of a student's own
                follows = followed_by(known.left, self.model)
        known.left = None  # until this one has come to its end
        return dict(zip(("follows", "recompiled"), follows, strict=True))

    def instead(self) -> Callable[[], Any] | None:
        """Have the grader train, where it can; the callbacks are then told what came of it."""
        if not self.session.link.open:
            return None
        trained: DelegatedTraining | str = "the probe failed"
        with self.session.quietly():
            trained = self._ask()
            if isinstance(trained, DelegatedTraining):
                try:
                    rate = starting_rate(self.model)
                    hand_over(self.model, trained, self._shapes())
                except Exception as error:
                    trained = f"{type(error).__name__}: {error}"
        if not isinstance(trained, DelegatedTraining):
            self.facts["in_kernel_because"] = shortened(trained)
            return None
        self.facts["delegated"] = True
        steps = quick.steps_of(self.given, self.batch)
        return lambda: play(self.model, trained, self.given, steps, rate)

    def _shapes(self) -> list[tuple[Any, Any]]:
        """Return shape and type of the batches that Keras would have traced: their length where all are alike."""
        if self.batch.batching is not None:
            return [(tuple(part.shape), part.dtype.name) for part in self.given["x"].element_spec]
        arrays, size = [as_array(single(self.given[name])) for name in ("x", "y")], self.facts["batch_size"]
        assert arrays[0] is not None
        short = quick.training_rows(self.given, replace(self.batch, rows=len(arrays[0]))) % size
        # Numbers with a point are handed on as float32.
        return [
            ((None if short else size, *array.shape[1:]), "float32" if array.dtype.kind == "f" else array.dtype.name)
            for array in arrays
            if array is not None
        ]

    def _ask(self) -> DelegatedTraining | str:
        known = self.session.known(self.model)
        drawn = {one.name for one in self.session.recogniser.drawn}
        why = why_not(self.facts, self.given, known.figures, drawn)
        if why:
            return why
        return self.session.link.ask(known.event, self._event())

    def _event(self) -> dict[str, Any]:
        """Return the event ``fit`` as far as it is known before the training."""
        known = self.session.known(self.model)
        return {"fit": self.number, "model": known.number, "snapshot": known.snapshot, **self.facts}

    def done(self, result: Any) -> None:
        """Record a finished training."""
        self._end(getattr(result, "history", None), error="")

    def failed(self, error: BaseException) -> None:
        """Record a training that was broken off, with the epochs it got through."""
        history = getattr(self.model, "history", None)
        own = getattr(history, "history", None) if history is not self._history_before else None
        self._end(own, error=shortened(f"{type(error).__name__}: {error}"))
        super().failed(error)

    def _end(self, history: Any, *, error: str) -> None:
        session, seconds = self.session, time.perf_counter() - self._started
        shape = self.facts["x"].get("shape")
        session.known(self.model).row = tuple(shape[1:]) if shape else None
        known = session.snapshot(self.model)
        if not error or iterations(self.model) != 0:
            session.touch(self.model, Reason.TRAINED_BEFORE)
            known.not_fresh = Reason.TRAINED_BEFORE
            known.last_fit = self.number
            if not error:
                with contextlib.suppress(Exception):
                    known.left = left_by(self.number, self.model)
                with session.quietly():  # whatever comes of it, the fit is told
                    keep(session, self.model, self._event())
        session.send(
            "fit",
            **self._event(),
            history=_plain_history(history),
            completed=not error,
            error=error,
            seconds=round(seconds, 3),
        )


class Evaluate(WatchedCall):
    """A call of ``evaluate``."""

    stage = "evaluate"

    def begin(self) -> None:
        """Describe the data; under a budget look at a part of it."""
        self.batch = look_at(self.session.recogniser, self.given["x"], self.given["y"])
        self.remember(self.batch)
        self.change(**quick.cut_evaluate(self.given, self.batch, self.session.budget))

    def done(self, result: Any) -> None:
        """Record the results by the names of their metrics."""
        self._send("evaluate", _results(self.model, result), labels=self.batch.labels)

    def _send(self, event: str, results: dict[str, float], labels: dict[str, Any] | None) -> None:
        known = self.session.snapshot(self.model)
        fields = {"x": self.batch.facts, "y": labels, "after_fit": known.last_fit, "results": results}
        self.session.send(event, model=known.number, **fields)


class Predict(Evaluate):
    """A call of ``predict``."""

    stage = "predict"

    def begin(self) -> None:
        """Describe the inputs."""
        self.batch = look_at(self.session.recogniser, self.given["x"], None)
        self.remember(self.batch)

    def done(self, result: Any) -> None:  # noqa: ARG002
        """Record that it was called."""
        self._send("predict", {}, None)


def compile_facts(session: Session, model: Any) -> dict[str, Any] | None:
    """Describe how a model is compiled now, as ``records.CompileFacts`` does; None when it is not."""
    if not getattr(model, "compiled", False):
        return None
    return {
        "model": session.known(model).number,
        **optimizer_facts(getattr(model, "optimizer", None)),
        **loss_facts(getattr(model, "loss", None) if not inspect.ismethod(getattr(model, "loss", None)) else None),
        "metrics": session.known(model).metrics,
        "cell": session.cell(),
    }


def _validation(session: Session, data: Any) -> Batch | None:
    if data is None:
        return None
    if isinstance(data, (tuple, list)) and len(data) in {2, 3}:
        return look_at(session.recogniser, data[0], data[1])
    batch = look_at(session.recogniser, data, None)
    if batch.batching is not None and not batch.batching.is_whole:
        facts = {
            **batch.facts,
            "rows": None,
            "why": Reason.NOT_WHOLE,
        }
        return replace(batch, found=replace(batch.found, facts=facts))
    return batch


def _weights(given: Any) -> dict[str, float] | None:
    return {str(key): float(value) for key, value in given.items()} if isinstance(given, dict) else None


def _plain_history(history: Any) -> dict[str, list[float]]:
    if not isinstance(history, dict):
        return {}
    plain: dict[str, list[float]] = {}
    for name, values in history.items():
        try:
            plain[str(name)] = [float(value) for value in values]
        except (TypeError, ValueError):
            continue  # a student's callback may log anything
    return plain


def _results(model: Any, result: Any) -> dict[str, float]:
    if isinstance(result, dict):
        return {str(name): float(value) for name, value in result.items()}
    named = model.get_metrics_result()
    return {str(name): float(value) for name, value in named.items() if getattr(value, "ndim", 0) == 0}
