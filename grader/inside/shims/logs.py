"""The metric that was called ``acc``: in histories, in what callbacks are told, in monitors and file names."""

from __future__ import annotations

import re
from typing import Any

from ..probe.hooks import replace_function, replace_method  # noqa: TID252 - the kernel imports this folder under another name
from .reporter import LegacyReporter

_PAIRS = {"acc": "accuracy", "val_acc": "val_accuracy", "lr": "learning_rate"}
_RISING = ("acc", "auc", "fmeasure")
_CALLBACKS = 5
"""Their place among the arguments of ``fit``."""
_OTHERS = {**_PAIRS, **{new: old for old, new in _PAIRS.items()}}


class Logs(dict[str, Any]):
    """Values by metric, which answers to the other name of a metric as well; it lists only those it has."""

    def __init__(self, reporter: LegacyReporter, *values: Any) -> None:
        super().__init__(*values)
        self._reporter = reporter

    def __missing__(self, name: str) -> Any:
        other = _OTHERS.get(name)
        if other is None or other not in self:
            raise KeyError(name)
        self._reporter.used(f'"{name}"', f'"{other}"')
        return self[other]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a metric's value under either name."""
        return self[name] if name in self or _OTHERS.get(name) in self else default

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


def install_logs(reporter: LegacyReporter) -> None:
    """Let histories and callbacks of Keras, which has just been imported, use either name."""
    import keras
    from keras.src.utils import python_utils

    keras.callbacks.History.history = _HistoryOf(reporter)
    plainly = python_utils.pythonify_logs  # makes what callbacks are told

    def pythonify_logs(logs: Any) -> Any:
        return Logs(reporter, plainly(logs))

    replace_function(plainly, pythonify_logs)
    replace_method(keras.Model, "fit", lambda original: _monitoring(reporter, original))
    replace_method(
        keras.callbacks.EarlyStopping, "_set_monitor_op", lambda original: _in_a_direction(reporter, original)
    )


class _HistoryOf:
    """The attribute ``history`` of a History: whatever is put there answers to both names."""

    def __init__(self, reporter: LegacyReporter) -> None:
        self._reporter = reporter

    def __get__(self, one: Any, owner: type) -> Any:
        if one is None:
            return self
        try:
            return one.__dict__["history"]
        except KeyError:
            raise AttributeError(f"{owner.__name__!r} object has no attribute 'history'") from None

    def __set__(self, one: Any, values: Any) -> None:
        one.__dict__["history"] = Logs(self._reporter, values) if type(values) is dict else values


def _monitoring(reporter: LegacyReporter, original: Any) -> Any:
    """Before a training, call the metrics that its callbacks watch by the names they were compiled under."""

    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        callbacks = kwargs.get("callbacks", args[_CALLBACKS] if len(args) > _CALLBACKS else None)
        for callback in callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]:
            for attribute in ("monitor", "filepath"):
                text = getattr(callback, attribute, None)
                if isinstance(text, str):
                    _rename(reporter, self, callback, attribute, text)
        return original(self, *args, **kwargs)

    return fit


def _rename(reporter: LegacyReporter, model: Any, callback: Any, attribute: str, text: str) -> None:
    compiled = str(getattr(getattr(model, "_compile_metrics", None), "_user_metrics", ""))
    has, lacks = ("accuracy", "acc") if "'accuracy'" in compiled else ("acc", "accuracy")
    if f"'{has}'" not in compiled or f"'{lacks}'" in compiled:
        return
    for old, new in ((f"val_{lacks}", f"val_{has}"), (lacks, has)):
        if attribute == "monitor":
            renamed = new if text == old else text
        else:
            renamed = re.sub(rf"{{{old}(?=[:}}])", f"{{{new}", text)
        if renamed != text:
            reporter.used(f'{attribute} "{old}"', f'"{new}"')
            text = renamed
            setattr(callback, attribute, text)


def _in_a_direction(reporter: LegacyReporter, original: Any) -> Any:
    """A metric that nobody measures, or of the notebook's own, was to rise if its name said so, and else to fall."""

    def _set_monitor_op(self: Any) -> None:
        __tracebackhide__ = True
        try:
            original(self)
        except ValueError:
            self.mode = "max" if any(word in self.monitor for word in _RISING) else "min"
            reporter.used(f'monitor "{self.monitor}"', f'mode="{self.mode}"')
            original(self)

    return _set_monitor_op
