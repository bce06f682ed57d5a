"""Methods of Keras whose arguments are looked at, and changed where they are old, before Keras sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..probe.hooks import replace_method  # noqa: TID252 - the kernel imports this folder under another name

Change = Callable[[tuple[Any, ...], dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]]]
"""From the arguments of a call, without ``self``, to those that today's Keras takes."""


def change_calls(owner: type, name: str, change: Change) -> None:
    """Let the arguments of a method be changed before it is called."""

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            args, kwargs = change(args, kwargs)
            return original(self, *args, **kwargs)

        return method

    replace_method(owner, name, wrap)
