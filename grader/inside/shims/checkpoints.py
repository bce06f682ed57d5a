"""``ModelCheckpoint`` with a file of any name, and with a number of epochs between two of them."""

from __future__ import annotations

import os
from typing import Any

from ..probe.hooks import replace_method  # noqa: TID252 - the kernel imports this folder under another name
from .reporter import LegacyReporter

_PLACES = {"save_weights_only": 3, "period": 5}
"""Of old arguments, behind the name of the file."""


def install_checkpoints(reporter: LegacyReporter) -> None:
    """Teach the callback of Keras, which has just been imported, what it took."""
    import keras

    kind = keras.callbacks.ModelCheckpoint
    replace_method(kind, "__init__", lambda original: _initial(reporter, original))
    replace_method(kind, "on_epoch_end", _between)


def _initial(reporter: LegacyReporter, original: Any) -> Any:
    """Checkpoints save by the model's own methods, which take any name by now; only the constructor looks at it."""

    def __init__(self: Any, filepath: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        __tracebackhide__ = True
        args, period = _without_period(reporter, args, kwargs)
        name = os.fspath(filepath)
        weights = bool(_given("save_weights_only", args, kwargs))
        if name.endswith((".weights.h5",) if weights else (".keras", ".h5")):
            original(self, filepath, *args, **kwargs)
        else:
            usual = "model.weights.h5" if weights else "model.keras"
            reporter.used(f"ModelCheckpoint({name!r})", f"ModelCheckpoint({usual!r})")
            original(self, usual, *args, **kwargs)
            self.filepath = name
        if period > 1:
            self.period = period

    return __init__


def _without_period(
    reporter: LegacyReporter, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], int]:
    """Take the period out of the arguments, where it is one: a number in its place or under its name."""
    place = _PLACES["period"]
    given = isinstance(args[place], int) if len(args) > place else "period" in kwargs
    if not given:
        return args, 1
    period = kwargs.pop("period") if "period" in kwargs else args[place]
    reporter.used("period=", "" if period == 1 else "a callback of your own")
    return args[:place], int(period)


def _given(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    place = _PLACES[name]
    return kwargs.get(name, args[place] if len(args) > place else None)


def _between(original: Any) -> Any:
    """Save after every so many epochs."""

    def on_epoch_end(self: Any, epoch: int, logs: Any = None) -> None:
        self.epochs_since_last_save = vars(self).get("epochs_since_last_save", 0) + 1
        if self.epochs_since_last_save >= vars(self).get("period", 1):
            self.epochs_since_last_save = 0
            original(self, epoch, logs)

    return on_epoch_end
