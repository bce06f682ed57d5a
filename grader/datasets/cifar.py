"""CIFAR-10's own files: six pickles of Python 2, or six files of fixed-length records.

Formats: https://www.cs.toronto.edu/~kriz/cifar.html. A pickle is a program; here it can build nothing but lists,
strings, numbers and a stand-in that remembers what it was called with.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.datasets.arrays import Arrays
from grader.datasets.bundle import members
from grader.errors import DataError
from grader.records import joined, msg

_ROWS, _PIXELS = 10_000, 3 * 32 * 32
_TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))
_BATCHES = (*_TRAIN, "test_batch")
_MEMO = 1 << 20
"""Highest memo number; pickle allocates a table as long as the highest."""

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Images (n, 32, 32, 3) and labels (n,)."""


def read_cifar(path: Path) -> Arrays:
    """Return CIFAR-10's arrays from its archive (python or binary version) or the unpacked folder.

    Raises:
        DataError: a batch is missing, damaged, or asks pickle for more than arrays.
    """
    found: dict[str, Batch] = {}
    others: list[str] = []
    for name, read in members(path):
        batch = name.removesuffix(".bin")
        if batch not in _BATCHES:
            others.append(name)
            continue
        found[batch] = (parse_binary if name.endswith(".bin") else parse_pickle)(read(), name)
        if len(found[batch][0]) != _ROWS:
            raise DataError(
                msg(
                    "{file}: found {count} images in {name}; expected {wanted}. Fetch it again",
                    file=str(path),
                    count=len(found[batch][0]),
                    name=name,
                    wanted=_ROWS,
                )
            )
    missing = [name for name in _BATCHES if name not in found]
    if missing:
        raise DataError(
            msg(
                "{file}: found no {missing}, but {others}. Expected CIFAR-10 as cifar-10-python.tar.gz, "
                "cifar-10-binary.tar.gz, the folder cifar-10-batches-py, or an .npz",
                file=str(path),
                missing=", ".join(missing),
                others=", ".join(others[:8]) or msg("nothing else"),
            )
        )
    images, labels = zip(*(found[name] for name in _TRAIN), strict=True)
    x_test, y_test = found["test_batch"]
    return {"x_train": np.concatenate(images), "y_train": np.concatenate(labels), "x_test": x_test, "y_test": y_test}


def parse_binary(content: bytes, name: str) -> Batch:
    """Return the batch in a file of records: one label byte, then 3,072 bytes of red, green and blue planes."""
    if not content or len(content) % (1 + _PIXELS):
        raise DataError(
            msg(
                "{name}: found {count} bytes; expected a multiple of {size}. Fetch it again",
                name=name,
                count=len(content),
                size=1 + _PIXELS,
            )
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, 1 + _PIXELS)
    return _images(records[:, 1:]), records[:, 0].astype(np.int64)


def parse_pickle(content: bytes, name: str) -> Batch:
    """Return the batch in a pickle with ``data``, uint8 (n, 3072), and ``labels``, a list of n numbers."""
    try:
        _check_memo(content)
        loaded = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        pixels, labels = _pixels(_entry(loaded, b"data")), _numbers(_entry(loaded, b"labels"))
    except DataError as fault:
        raise DataError(joined([name, fault.message], ": ")) from fault
    except Exception as fault:  # a damaged pickle may raise anything
        raise DataError(
            msg(
                "{name}: found a damaged pickle ({kind}: {why}); fetch it again",
                name=name,
                kind=type(fault).__name__,
                why=str(fault),
            )
        ) from fault
    if len(pixels) != len(labels):
        raise DataError(
            msg(
                "{name}: found {images} images and {labels} labels; fetch it again",
                name=name,
                images=len(pixels),
                labels=len(labels),
            )
        )
    return _images(pixels), labels


def _images(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(planes.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


class _StandIn:
    """Takes the place of numpy's names in a pickle, and only remembers."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = ()

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _encode(text: Any, _codec: Any) -> bytes:
    """Do what Python 3 writes for bytes in an old protocol: ``_codecs.encode(text, "latin1")``."""
    return str(text).encode("latin1")


_ALLOWED: Mapping[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _StandIn,
    ("numpy._core.multiarray", "_reconstruct"): _StandIn,
    ("numpy", "ndarray"): _StandIn,
    ("numpy", "dtype"): _StandIn,
    ("_codecs", "encode"): _encode,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise DataError(
                msg(
                    "found a pickle that asks for {module}.{name}; CIFAR-10 needs no such thing. Do not use this file",
                    module=module,
                    name=name,
                )
            )
        return _ALLOWED[module, name]


def _check_memo(content: bytes) -> None:
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name in {"PUT", "BINPUT", "LONG_BINPUT"} and not 0 <= int(argument or 0) < _MEMO:
            raise DataError(msg("found a pickle made to exhaust memory; do not use this file"))


def _entry(loaded: Any, key: bytes) -> Any:
    """Return the entry under a key that Python 2 wrote as bytes and Python 3 may write as str."""
    if not isinstance(loaded, dict):
        raise DataError(msg("found a pickle without a dictionary; it is not a CIFAR-10 batch"))
    for spelling in (key, key.decode()):
        if spelling in loaded:
            return loaded[spelling]
    raise DataError(msg("found no entry {key}; it is not a CIFAR-10 batch", key=repr(key.decode())))


def _pixels(array: Any) -> NDArray[np.uint8]:
    """Build the array from what a stand-in remembers of ``ndarray.__setstate__``."""
    state: tuple[Any, ...] = array.state if isinstance(array, _StandIn) else ()
    if len(state) != 5 or not isinstance(state[2], _StandIn) or not isinstance(state[4], bytes):
        raise DataError(msg("found no array of bytes under 'data'; it is not a CIFAR-10 batch"))
    _, shape, dtype, fortran, raw = state
    if dtype.arguments[:1] not in {(b"u1",), ("u1",)} or fortran or shape != (len(raw) // _PIXELS, _PIXELS):
        raise DataError(
            msg(
                "found an array of shape {shape} under 'data'; expected bytes in rows of {size}",
                shape=str(shape),
                size=_PIXELS,
            )
        )
    return np.frombuffer(raw, np.uint8).reshape(shape)


def _numbers(labels: Any) -> NDArray[np.int64]:
    if not isinstance(labels, list) or not all(type(label) is int and 0 <= label < 10 for label in labels):
        raise DataError(msg("found labels that are not a list of numbers from 0 to 9; it is not a CIFAR-10 batch"))
    return np.array(labels, np.int64)
