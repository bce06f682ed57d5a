"""Data sets through scikit-learn: ``fetch_openml("mnist_784")`` and the older ``fetch_mldata("MNIST original")``."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from ..probe.stored import called  # noqa: TID252 - the kernel imports this folder under another name


def fetch_openml(module: ModuleType, stored_datasets: Mapping[str, Any]) -> Any:
    """Return the function, with data sets from the arrays that are here."""
    original: Any = vars(module).get("fetch_openml")

    def fetch(name: Any = None, *args: Any, data_id: Any = None, as_frame: Any = "auto", **rest: Any) -> Any:
        __tracebackhide__ = True
        stored = called(stored_datasets, "openml", name, data_id)
        if stored is None:
            return original(name, *args, data_id=data_id, as_frame=as_frame, **rest)
        pixels, digits = _all(stored)
        data, target = pixels.astype("int64"), digits.astype(str).astype(object)
        if as_frame:
            import pandas as pd

            data = pd.DataFrame(data, columns=[f"pixel{number}" for number in range(1, pixels.shape[1] + 1)])
            target = pd.Series(target, name="class", dtype="category")
        return (data, target) if rest.get("return_X_y") else _bunch(data, target)

    return fetch


def fetch_mldata(stored_datasets: Mapping[str, Any]) -> Any:
    """Return the function as it was: digits in order within each split, labels as floats."""

    def fetch(dataname: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG001
        __tracebackhide__ = True
        stored = called(stored_datasets, "mldata", dataname)
        if stored is None:
            raise RuntimeError(f"fetch_mldata({dataname!r}) is gone; write sklearn.datasets.fetch_openml(...)")
        pixels, digits = _all(stored)
        split = len(stored.array("y_train"))
        order = np.r_[np.argsort(digits[:split], kind="stable"), split + np.argsort(digits[split:], kind="stable")]
        return _bunch(pixels[order], digits[order].astype(float))

    return fetch


def _all(stored: Any) -> tuple[Any, Any]:
    pixels = np.concatenate([stored.array("x_train"), stored.array("x_test")]).reshape(-1, stored.row_size)
    return pixels, np.ravel(np.concatenate([stored.array("y_train"), stored.array("y_test")]))


def _bunch(data: Any, target: Any) -> Any:
    from sklearn.utils import Bunch

    return Bunch(data=data, target=target)
