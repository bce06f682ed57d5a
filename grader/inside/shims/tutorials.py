"""``tensorflow.examples.tutorials.mnist``: how the first tutorials of TensorFlow read MNIST."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from ..probe.stored import called  # noqa: TID252 - the kernel imports this folder under another name

_VALIDATION = 5_000


class TutorialSplit:
    """Images of a split with their labels, handed out in batches."""

    def __init__(self, images: Any, labels: Any) -> None:
        self.images, self.labels = images, labels
        self.num_examples = len(images)
        self.epochs_completed = 0
        self._next = 0

    def next_batch(self, batch_size: int, fake_data: bool = False, shuffle: bool = True) -> tuple[Any, Any]:  # noqa: ARG002
        """Return the next images and labels, in a new order each time all have been seen."""
        if self._next + batch_size > self.num_examples:
            self._next, self.epochs_completed = 0, self.epochs_completed + 1
        if shuffle and self._next == 0:
            order = np.random.permutation(self.num_examples)  # noqa: NPY002 - the notebook's own random state, as it was
            self.images, self.labels = self.images[order], self.labels[order]
        rows = slice(self._next, self._next + batch_size)
        self._next += batch_size
        return self.images[rows], self.labels[rows]


def as_module(stored_datasets: Mapping[str, Any]) -> ModuleType:
    """Return the module ``input_data``."""
    module = ModuleType("tensorflow.examples.tutorials.mnist.input_data")

    def read_data_sets(
        train_dir: Any = None,  # noqa: ARG001
        one_hot: bool = False,
        reshape: bool = True,
        validation_size: int = _VALIDATION,
        **ignored: Any,  # noqa: ARG001
    ) -> Any:
        """Return MNIST as three parts, pixels between 0 and 1."""
        stored = called(stored_datasets, "tensorflow.examples.tutorials", "mnist")
        if stored is None:
            raise RuntimeError("MNIST is not among the data sets of this workbook.")

        def part(split: str, rows: slice) -> TutorialSplit:
            images = stored.array(f"x_{split}")[rows].astype("float32") * np.float32(1 / 255)
            labels = stored.array(f"y_{split}")[rows]
            images = images.reshape(len(images), -1) if reshape else images[..., None]
            return TutorialSplit(images, np.eye(10)[labels] if one_hot else labels)

        first = slice(validation_size)
        return SimpleNamespace(
            train=part("train", slice(validation_size, None)),
            validation=part("train", first),
            test=part("test", slice(None)),
        )

    module.read_data_sets = read_data_sets  # type: ignore[attr-defined]
    return module
