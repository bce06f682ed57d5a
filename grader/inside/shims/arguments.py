"""Arguments under their old names: renamed or left out before Keras sees them."""

from __future__ import annotations

import importlib
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..probe.hooks import replace_function, replace_method  # noqa: TID252 - the kernel imports this folder under another name
from .spellings import CONVOLUTIONS, DROPPED_ARGUMENTS, OPTIMIZERS, RENAMED_ARGUMENTS
from .told import Told
from .windows import joined

Change = Callable[[tuple[Any, ...], dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]]]
_ORDERINGS = {"th": "channels_first", "tf": "channels_last"}
_SAYS_NOTHING: dict[str, tuple[Any, ...]] = {"dim_ordering": ("default",), "mode": (0,), "period": (1,)}
"""Arguments that can be left out only when they have one of these values; today's Keras refuses any other."""
_STEPS = ("steps_per_epoch", "validation_steps", "steps")
_COUNTED_IN_IMAGES = ("samples_per_epoch", "nb_val_samples")
"""Not only renamed: ``generators`` counts them in batches."""


@dataclass
class OldArguments:
    """What one class, method or function no longer takes."""

    told: Told
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
                self.told.used(f"{name}=", f"{new}=")
                out[new] = int(value) if new == "epochs" else value
            elif name not in self.dropped:
                out[name] = value
            elif name == "dim_ordering" and value in _ORDERINGS and "data_format" in self.known:
                self.told.used("dim_ordering=", f'data_format="{_ORDERINGS[value]}"')
                out["data_format"] = _ORDERINGS[value]
            elif name in _SAYS_NOTHING and value not in _SAYS_NOTHING[name]:
                out[name] = value
            else:
                self.told.used(f"{name}=")
        return out


def install_arguments(told: Told) -> None:
    """Teach Keras, which has just been imported, the old names of its arguments."""
    import keras

    kinds = {
        kind
        for package in ("layers", "optimizers", "callbacks")
        for kind in vars(importlib.import_module(f"keras.{package}")).values()
        if isinstance(kind, type) and "__init__" in vars(kind)
    }
    for kind in kinds:
        old = arguments_of(told, kind.__name__, kind)
        if kind.__name__ in OPTIMIZERS:
            _teach(kind, "__init__", _of_optimizer(old))
        elif old.renamed or old.dropped:
            _teach(kind, "__init__", _of_convolution(old) if kind.__name__ in CONVOLUTIONS else _plainly(old))
    for method in ("fit", "evaluate", "predict", "compile"):
        old = arguments_of(told, method, getattr(keras.Model, method))
        _teach(keras.Model, method, _whole_steps(old))
    _teach_model(told)
    _teach(keras.Layer, "__init__", _of_shape(told))
    _teach_functions(told)


def arguments_of(told: Told, name: str, today: Callable[..., Any]) -> OldArguments:
    """Return the old arguments of what has this name, but for those that it still takes."""
    known = frozenset(inspect.signature(today).parameters)
    renamed = {old: new for old, new, owners in RENAMED_ARGUMENTS if name in owners and old not in known}
    dropped = {old for old, owners in DROPPED_ARGUMENTS if name in owners and old not in known}
    for old in _COUNTED_IN_IMAGES:
        renamed.pop(old, None)
    return OldArguments(told, renamed, dropped, known)


def _plainly(old: OldArguments) -> Change:
    return lambda args, given: (args, old.mended(given) if old.found_in(given) else given)


def _whole_steps(old: OldArguments) -> Change:
    """``steps_per_epoch=len(x) / 32`` was counted up to, and so was as good as the next whole number."""

    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        given = old.mended(given) if old.found_in(given) else given
        for name in [one for one in _STEPS if isinstance(given.get(one), float)]:
            old.told.used(f"{name}={given[name]:g}", f"{name}={math.ceil(given[name])}")
            given = {**given, name: math.ceil(given[name])}
        return args, given

    return change


def _of_convolution(old: OldArguments) -> Change:
    """An argument of Keras 1 shows that separate numbers are a window of Keras 1, too."""

    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if not old.found_in(given):
            return args, given
        return joined(args, old.told, "Conv2D"), old.mended(given)

    return change


def _of_optimizer(old: OldArguments) -> Change:
    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if given.get("decay"):
            # Keras 3 takes it, warns and ignores it, with or without us; the reader should know.
            old.told.used("decay=", "keras.optimizers.schedules.InverseTimeDecay(...)", stops=False)
        return args, old.mended(given) if old.found_in(given) else given

    return change


def _of_shape(told: Told) -> Change:
    """``input_shape=784`` was taken for a shape of one; ``batch_input_shape`` named the batch as well."""

    def change(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        size, batch = given.get("input_shape"), given.get("batch_input_shape")
        if isinstance(size, int):
            told.used(f"input_shape={size}", f"input_shape=({size},)")
            return args, {**given, "input_shape": (size,)}
        if isinstance(batch, (tuple, list)) and batch and batch[0] is None:
            shape = tuple(batch[1:])
            told.used("batch_input_shape=", f"input_shape={shape}")
            rest = {name: value for name, value in given.items() if name != "batch_input_shape"}
            return args, {**rest, "input_shape": shape}
        return args, given

    return change


def _teach(owner: type, name: str, change: Change) -> None:
    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            if kwargs:
                args, kwargs = change(args, kwargs)
            return original(self, *args, **kwargs)

        return method

    replace_method(owner, name, wrap)


def _teach_model(told: Told) -> None:
    """``Model(input=a, output=b)`` hands its arguments to ``__new__`` of one class and ``__init__`` of another."""
    import keras
    from keras.src.models.functional import Functional

    old = arguments_of(told, "Model", Functional.__init__)
    for owner, name in ((keras.Model, "__new__"), (Functional, "__init__")):
        _teach(owner, name, _plainly(old))


def _teach_functions(told: Told) -> None:
    import keras

    plain_input, encode = keras.Input, keras.utils.to_categorical
    old = arguments_of(told, "to_categorical", encode)

    def Input(shape: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: N802
        __tracebackhide__ = True
        if isinstance(shape, int):
            told.used(f"Input({shape})", f"Input(shape=({shape},))")
            shape = (shape,)
        return plain_input(shape, *args, **kwargs)

    def to_categorical(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        dtype = kwargs.pop("dtype", None)
        encoded = encode(*args, **(old.mended(kwargs) if old.found_in(kwargs) else kwargs))
        if dtype is None:
            return encoded
        told.used("to_categorical(dtype=)", f"to_categorical(y).astype({str(dtype)!r})")
        return encoded.astype(dtype)

    replace_function(plain_input, Input)
    replace_function(encode, to_categorical)
