"""Arguments under their old names: renamed or left out before Keras sees them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..probe.hooks import replace_function  # noqa: TID252 - the kernel imports this folder under another name
from .calls import Change, change_calls
from .old_arguments import CONVOLUTIONS, DROPPED_ARGUMENTS, RENAMED_ARGUMENTS, SAY_NOTHING
from .reporter import LegacyReporter
from .windows import joined

_PACKAGES = ("layers", "optimizers", "callbacks", "constraints", "regularizers")
_ORDERINGS = {"th": "channels_first", "tf": "channels_last"}
_COUNTED_IN_IMAGES = ("samples_per_epoch", "nb_val_samples")
"""Not only renamed: ``generators`` counts them in batches."""


@dataclass
class OldArguments:
    """What one class, method or function no longer takes."""

    reporter: LegacyReporter
    renamed: dict[str, str] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    known: frozenset[str] = frozenset()
    """What it takes today."""

    def found_in(self, given: dict[str, Any]) -> bool:
        """Tell whether there is anything to mend."""
        return not (self.renamed.keys().isdisjoint(given) and self.dropped.isdisjoint(given))

    def mended(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return keyword arguments under today's names."""
        out = {}
        for name, value in given.items():
            if name in self.renamed:
                new = self.renamed[name]
                self.reporter.used(f"{name}=", f"{new}=")
                out[new] = int(value) if new == "epochs" else value
            elif name not in self.dropped:
                out[name] = value
            elif name == "dim_ordering" and value in _ORDERINGS and "data_format" in self.known:
                self.reporter.used("dim_ordering=", f'data_format="{_ORDERINGS[value]}"')
                out["data_format"] = _ORDERINGS[value]
            elif name in SAY_NOTHING and not _says_nothing(name, value):
                out[name] = value
            else:
                self.reporter.used(f"{name}=")
        return out


def install_arguments(reporter: LegacyReporter) -> None:
    """Teach Keras, which has just been imported, the old names of its arguments."""
    import keras

    kinds = {
        kind
        for package in _PACKAGES
        for kind in vars(importlib.import_module(f"keras.{package}")).values()
        if isinstance(kind, type) and "__init__" in vars(kind)
    }
    for kind in kinds:
        old = arguments_of(reporter, kind.__name__, kind)
        if old.renamed or old.dropped:
            change_calls(kind, "__init__", _of_convolution(old) if kind.__name__ in CONVOLUTIONS else plainly(old))
    for method in ("fit", "evaluate", "predict", "compile"):
        change_calls(keras.Model, method, plainly(arguments_of(reporter, method, getattr(keras.Model, method))))
    _teach_model(reporter)
    _teach_to_categorical(reporter)


def arguments_of(reporter: LegacyReporter, name: str, today: Callable[..., Any]) -> OldArguments:
    """Return the old arguments of what has this name, but for those that it still takes."""
    known = frozenset(inspect.signature(today).parameters)
    renamed = {old: new for old, new, owners in RENAMED_ARGUMENTS if name in owners and old not in known}
    dropped = {old for old, owners in DROPPED_ARGUMENTS if name in owners and old not in known}
    for old in _COUNTED_IN_IMAGES:
        renamed.pop(old, None)
    return OldArguments(reporter, renamed, dropped, known)


def plainly(old: OldArguments) -> Change:
    """Return the change that mends these arguments and does nothing else."""
    return lambda args, given: (args, old.mended(given) if old.found_in(given) else given)


def _says_nothing(name: str, value: Any) -> bool:
    return any(value is one or (type(value) is type(one) and value == one) for one in SAY_NOTHING[name])


def _of_convolution(old: OldArguments) -> Change:
    """An argument of Keras 1 shows that separate numbers are a window of Keras 1, too."""

    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if not old.found_in(given):
            return args, given
        return joined(args, old.reporter, "Conv2D"), old.mended(given)

    return change


def _teach_model(reporter: LegacyReporter) -> None:
    """``Model(input=a, output=b)`` hands its arguments to ``__new__`` of one class and ``__init__`` of another."""
    import keras
    from keras.src.models.functional import Functional

    old = arguments_of(reporter, "Model", Functional.__init__)
    for owner, name in ((keras.Model, "__new__"), (Functional, "__init__")):
        change_calls(owner, name, plainly(old))


def _teach_to_categorical(reporter: LegacyReporter) -> None:
    import keras

    encode = keras.utils.to_categorical
    old = arguments_of(reporter, "to_categorical", encode)

    def to_categorical(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        dtype = args[2] if len(args) > 2 else kwargs.pop("dtype", None)
        encoded = encode(*args[:2], **(old.mended(kwargs) if old.found_in(kwargs) else kwargs))
        if dtype is None:
            return encoded
        reporter.used("to_categorical(dtype=)", f"to_categorical(y).astype({str(dtype)!r})")
        return encoded.astype(dtype)

    replace_function(encode, to_categorical)
