"""MNIST and CIFAR-10 by the addresses they are downloaded from: the bytes of those files, made from the arrays here."""

from __future__ import annotations

import gzip
import io
import re
import struct
import urllib.request
import urllib.response
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import Any

from ..probe.data import cifar_archive, mnist_file  # noqa: TID252 - the kernel imports this folder under another name

_IDX = re.compile(r"^(train|t10k)-(images|labels)[-.]idx[13]-ubyte(\.gz)?$")
_CSV = re.compile(r"^mnist_(train|test|train_small)\.csv$")
_SMALL = 20_000
"""Rows of Colab's small table."""
_SPLITS = {"train": "train", "t10k": "test", "test": "test"}


class DatasetFiles:
    """Files of the data sets by the last part of their address."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._made: dict[str, bytes] = {}

    def content(self, address: str) -> bytes | None:
        """Return what lies at an address, None for what is not here."""
        name = address.split("?", maxsplit=1)[0].rstrip("/").rpartition("/")[2]
        if name not in self._made:
            with self._session.quietly():
                content = _content(name, self._session.stored_datasets)
                if content is not None:
                    self._made[name] = content
        if name in self._made:
            self._session.note("data", f"{name} from the copy on disk")
        return self._made.get(name)


def _content(name: str, stored_datasets: Mapping[str, Any]) -> bytes | None:
    mnist, cifar = stored_datasets.get("mnist"), stored_datasets.get("cifar10")
    idx, csv = _IDX.match(name), _CSV.match(name)
    if mnist is not None and name == "mnist.npz":
        return Path(mnist_file(mnist)).read_bytes()
    if mnist is not None and idx is not None:
        made = _idx(mnist.array(f"{'x' if idx[2] == 'images' else 'y'}_{_SPLITS[idx[1]]}"))
        return gzip.compress(made, compresslevel=1) if idx[3] else made
    if mnist is not None and csv is not None:
        split, _, small = csv[1].partition("_")
        return _csv(mnist, _SPLITS[split], _SMALL if small else None)
    if cifar is not None and name == "cifar-10-python.tar.gz":
        return Path(cifar_archive(cifar)).read_bytes()
    return None


def _idx(array: Any) -> bytes:
    """Return an array of bytes in the format of MNIST's own files."""
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + bytes(array.astype("uint8").tobytes())


def _csv(stored: Any, split: str, most: int | None) -> bytes:
    labels, images = stored.array(f"y_{split}")[:most], stored.array(f"x_{split}")[:most]
    rows = zip(labels.tolist(), images.reshape(-1, 784).tolist(), strict=True)
    return "".join(f"{label},{','.join(map(str, image))}\n" for label, image in rows).encode()


def install_downloads(session: Any) -> DatasetFiles:
    """Answer the standard library's downloads of these files; all others fail as they do without a network."""
    copies = DatasetFiles(session)
    really_open, really_retrieve = urllib.request.urlopen, urllib.request.urlretrieve

    def urlopen(url: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        address = url if isinstance(url, str) else getattr(url, "full_url", "")
        content = copies.content(address)
        if content is None:
            return really_open(url, *args, **kwargs)
        return urllib.response.addinfourl(io.BytesIO(content), Message(), address, 200)

    def urlretrieve(url: Any, filename: Any = None, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        content = copies.content(str(url))
        if content is None:
            return really_retrieve(url, filename, *args, **kwargs)
        path = Path(filename or str(url).rpartition("/")[2])
        path.write_bytes(content)
        return str(path), Message()

    urllib.request.urlopen, urllib.request.urlretrieve = urlopen, urlretrieve
    return copies
