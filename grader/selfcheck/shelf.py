"""Data sets to look rows up in: from what the notebook has loaded, or from Keras's own folder; never a download."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from grader.inside.probe.library import Shelf
from grader.inside.rowhash import row_hashes


def shelf_of(name: str, loaded: Any) -> Shelf:
    """Return what recognises rows of ``((x_train, y_train), (x_test, y_test))``; the images are not kept."""
    (x_train, y_train), (x_test, y_test) = loaded
    shelf = Shelf(name=name, edition="", folder=Path())
    # These are read from files on first use elsewhere; here they are known already.
    shelf.__dict__.update(
        item_shape=tuple(x_train.shape[1:]),
        num_train=len(x_train),
        hashes=np.concatenate([row_hashes(np.asarray(x)) for x in (x_train, x_test)]),
        labels=np.concatenate([np.ravel(y).astype(np.int64) for y in (y_train, y_test)]),
    )
    return shelf


def cached_shelf(name: str) -> Shelf | None:
    """Return MNIST if Keras has downloaded it to this machine before; None for anything else."""
    path = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets" / "mnist.npz"
    if name != "mnist" or not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        return shelf_of(name, ((arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])))
