"""Which of a model's metrics is its accuracy."""

from __future__ import annotations

from collections.abc import Iterable


def accuracy_among(names: Iterable[str]) -> str | None:
    """Return the metric that is the accuracy, by its name; None where there is none.

    Keras's own name comes first, then what a person may call it. Among the first few is not the same as right: a
    top-k accuracy is none.

    >>> accuracy_among(["loss", "top_k_categorical_accuracy", "accuracy"])
    'accuracy'
    >>> accuracy_among(["top_k_categorical_accuracy", "sparse_categorical_accuracy"])
    'sparse_categorical_accuracy'
    """
    known = [name for name in names if "acc" in name and "top" not in name]
    return min(known, key=_rank, default=None)


def _rank(name: str) -> int:
    if name in {"accuracy", "acc"}:
        return 0
    return 1 if name.endswith("_accuracy") else 2
