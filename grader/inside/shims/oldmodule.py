"""What stands for a module that went."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from .paths import plain, shown
from .reporter import LegacyReporter
from .spellings import MODULES


class OldModule(ModuleType):
    """Stands for a module that went: its names are looked up in today's."""

    def __init__(self, reporter: LegacyReporter, old: str, new: str) -> None:
        super().__init__(old, f"What was {old} is in {new} today.")
        self.reporter, self.old, self.new = reporter, old, new

    def __getattr__(self, name: str) -> Any:
        today = importlib.import_module(self.new)
        if name == "__all__":  # `from keras.layers.core import *`: all at once, and told once
            public = getattr(today, "__all__", [one for one in vars(today) if not one.startswith("_")])
            self.__dict__.update({one: getattr(today, one) for one in public})
            self.reporter.used(f"from {shown(self.old)} import *", f"from {shown(self.new)} import *")
            return list(public)
        if name.startswith("__"):
            raise AttributeError(name)
        if plain(f"{self.old}.{name}")[0] in MODULES:
            return importlib.import_module(f"{self.old}.{name}")
        for place in (self.new, *_also(self.new)):
            found = importlib.import_module(place)
            if hasattr(found, name):
                self.reporter.used(shown(self.old), shown(place))
                return getattr(found, name)
        if sys._getframe(1).f_code.co_name == "_handle_fromlist":  # would go on to look for a module of that name
            raise ImportError(f"cannot import name {name!r} from {self.old!r}", name=name)
        raise AttributeError(f"module {self.old!r} has no attribute {name!r}")


def _also(new: str) -> list[str]:
    """Return where else to look: an old module had some of what lies elsewhere today."""
    inner, kind = plain(new)
    return [*(f"{kind}{part}" for part in ("", ".models", ".layers")), f"tensorflow.{inner}"] if kind else []
