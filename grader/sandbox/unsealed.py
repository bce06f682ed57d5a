"""No seal at all: for notebooks one trusts, on machines without bubblewrap, when asked for with ``--no-sandbox``."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from grader.records import Limits
from grader.sandbox.seal import HOME, RUN, WORK, Running, Stream, rlimits


class Unsealed:
    """Runs a command with our own rights; limits hold per process and where ``prlimit`` exists."""

    name = "none"
    description = "none"

    @contextmanager
    def room(
        self,
        *,
        limits: Limits,
        binds: Mapping[str, Path] | None = None,
        files: Mapping[str, Path | bytes] | None = None,
        devices: Sequence[Path] = (),  # noqa: ARG002 - all of them are open to it anyway
    ) -> Iterator[_OpenRoom]:
        """Make a temporary folder with the layout of a sealed room, removed afterwards."""
        with tempfile.TemporaryDirectory(prefix="grader-", ignore_cleanup_errors=True) as name:
            root = Path(name)
            for folder in (WORK, HOME, RUN, "/tmp"):  # noqa: S108
                _below(root, folder).mkdir(parents=True, exist_ok=True)
            for inside, outside in (binds or {}).items():
                _below(root, inside).parent.mkdir(parents=True, exist_ok=True)
                _below(root, inside).symlink_to(outside.resolve())
            for inside, source in (files or {}).items():
                _below(root, inside).parent.mkdir(parents=True, exist_ok=True)
                content = source if isinstance(source, bytes) else source.read_bytes()
                _below(root, inside).write_bytes(content)
            yield _OpenRoom(root, limits)


class _OpenRoom:
    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root
        self._limits = limits

    def path(self, inside: str) -> str:
        """Return the path in the temporary folder."""
        return str(_below(self._root, inside))

    def start(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        pass_fds: Sequence[int] = (),
        stdin: Stream = subprocess.DEVNULL,
        stdout: Stream = subprocess.DEVNULL,
        stderr: Stream = subprocess.DEVNULL,
    ) -> Running:
        """Start a process in the work folder, with this environment."""
        prlimit = shutil.which("prlimit")
        limited = [prlimit, *rlimits(self._limits), "--"] if prlimit else []
        popen = subprocess.Popen(
            [*limited, *argv],
            env=dict(env),
            cwd=_below(self._root, WORK),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        return Running(popen, locate=lambda pid: pid, root=lambda _: str(self._root))


def _below(root: Path, inside: str) -> Path:
    return root / inside.lstrip("/")
