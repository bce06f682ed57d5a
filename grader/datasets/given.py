"""A file the lecturer gives -> the four arrays. The kind of file is told by content, never by name."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from grader.datasets import bundle, cifar, idx
from grader.datasets.arrays import NAMES, Arrays, checked, fits
from grader.errors import DataError
from grader.known import Description
from grader.records import msg


def read_given(spec: Description, path: Path) -> Arrays:
    """Return the checked arrays of a data set from a file or folder.

    Reads Keras's ``.npz``, idx files as MNIST's (gzipped or not, in a folder, zip or tar), CIFAR-10's python and
    binary archives, and the folder Keras unpacks them to. Nothing is extracted, nothing is unpickled by pickle's own
    rules.

    Raises:
        DataError: says what was found, what was expected and what to do.
    """
    if not spec.images:
        raise DataError(msg("{dataset} is made by the grader itself; there is nothing to add", dataset=spec.name))
    with bundle.readable(path):
        if path.is_file() and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if any(name in NAMES for name in _stems(archive)):
                    return checked(spec, _npz(spec, path, archive))
        return checked(spec, _archive(spec, path))


def _archive(spec: Description, path: Path) -> Arrays:
    if spec.archive == "idx":
        return idx.read_idx(spec, path)
    if spec.archive == "cifar":
        return cifar.read_cifar(path)
    raise DataError(
        msg(
            "{file}: found no .npz; expected one with {names}, saved with numpy.savez",
            file=str(path),
            names=", ".join(NAMES),
        )
    )


def _stems(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in archive.namelist()]


def _npz(spec: Description, path: Path, archive: zipfile.ZipFile) -> Arrays:
    missing = [name for name in NAMES if name not in _stems(archive)]
    if missing:
        raise DataError(
            msg(
                "{file}: found no {missing} in it, but {others}; expected {names}. Save it with numpy.savez "
                "under these names",
                file=str(path),
                missing=", ".join(missing),
                others=", ".join(_stems(archive)[:8]),
                names=", ".join(NAMES),
            )
        )
    arrays = {}
    for name in NAMES:
        with archive.open(f"{name}.npy") as stream:
            arrays[name] = _npy(spec, name, path, stream)
    return arrays


def _npy(spec: Description, name: str, path: Path, stream: IO[bytes]) -> NDArray[Any]:
    """Read one array. The header is judged before memory is spent on what it promises."""
    try:
        version = npy.read_magic(stream)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = header(stream)
    except ValueError as fault:
        raise DataError(
            msg(
                "{file}: found a {name} that is no numpy array ({why}). Fetch the file again",
                file=str(path),
                name=name,
                why=str(fault),
            )
        ) from fault
    fits(spec, name, shape, dtype)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    content = stream.read(size)
    if len(content) != size:
        raise DataError(
            msg(
                "{file}: found {count} of the {size} bytes of {name}; fetch the file again",
                file=str(path),
                count=len(content),
                size=size,
                name=name,
            )
        )
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")
