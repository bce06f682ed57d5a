"""Trainings at a URL that many machines reach: ``s3://``, ``gs://``, ``file://`` and whatever else fsspec knows."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from grader.errors import UsageError
from grader.records import msg

_log = logging.getLogger(__name__)


class SharedCache:
    """A place for the files of a cache, behind the folder of this machine.

    An object store shows an object whole or not at all, and a checksum tells whether it still is. What cannot be read
    there is trained here instead: it costs time, never the run. Whoever may write there decides what trainings say, so
    it must be the graders' own.
    """

    def __init__(self, url: str) -> None:
        """Name the place.

        Raises:
            UsageError: fsspec, or what it needs for such a URL, is missing; or this is no URL.
        """
        if "://" not in url:
            raise UsageError(
                msg(
                    "--shared-cache {url}: write a URL, such as s3://bucket/trainings or file:///mnt/trainings", url=url
                )
            )
        try:
            import fsspec
        except ImportError:
            text = msg(
                "--shared-cache needs fsspec in the Python that runs the grader; in its checkout: "
                "pip install -e '.[url]'"
            )
            raise UsageError(text) from None
        try:
            files, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as fault:  # no such kind of URL, or its library is missing, which fsspec names
            raise UsageError(
                msg("--shared-cache {url}: this cannot be used ({why})", url=url, why=str(fault))
            ) from None
        self._files: Any = files
        self._made = False

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None where there is none, or nobody answers."""
        with self._forgiving(name):
            content: bytes = self._files.cat_file(f"{self._root}/{name}")
            return content
        return None

    def write(self, name: str, content: bytes) -> None:
        """Keep a file."""
        with self._forgiving(name):
            if not self._made:
                self._files.makedirs(self._root, exist_ok=True)
                self._made = True
            self._files.pipe_file(f"{self._root}/{name}", content)

    @contextlib.contextmanager
    def _forgiving(self, name: str) -> Any:
        try:
            yield
        except FileNotFoundError:
            return
        except Exception as fault:  # noqa: BLE001 - each kind of store has its own
            _log.warning("the shared cache does not give or take %s: %s", name, fault)
