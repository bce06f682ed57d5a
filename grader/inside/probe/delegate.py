"""Asks the grader to train a ``fit`` in this kernel's place, and says why where it is not asked or does not."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import struct
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .channel import wire

_LENGTH = struct.Struct(">I")
_MOST_REQUEST = 4 << 20
_MOST_ANSWER = 16 << 20
_MOST_STATE = 80 << 20
_PLAYED = frozenset(
    {"EarlyStopping", "ReduceLROnPlateau", "LearningRateScheduler", "TerminateOnNaN", "History", "CSVLogger"}
)
"""Callbacks of Keras's own that come to the same when they are told the epochs of a training done elsewhere."""


@dataclass(frozen=True, kw_only=True)
class DelegatedTraining:
    """A training done elsewhere."""

    history: Mapping[str, list[float]]
    kinds: list[str]
    """Of the layers that have weights and of the others, in the trainer's order."""
    names: list[str]
    """What these layers are called here."""
    state: Mapping[str, NDArray[Any]]
    """``w1_0``: first weight of the first layer; ``o0``: first variable of the optimizer; ``order``: of the weights."""


class Link:
    """The way to the grader. Once anything goes wrong on it, nothing is asked any more."""

    def __init__(self, fd: int | None) -> None:
        self._socket = None if fd is None else socket.socket(fileno=fd)
        self._pid = os.getpid()
        self._lock = threading.Lock()

    @property
    def open(self) -> bool:
        """Whether there is somebody to ask; a child that the notebook forked must not."""
        return self._socket is not None and os.getpid() == self._pid

    def ask(self, model: Mapping[str, Any], fit: Mapping[str, Any]) -> DelegatedTraining | str:
        """Ask for a training described by the events ``model`` and ``fit``; returns it, or why there is none."""
        answer = self._answer(model, fit)
        if isinstance(answer, str):
            return answer
        told, state = answer
        if not state:
            return str(told.get("why", "no reason given"))
        with np.load(io.BytesIO(state), allow_pickle=False) as arrays:
            own = {name: told[name] for name in ("history", "kinds", "names")}
            return DelegatedTraining(**own, state=dict(arrays))

    def rebuilds(self, model: Mapping[str, Any], fit: Mapping[str, Any]) -> bool:
        """Ask whether a training that was done here can be repeated; no answer counts as no."""
        because = fit.get("in_kernel_because") or "it was trained already"  # with a reason nothing is trained
        answer = self._answer(model, {**fit, "in_kernel_because": because})
        return not isinstance(answer, str) and answer[0].get("rebuildable") is True

    def _answer(self, model: Mapping[str, Any], fit: Mapping[str, Any]) -> tuple[dict[str, Any], bytes] | str:
        """Return the grader's answer and what comes with it, or why there is none."""
        events = ({"event": "model", **model}, {"event": "fit", **fit})
        request = b"\n".join(json.dumps(wire(event), allow_nan=False).encode() for event in events)
        if len(request) > _MOST_REQUEST:
            return "its description is too long"
        with self._lock:
            if self._socket is None:
                return "the link to the grader is closed"
            try:
                self._socket.sendall(_LENGTH.pack(len(request)) + request)
                (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
                answer = json.loads(self._exactly(length, _MOST_ANSWER))
                return answer, self._exactly(int(answer["state_bytes"]), _MOST_STATE)
            except (OSError, ValueError, KeyError) as error:
                self._close()
                return f"the link to the grader broke: {type(error).__name__}"
            except BaseException:  # an interrupt: the answer may still come, and would be taken for the next one
                self._close()
                raise

    def _exactly(self, size: int, most: int = _LENGTH.size) -> bytes:
        if size > most or self._socket is None:
            raise ValueError("the answer is too long")
        found = bytearray()
        while len(found) < size:
            part = self._socket.recv(min(size - len(found), 1 << 20))
            if not part:
                raise OSError("the grader has gone")
            found += part
        return bytes(found)

    def _close(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None


def why_not(
    facts: Mapping[str, Any], given: Mapping[str, Any], figures: list[str] | None, drawn: Collection[str]
) -> str:
    """Return why a fit has to be trained in this kernel, or an empty text where the grader can be asked.

    Args:
        facts: ``records.FitFacts``, as far as they are known before the training.
        given: The arguments of ``fit``.
        figures: What was compiled to be measured, see :func:`figures_of`.
        drawn: Names of the data sets that notebooks draw.
    """
    x, y = facts["x"], facts["y"]
    validation = facts["validation_x"], facts["validation_y"]
    reasons = (
        (not facts["fresh"] and facts["follows"] is None, facts["not_fresh_because"]),
        (not x.get("dataset") or x.get("why"), x.get("why") or "its data is not known"),
        (x.get("dataset") in drawn, "the notebook draws its data itself"),
        (not _are_true(y), "its labels are not those of the data set"),
        (not _are_whole(given), "its epochs or batches are no whole numbers"),
        (facts.get("unrepeatable"), facts.get("unrepeatable")),
        (_stand_beside_a_pipeline(given), "it has arguments that are not for pipelines"),
        (facts["sample_weight"], "it weighs its rows one by one"),
        (validation[0] is not None and not _are_true(validation[1]), "its validation data is not known"),
        (_has_weights(given.get("validation_data")), "it weighs its validation rows one by one"),
        (given.get("validation_steps") is not None, "it counts the steps of its validation"),
        (given.get("validation_freq", 1) != 1, "it does not validate after every epoch"),
        (any(_is_untold(one) for one in facts["callbacks"]), "the learning rates it sets cannot be told beforehand"),
        (not all(_is_played(one) for one in facts["callbacks"]), "one of its callbacks has to see the training"),
        (figures is None, "it measures what we do not measure"),
        (not _measures_alike(figures or [], facts), "it measures accuracy in another way than we do"),
    )
    return next((str(why) for found, why in reasons if found), "")


def _stand_beside_a_pipeline(given: Mapping[str, Any]) -> bool:
    """Tell whether there are arguments that Keras refuses beside a pipeline, or may fail at."""
    unfit = ("y", "sample_weight", "class_weight")
    return hasattr(given["x"], "element_spec") and (
        any(given.get(name) is not None for name in unfit) or bool(given.get("validation_split"))
    )


def _are_whole(given: Mapping[str, Any]) -> bool:
    """Tell whether Keras, too, takes the counts for what they are taken for here."""
    needed = (given["epochs"], given.get("initial_epoch", 0))
    optional = (given.get("batch_size"), given.get("steps_per_epoch"))
    return all(isinstance(one, Integral) for one in (*needed, *(one for one in optional if one is not None)))


def _are_true(labels: Mapping[str, Any] | None) -> bool:
    return labels is not None and labels.get("agree") == 1.0


def _has_weights(validation: Any) -> bool:
    return isinstance(validation, (tuple, list)) and len(validation) > 2


def _is_untold(callback: Mapping[str, Any]) -> bool:
    """Tell whether it sets learning rates that nobody knows yet."""
    return callback["kind"] == "LearningRateScheduler" and not callback["custom"] and "rates" not in callback["config"]


def _is_played(callback: Mapping[str, Any]) -> bool:
    return callback["kind"] in _PLAYED and not callback["custom"]


_ACCURACIES = {
    "accuracy": "accuracy",
    "acc": "accuracy",
    "sparse_categorical_accuracy": "sparse",
    "categorical_accuracy": "onehot",
    "SparseCategoricalAccuracy": "sparse",
    "CategoricalAccuracy": "onehot",
}


def figures_of(arguments: Mapping[str, Any]) -> list[str] | None:
    """Return which accuracies ``compile`` was told to measure; None for anything that the trainer does not measure."""
    metrics = arguments.get("metrics")
    if arguments.get("weighted_metrics") or arguments.get("loss_weights"):
        return None
    items = metrics if isinstance(metrics, (list, tuple)) else [metrics] if isinstance(metrics, str) else []
    if metrics and not items:
        return None
    names = [one if isinstance(one, str) else type(one).__name__ for one in items]
    foreign = any(not isinstance(one, str) and type(one).__module__.split(".")[0] != "keras" for one in items)
    return None if foreign or any(name not in _ACCURACIES for name in names) else [_ACCURACIES[name] for name in names]


def _measures_alike(figures: list[str], facts: Mapping[str, Any]) -> bool:
    """Tell whether each accuracy is the share of rows whose largest output is the label's class."""
    onehot = (facts["y"] or {}).get("encoding") == "onehot"
    logits = ((facts["compile"] or {}).get("loss_config") or {}).get("from_logits", False)
    fitting = {"accuracy", "onehot" if onehot else "sparse"}
    return not figures or (set(figures) <= fitting and not logits)
