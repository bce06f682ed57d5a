"""The data sets that the grader knows: a description each, and nobody else knows one by name."""

from __future__ import annotations

import re

from grader.errors import DataError
from grader.known.binary20 import BINARY20
from grader.known.cifar10 import CIFAR10
from grader.known.description import Description, Published
from grader.known.mnist import MNIST
from grader.records import msg

__all__ = ["KNOWN", "Description", "Published", "description_of", "handed_out", "mentioned"]

KNOWN: dict[str, Description] = {one.name: one for one in (MNIST, CIFAR10, BINARY20)}
"""By name. It is asked whenever a data set comes along, never copied."""


def description_of(name: str) -> Description:
    """Return the description of a data set, or say which there are (DataError)."""
    if name not in KNOWN:
        raise DataError(
            msg("found the data set name {name}; expected one of {known}", name=repr(name), known=", ".join(KNOWN))
        )
    return KNOWN[name]


def handed_out(name: str) -> Description | None:
    """Return the description of a data set that is the same for all; None for one that notebooks draw, and for none.

    >>> handed_out("binary20"), handed_out("")
    (None, None)
    """
    found = KNOWN.get(name)
    return found if found is not None and found.images else None


def mentioned(text: str) -> tuple[str, ...]:
    """Return the data sets that code, an address or a note speaks of, in the order of the text.

    >>> mentioned("keras.datasets.mnist, then cifar-10-python.tar.gz"), mentioned("fashion_mnist")
    (('mnist', 'cifar10'), ())
    """
    owners = {word: "" for one in KNOWN.values() for word in one.unlike}
    owners |= {word: one.name for one in KNOWN.values() for word in one.words}
    pattern = "|".join(map(re.escape, sorted(owners, key=len, reverse=True)))
    found = (owners[word] for word in re.findall(pattern, text.lower()))
    return tuple(name for name in dict.fromkeys(found) if name)
