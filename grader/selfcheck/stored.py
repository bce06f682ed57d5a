"""Data sets to look rows up in: from what the notebook has loaded, or from Keras's own folder; never a download."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.inside.probe.stored import StoredDataset
from grader.inside.rowhash import row_hashes
from grader.known import Description


class LoadedDataset(StoredDataset):
    """A data set whose arrays a notebook has loaded; they are kept, not copied."""

    def array(self, name: str) -> NDArray[Any]:
        """Return one of the arrays."""
        arrays: dict[str, NDArray[Any]] = self.__dict__["arrays"]
        return arrays[name]


def dataset_from(name: str, loaded: Any) -> StoredDataset:
    """Return what recognises rows of ``((x_train, y_train), (x_test, y_test))``."""
    (x_train, y_train), (x_test, y_test) = loaded
    stored = LoadedDataset(name=name, edition="", folder=Path())
    # These are read from files on first use elsewhere; here they are known already. The hashes are taken now, since a
    # notebook may change its arrays later.
    stored.__dict__.update(
        arrays={"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test},
        item_shape=tuple(x_train.shape[1:]),
        num_train=len(x_train),
        hashes=np.concatenate([row_hashes(np.asarray(x)) for x in (x_train, x_test)]),
        labels=np.concatenate([np.ravel(y).astype(np.int64) for y in (y_train, y_test)]),
    )
    return stored


def cached_dataset(data: Description) -> StoredDataset | None:
    """Return a data set if Keras has downloaded it to this machine before, as one file; None for anything else."""
    path = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets" / data.keras_file
    if not data.keras_file or not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        return dataset_from(data.name, ((arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])))
