"""Stand-ins that are more than another name: what old code finds under a dotted name, and what makes it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from .told import Told
from .windows import windows

Make = Callable[[ModuleType], Any]


def stand_ins(told: Told) -> dict[str, Make]:
    """Return what makes each stand-in, given the module it is looked for in."""
    return {**windows(told), **_backend(told)}


def _backend(told: Told) -> dict[str, Make]:
    def image_data_format() -> str:
        import keras

        told.used("image_dim_ordering()", "keras.config.image_data_format()")
        return {"channels_first": "th"}.get(keras.config.image_data_format(), "tf")

    def set_image_data_format(ordering: str) -> None:
        import keras

        new = {"th": "channels_first", "tf": "channels_last"}[ordering]
        told.used(f"set_image_dim_ordering({ordering!r})", f"keras.config.set_image_data_format({new!r})")
        keras.config.set_image_data_format(new)

    def set_session(session: Any) -> None:  # noqa: ARG001
        told.used("set_session(...)")

    return {
        "keras.backend.image_dim_ordering": lambda _: image_data_format,
        "keras.backend.set_image_dim_ordering": lambda _: set_image_data_format,
        "keras.backend.set_session": lambda _: set_session,
    }
