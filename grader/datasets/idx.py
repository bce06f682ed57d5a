"""The file format of MNIST and its like: idx, described at the foot of Yann LeCun's MNIST page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.datasets.arrays import NAMES, Arrays
from grader.datasets.bundle import gunzipped, members
from grader.errors import DataError
from grader.known import Description
from grader.records import msg

_MAGIC = b"\x00\x00\x08"
"""Two zero bytes, then the code of unsigned bytes; the number of axes follows."""


def parse_idx(content: bytes) -> NDArray[np.uint8] | None:
    """Return the uint8 array of an idx file, or None when the content is something else.

    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    array([7, 8, 9], dtype=uint8)
    >>> parse_idx(b"something else") is None
    True

    Raises:
        DataError: the content is shorter or longer than its header says.
    """
    if not content.startswith(_MAGIC) or len(content) < 4 or len(content) < 4 + 4 * content[3]:
        return None
    axes = content[3]
    shape = tuple(np.frombuffer(content, ">u4", axes, 4).tolist())
    body = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    size = 1
    for length in shape:
        size *= length
    if size != len(body):
        raise DataError(
            msg(
                "found an idx file with {count} bytes for the shape {shape}; it is cut short: fetch it again",
                count=len(body),
                shape=str(shape),
            )
        )
    return body.reshape(shape)


def read_idx(spec: Description, path: Path) -> Arrays:
    """Return a data set's arrays from its four idx files, gzipped or not, in a folder, zip or tar.

    Each file is known by the shape its header gives, because its name differs from mirror to mirror.

    Raises:
        DataError: a file is missing, damaged, or there twice with different content.
    """
    slots = {spec.shape(name): name for name in NAMES}
    found: dict[str, NDArray[np.uint8]] = {}
    others: list[str] = []
    for name, read in members(path):
        array = parse_idx(gunzipped(read()))
        slot = None if array is None else slots.get(array.shape)
        if array is None or slot is None:
            others.append(name if array is None else f"{name} {array.shape}")
        elif slot in found and not np.array_equal(found[slot], array):
            raise DataError(
                msg(
                    "{file}: found two different files for {slot}; expected one. Give only {title}'s own files",
                    file=str(path),
                    slot=slot,
                    title=spec.title,
                )
            )
        else:
            found[slot] = array
    missing = [f"{name} {spec.shape(name)}" for name in NAMES if name not in found]
    if missing:
        raise DataError(
            msg(
                "{file}: found no idx file for {missing}, but {others}. Expected train-images-idx3-ubyte, "
                "train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, gzipped or not",
                file=str(path),
                missing=", ".join(missing),
                others=", ".join(others[:8]) or msg("nothing else"),
            )
        )
    return found
