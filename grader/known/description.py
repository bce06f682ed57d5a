"""What is to be known about a data set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

DIGITS = tuple("0123456789")

IDX_FILES = r"(?P<split>train|t10k)-(?P<part>images|labels)[-.]idx[13]-ubyte(?P<packed>\.gz)?$"
"""What the four files of MNIST's format are called, at the end of an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Addresses of files that notebooks download; the kernel makes the files from the arrays."""

    form: Literal["npz", "idx", "csv", "cifar"]
    """What lies there; ``grader/inside/probe/copies.py`` makes each."""
    pattern: str
    """Regular expression, searched in the address. ``idx`` and ``csv`` name their ``split`` in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A data set: its arrays exactly as ``keras.datasets`` gives them, and how people come by them.

    The arrays are ``x_train``, ``y_train``, ``x_test`` and ``y_test``.

    >>> from grader.known import KNOWN
    >>> KNOWN["mnist"].shape("x_test"), KNOWN["cifar10"].shape("y_train"), KNOWN["binary20"].classes
    ((10000, 28, 28), (50000, 1), 2)
    """

    name: str
    """As in ``keras.datasets``, by which notebooks load it, in ``tensorflow_datasets``, and in tasks."""
    title: str
    """What people call it."""
    num_train: int
    num_test: int
    item: tuple[int, ...]
    """Shape of one row of x."""
    x_dtype: str = "uint8"
    label: tuple[int, ...] = ()
    """Shape of one row of y."""
    y_dtype: str = "uint8"
    class_names: tuple[str, ...]
    """Of the classes 0, 1, ..."""
    drawn: int = 0
    """Rows that the workbook has notebooks draw for themselves; 0 where all have the same images."""
    sample: str = ""
    """Module of the offline stand-in: ``SOURCE`` says where it comes from, ``make(description)`` makes the arrays.
    Without one, the full data set is needed."""
    archive: Literal["", "idx", "cifar"] = ""
    """How its makers publish it, for ``grader data add``; ``grader/datasets/given.py`` reads each. Keras's .npz is read
    in any case."""
    keras_file: str = ""
    """Name of the .npz that Keras downloads, where it downloads one."""
    fingerprint: str = ""
    """Of the arrays that Keras downloads; empty where we have not seen them. Records made on them tell whom a download
    helps."""
    published: tuple[Published, ...] = ()
    """What else is downloaded."""
    called: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Library -> what it calls the data set, in small letters. What the shims of that library look for."""
    spellings: tuple[str, ...] = ()
    """By what else than its name code and addresses speak of it, in small letters."""
    unlike: tuple[str, ...] = ()
    """Words with its name in them that mean another data set."""

    @property
    def images(self) -> bool:
        """Whether it has uint8 images, the same for all, whose rows are recognised by hash."""
        return not self.drawn

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def words(self) -> tuple[str, ...]:
        """By what code and addresses speak of it; nothing where each notebook draws its own."""
        return () if self.drawn else (self.name, *self.spellings)

    @property
    def input_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes, without the batch axis, in which it is commonly fed to a model.

        >>> from grader.known import KNOWN
        >>> KNOWN["mnist"].input_shapes, KNOWN["cifar10"].input_shapes
        (((784,), (28, 28), (28, 28, 1), (1, 28, 28)), ((3072,), (32, 32, 3), (3, 32, 32)))
        """
        if len(self.item) == 1:
            return (self.item,)
        *plane, channels = self.item if len(self.item) == 3 else (*self.item, 1)
        flat = (plane[0] * plane[1] * channels,)
        return tuple(dict.fromkeys((flat, self.item, (*plane, channels), (channels, *plane))))

    def shape(self, array: str) -> tuple[int, ...]:
        """Return the shape of one of the four arrays."""
        rows = self.num_train if array.endswith("train") else self.num_test
        return (rows, *(self.item if array.startswith("x") else self.label))

    def dtype(self, array: str) -> str:
        """Return the number type of one of the four arrays."""
        return self.x_dtype if array.startswith("x") else self.y_dtype

    def for_kernel(self) -> dict[str, Any]:
        """Return what is handed over to the kernel, as JSON; ``grader/inside/facts.py`` reads it."""
        files = [[one.form, one.pattern] for one in self.published]
        if self.keras_file:
            files.insert(0, ["npz", rf"(^|/){re.escape(self.keras_file)}$"])
        return {
            "name": self.name,
            "item": list(self.item),
            "class_names": list(self.class_names),
            "drawn": bool(self.drawn),
            "files": files,
            "called": {library: list(names) for library, names in self.called.items()},
        }
