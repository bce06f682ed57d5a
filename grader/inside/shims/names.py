"""Names that modules no longer have: each module is taught to answer for its old ones when the notebook asks.

Libraries look for names to learn which release they run under; they get the same answer as ever.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from .absent import Absent
from .made import Make
from .paths import plain, shown, today_of
from .reporter import LegacyReporter, asked_by_notebook
from .spellings import MODULES, NAMES, REFUSED
from .statements import is_imported_by_name, is_imported_plainly

_PARTS = (
    *("utils", "layers", "models", "backend", "preprocessing", "preprocessing.image", "losses", "metrics", "callbacks"),
    *("initializers", "constraints", "regularizers", "activations", "optimizers"),
)


def install_names(reporter: LegacyReporter, made: dict[str, Make]) -> None:
    """Teach modules their old names as they are imported.

    Args:
        reporter: where uses are told.
        made: dotted old name -> what makes the stand-in for it, where no name of today's does.
    """
    owners = {name.rpartition(".")[0] for name in (*NAMES, *REFUSED, *MODULES, *made)}
    # Through `tensorflow.keras` Keras still has names that it has lost under its own.
    owners |= {f"keras.{part}" for part in _PARTS}
    sys.meta_path.insert(0, _OldNamesFinder(reporter, owners, made))
    for module in [sys.modules[name] for name in owners & sys.modules.keys()]:  # the probe itself needs NumPy
        teach(module, reporter, made)


class _OldNamesFinder(importlib.abc.MetaPathFinder):
    """Finds modules as Python does, and adds to those that have old names."""

    def __init__(self, reporter: LegacyReporter, owners: set[str], made: dict[str, Make]) -> None:
        self._reporter, self._owners, self._made = reporter, owners, made

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the module's usual spec; its loader teaches the module once its code has run."""
        if fullname in sys.modules or plain(fullname)[0] not in self._owners:
            return None
        others = sys.meta_path[sys.meta_path.index(self) + 1 :]  # the probe waits for some modules, too
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((one for one in specs if one is not None), None)
        if spec is None or spec.loader is None:
            return None
        loader = spec.loader
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            loader.exec_module = run  # type: ignore[method-assign]
            run(module)
            teach(module, self._reporter, self._made)

        loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def teach(module: ModuleType, reporter: LegacyReporter, made: dict[str, Make]) -> None:
    """Let a module answer for its old names, and change what it has under one of them."""
    for name in [one for one in made if one.rpartition(".")[0] == plain(module.__name__)[0]]:
        last = name.rpartition(".")[2]
        if last in vars(module):
            setattr(module, last, made[name](module))
    own = getattr(module, "__getattr__", None)

    def __getattr__(name: str) -> Any:  # noqa: N807
        __tracebackhide__ = True
        if not name.startswith("__") and asked_by_notebook():
            found, value = _find(module, name, reporter, made)
            if found:
                return value
        if own is not None:
            return own(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    module.__getattr__ = __getattr__  # type: ignore[method-assign]


def _find(module: ModuleType, name: str, reporter: LegacyReporter, made: dict[str, Make]) -> tuple[bool, Any]:
    dotted = f"{module.__name__}.{name}"
    wanted, kind = plain(dotted)
    if wanted in made:
        return True, made[wanted](module)
    if wanted in REFUSED:
        refusal = AttributeError, shown(dotted), REFUSED[wanted]
        if not (is_imported_by_name() and is_imported_plainly()):
            reporter.refused(*refusal)
        return True, Absent(reporter.refusal(*refusal))  # one name of many in a line, and often never used
    if wanted in NAMES:
        new = NAMES[wanted]
        reporter.used(shown(dotted), new.removeprefix("builtins."))
        owner, _, last = (kind + new.removeprefix("keras") if kind else new).rpartition(".")
        return True, _reach(owner, last)
    if wanted in MODULES:
        return True, importlib.import_module(dotted)
    if kind == "keras" and not today_of(module.__name__):
        return _of_tensorflow(wanted, reporter)
    return False, None


def _reach(owner: str, name: str) -> Any:
    """Return an attribute of a module, or of something inside one: ``tensorflow.compat.v1``."""
    first, *rest = owner.split(".")
    value: Any = importlib.import_module(first)
    for part in rest:
        value = getattr(value, part, None) or importlib.import_module(f"{value.__name__}.{part}")
    return getattr(value, name)


def _of_tensorflow(wanted: str, reporter: LegacyReporter) -> tuple[bool, Any]:
    """Return a name that Keras 3 keeps under ``tensorflow.keras`` alone, such as ImageDataGenerator."""
    owner, _, name = wanted.rpartition(".")
    try:
        kept = importlib.import_module(f"tensorflow.{owner}")
    except ImportError:
        return False, None
    if name not in vars(kept):
        try:
            return True, importlib.import_module(f"tensorflow.{wanted}")
        except ImportError:
            return False, None
    reporter.used(wanted, f"tensorflow.{wanted}")
    return True, vars(kept)[name]
