"""Paths to modules: which of them are old, and what they are today."""

from __future__ import annotations

from .spellings import MODULES, REFUSED

_KERAS = (
    ("tensorflow.keras", "tensorflow.keras"),
    ("keras._tf_keras.keras", "tensorflow.keras"),
    ("tensorflow.python.keras", "tensorflow.keras"),
    ("keras", "keras"),
)
"""How a path to Keras may begin, and which of the two kinds of Keras it is."""


def plain(name: str) -> tuple[str, str]:
    """Return a dotted name as it would be below ``keras``, and the beginning it really has.

    >>> plain("tensorflow.keras.utils.np_utils"), plain("numpy.float")
    (('keras.utils.np_utils', 'tensorflow.keras'), ('numpy.float', ''))
    """
    name = name.replace("tensorflow._api.v2.", "tensorflow.", 1)
    for start, kind in _KERAS:
        if name == start or name.startswith(f"{start}."):
            return "keras" + name.removeprefix(start), kind
    return name, ""


def today_of(name: str) -> str:
    """Return the module that has an old one's contents; empty for a module that is not old.

    >>> today_of("tensorflow.keras.layers.core"), today_of("keras.layers"), today_of("keras.engine.base_layer")
    ('tensorflow.keras.layers', '', 'keras.layers')
    """
    wanted, kind = plain(name)
    old = max((one for one in MODULES if wanted == one or wanted.startswith(f"{one}.")), key=len, default="")
    if not old:
        return ""
    new = MODULES[old]
    if new == "keras":  # all of Keras under another name
        new += wanted.removeprefix(old)
    return new if new.startswith("tensorflow.") else kind + new.removeprefix("keras")


def refusal_of(name: str) -> str | None:
    """Return what to write in place of a module that is refused, or of one in it; None for any other.

    >>> refusal_of("tensorflow.contrib.layers"), refusal_of("tensorflow.keras.layers")
    ('keras', None)
    """
    wanted = plain(name)[0]
    old = next((one for one in REFUSED if wanted == one or wanted.startswith(f"{one}.")), None)
    return None if old is None else REFUSED[old]


def shown(name: str) -> str:
    """Return a dotted name as notebooks write it.

    >>> shown("keras._tf_keras.keras.layers.core"), shown("tensorflow._api.v2.random")
    ('tensorflow.keras.layers.core', 'tensorflow.random')
    """
    return name.replace("keras._tf_keras.keras", "tensorflow.keras").replace("tensorflow._api.v2.", "tensorflow.")
