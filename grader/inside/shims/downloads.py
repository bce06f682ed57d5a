"""Data sets by the addresses they are downloaded from: the bytes of those files, made from the arrays here."""

from __future__ import annotations

import io
import urllib.request
import urllib.response
from email.message import Message
from pathlib import Path
from typing import Any

from ..probe.copies import copy_at  # noqa: TID252 - the kernel imports this folder under another name


class DatasetFiles:
    """Files of the data sets by their addresses."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._made: dict[str, bytes] = {}

    def content(self, address: str) -> bytes | None:
        """Return what lies at an address, None for what is not here."""
        copy = None
        with self._session.quietly():
            copy = copy_at(self._session.stored_datasets, address)
            if copy is not None and address not in self._made:
                self._made[address] = copy.content()
        if copy is None or address not in self._made:
            return None
        file = address.partition("?")[0].rstrip("/").rpartition("/")[2]
        self._session.note("data", f"{copy.stored.name}: {file} from the copy on disk")
        return self._made[address]


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
