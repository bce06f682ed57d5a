"""A dictionary for the notebook's own objects."""

from __future__ import annotations

import weakref
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class ByIdentity(Generic[T]):
    """A dictionary whose keys are compared by identity and not kept alive; students' classes may redefine equality."""

    def __init__(self) -> None:
        self._items: dict[int, tuple[weakref.ref[Any], T]] = {}

    def get(self, key: object) -> T | None:
        """Return the value of a key, or None."""
        item = self._items.get(id(key))
        return item[1] if item is not None and item[0]() is key else None

    def set(self, key: object, value: T) -> None:
        """Set the value of a key."""
        number, items = id(key), self._items

        def forget(dead: weakref.ref[Any]) -> None:
            if number in items and items[number][0] is dead:
                del items[number]

        self._items[number] = (weakref.ref(key, forget), value)
