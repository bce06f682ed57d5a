"""Windows of Keras 1: ``Convolution2D(32, 3, 3)``, whose second 3 today's Keras takes for strides."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .reporter import LegacyReporter

_RANKS = {"Convolution2D": ("Conv2D", 2), "Convolution3D": ("Conv3D", 3)}


def windows(reporter: LegacyReporter) -> dict[str, Any]:
    """Return what makes the layers under their names of Keras 1; the names of today keep today's meaning."""
    return {
        f"keras.layers.{name}": lambda module, name=name, new=new, rank=rank: _alias(reporter, module, name, new, rank)
        for name, (new, rank) in _RANKS.items()
    }


def joined(args: tuple[Any, ...], reporter: LegacyReporter, name: str, rank: int = 2) -> tuple[Any, ...]:
    """Return positional arguments with separate sizes made one: ``(32, 3, 3)`` -> ``(32, (3, 3))``."""
    sizes = args[1 : rank + 1]
    if len(sizes) < rank or not all(isinstance(one, int) for one in sizes):
        return args
    numbers = ", ".join(map(str, sizes))
    reporter.used(
        f"{name}({args[0]}, {numbers})", f"{name.replace('volution', 'v')}({args[0]}, ({numbers}))", stops=False
    )
    return (args[0], tuple(sizes), *args[rank + 1 :])


def _alias(reporter: LegacyReporter, module: ModuleType, name: str, new: str, rank: int) -> type:
    """Make the class of the old name: it makes layers of today's class, and knows them for its own."""
    today: Any = getattr(module, new)

    class Known(type(today)):  # type: ignore[misc]
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, today)

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            if cls is not alias:  # a class that a notebook derives from it
                return super().__call__(*args, **kwargs)
            if {"nb_row", "nb_col"} <= kwargs.keys():
                reporter.used("nb_row=, nb_col=", "kernel_size=")
                kwargs["kernel_size"] = (kwargs.pop("nb_row"), kwargs.pop("nb_col"))
            return today(*joined(args, reporter, name, rank), **kwargs)

    alias: type = Known(name, (today,), {"__doc__": today.__doc__, "__module__": today.__module__})
    return alias
