"""The learning rates a ``LearningRateScheduler`` is going to set, told before the training where that can be told.

Its function is called for all epochs beforehand if it is pure arithmetic: plain Python over numbers, without
effects and without chance. Whoever calls it again, as Keras does, then gets the same.
"""

from __future__ import annotations

import builtins
import dis
import math
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from .describe import callback_facts
from .handover import starting_rate

_MOST_EPOCHS = 10_000
_DEEPEST = 5
"""Functions that call each other."""
_SETS_RATES = frozenset({"LearningRateScheduler", "ReduceLROnPlateau"})
_BUILTINS = frozenset({"abs", "bool", "float", "int", "len", "max", "min", "pow", "range", "round", "sum"})
_MODULES = frozenset({"math", "numpy", "tensorflow", "keras", "keras.ops"})
_RECKONING = frozenset(
    {"abs", "ceil", "clip", "cos", "e", "exp", "expm1", "float32", "float64", "floor", "item", "log", "log10", "log1p"}
    | {"log2", "math", "maximum", "minimum", "numpy", "ops", "pi", "pow", "power", "round", "sin", "sqrt", "tanh"}
)
"""Attributes that only compute, in whichever of these modules."""
_EFFECTS = ("STORE_GLOBAL", "STORE_ATTR", "STORE_SUBSCR", "STORE_DEREF", "STORE_NAME", "DELETE_", "IMPORT_", "YIELD_",
            "MAKE_FUNCTION", "LOAD_NAME", "LOAD_BUILD_CLASS", "SEND", "BEFORE_WITH")  # fmt: skip


def facts_of_callbacks(model: Any, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Describe the callbacks of a ``fit``, a scheduler with its ``rates`` where they can be told."""
    callbacks = given.get("callbacks") or []
    callbacks = callbacks if isinstance(callbacks, list) else [callbacks]
    facts = [callback_facts(one) for one in callbacks]
    if sum(one["kind"] in _SETS_RATES for one in facts) == 1:
        for callback, one in zip(callbacks, facts, strict=True):
            if one["kind"] == "LearningRateScheduler" and not one["custom"]:
                epochs = range(int(given.get("initial_epoch") or 0), int(given["epochs"]))
                rates = _rates(callback.schedule, epochs, model)
                one["config"] |= {} if rates is None else {"rates": rates}
    return facts


def _rates(schedule: Any, epochs: range, model: Any) -> list[float] | None:
    """Return the rate of each epoch as the optimizer holds it, None where it cannot be told."""
    if len(epochs) > _MOST_EPOCHS or getattr(model, "optimizer", None) is None or not is_pure_arithmetic(schedule):
        return None
    rate, rates = starting_rate(model), []
    if rate is None:
        return None
    for epoch in epochs:
        try:  # as Keras calls it
            found = schedule(epoch, rate)
        except TypeError:
            found = schedule(epoch)
        if not isinstance(found, (float, np.float32, np.float64)) or not math.isfinite(found):
            return None
        rate = float(np.float32(found))
        rates.append(rate)
    return rates


def is_pure_arithmetic(function: Any, depth: int = 0) -> bool:
    """Tell whether a function can do nothing but compute with its arguments and with numbers that stay as they are."""
    if not isinstance(function, types.FunctionType) or depth > _DEEPEST:
        return False
    code = function.__code__
    steps = list(dis.get_instructions(code))
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    used = [_global(function, step.argval) for step in steps if step.opname == "LOAD_GLOBAL"]
    held = [*used, *cells, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    changes = any(
        step.opname.startswith("INPLACE_") or step.argrepr.endswith("=") for step in steps if "OP" in step.opname
    )
    return (
        not any(step.opname.startswith(_EFFECTS) for step in steps)
        and all(step.argval in _RECKONING for step in steps if step.opname in {"LOAD_ATTR", "LOAD_METHOD"})
        and all(_is_harmless(one, depth) for one in held)
        and not (changes and any(isinstance(one, (list, dict)) for one in held))
    )


def _global(function: types.FunctionType, name: str) -> Any:
    if name in function.__globals__:
        return function.__globals__[name]
    return getattr(builtins, name) if name in _BUILTINS else None


def _is_harmless(value: Any, depth: int) -> bool:
    if isinstance(value, types.ModuleType):
        return value.__name__.replace("keras.api", "keras") in _MODULES
    if isinstance(value, (list, tuple)):
        return all(isinstance(one, (int, float)) for one in value)
    if isinstance(value, dict):
        return all(isinstance(one, (int, float)) for pair in value.items() for one in pair)
    if isinstance(value, types.FunctionType):
        return is_pure_arithmetic(value, depth + 1)
    return isinstance(value, (int, float, np.number)) or any(value is getattr(builtins, name) for name in _BUILTINS)
