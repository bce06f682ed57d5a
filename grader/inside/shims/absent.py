"""What stands for something that is not here: it can be imported and passed around; any use of it is the error."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from .idle import idle_callback

Fail = Callable[[], NoReturn]


class AbsentModule(ModuleType):
    """A module that is not here."""

    def __init__(self, name: str, fail: Fail) -> None:
        super().__init__(name)
        self.fail = fail

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return idle_callback(self.__name__, name) or Absent(self.fail, f"{self.__name__}.{name}")


class Absent:
    """A name that is not here."""

    def __init__(self, fail: Fail, dotted: str = "") -> None:
        self._fail, self._dotted = fail, dotted

    def __getattr__(self, name: str) -> Any:
        __tracebackhide__ = True
        return (not name.startswith("__") and idle_callback(self._dotted, name)) or self._used()

    def _used(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002
        __tracebackhide__ = True
        fail: Fail = self.__dict__["_fail"]
        fail()

    __call__ = __iter__ = __getitem__ = __enter__ = __bool__ = __len__ = __mro_entries__ = _used
    __add__ = __radd__ = __mul__ = __rmul__ = _used


def missing_library(name: str) -> Fail:
    """Return what raises the error of importing a library that is not installed."""

    def fail() -> NoReturn:
        __tracebackhide__ = True
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    return fail
