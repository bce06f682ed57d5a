"""In-kernel evidence: the classes a model that cannot be rebuilt gives the test inputs."""

from __future__ import annotations

import base64
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..transforms import transformed  # noqa: TID252  # the kernel imports this folder under another name
from .session import Session
from .stored import StoredDataset

_SECONDS = 60
_ROWS = 2_000


def send_predictions(session: Session) -> None:
    """Let the kept models predict the whole test split of their data set, as far as the time goes."""
    deadline = time.monotonic() + _SECONDS
    for model in reversed(session.kept.values()):
        with session.quietly():
            known = session.known(model)
            stored = session.stored_datasets.get((known.preprocessing or {}).get("dataset", ""))
            if stored is None or known.preprocessing is None or known.last_fit is None:
                continue
            classes = _classes(model, stored, known.preprocessing, deadline)
            if classes is not None:
                packed = base64.b64encode(classes.tobytes()).decode("ascii")
                facts = {"model": known.number, "after_fit": known.last_fit, "dataset": stored.name}
                session.channel.send("predictions", **facts, classes=packed)


def _classes(model: Any, stored: StoredDataset, inputs: dict[str, Any], deadline: float) -> NDArray[np.uint8] | None:
    """Return one class per test row, or None when the time ran out or the output is no class."""
    images, parts = stored.array("x_test"), []
    for start in range(0, len(images), _ROWS):
        if time.monotonic() > deadline:
            return None
        fed = as_the_notebook_did(images[start : start + _ROWS], inputs, stored)
        output = model.predict(fed, batch_size=500, verbose=0)
        output = np.asarray(output)
        output = output.reshape(len(output), -1) if output.ndim == 1 else output
        if output.ndim != 2:
            return None
        parts.append(output[:, 0] > 0.5 if output.shape[1] == 1 else output.argmax(axis=1))
    return np.concatenate(parts).astype(np.uint8, copy=False)


def as_the_notebook_did(images: NDArray[np.uint8], inputs: dict[str, Any], stored: StoredDataset) -> NDArray[Any]:
    """Return images with the shape, scale and type under which the notebook fed this data set to a model."""
    scale, shift = np.asarray(inputs["scale"]), np.asarray(inputs["shift"])
    levels: NDArray[Any] = images
    if inputs.get("transform"):
        levels = transformed(images, inputs["transform"], stored.statistics)
    numbers = levels.reshape(len(images), -1, max(1, scale.size)) * scale + shift
    if np.dtype(inputs["dtype"]).kind in "iu":
        numbers = np.rint(numbers)
    typed: NDArray[Any] = numbers.astype(inputs["dtype"])
    return typed.reshape(len(images), *inputs["shape"][1:])
