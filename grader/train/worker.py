"""One trainer process, seen from the host: started, asked, timed, killed."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import TrainerError

_STARTING_SECONDS = 300.0
_GRACE_SECONDS = 120.0
"""What preparing data and evaluating may take beside the training itself."""
_LONGEST_REPLY = 32 << 20
_TAIL = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingBounds:
    """What one training may cost; a recipe beyond is refused, with the reason. ``workbook.toml`` sets them."""

    parameters: int = 20_000_000
    steps: int = 400_000
    seconds: int = 7_200
    memory_mb: int = 8_192


class WorkerDied(Exception):  # noqa: N818  - handled by the pool, never shown
    """The process ended, hung or talked nonsense while it was asked; it is gone now."""


class Worker:
    """A running trainer process. Not thread-safe: the pool lends it to one thread at a time.

    Raises:
        TrainerError: It cannot start here, with the end of what it printed.
    """

    def __init__(self) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  - lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "grader.inside.trainer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=_environment(),
            bufsize=0,
        )
        self._rest = b""
        try:
            hello = self._read(time.monotonic() + _STARTING_SECONDS)["hello"]
            self.device, self.versions = str(hello["device"]), dict(hello["versions"])
        except (WorkerDied, KeyError, TypeError):
            tail = self._log_tail()
            self.close()
            raise TrainerError(
                "the training process cannot start; it needs Keras and TensorFlow in the Python that runs the grader: "
                f"pip install 'workbook-grader[cpu]'. It printed:\n{tail}"
            ) from None

    def ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Send one request and return its reply.

        Args:
            request: As :mod:`grader.inside.trainer` takes it.
            seconds: What the training may take; some grace is added.

        Raises:
            WorkerDied: No valid reply in time. The process has been ended.
        """
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(request, allow_nan=False).encode() + b"\n")
            return self._read(time.monotonic() + seconds + _GRACE_SECONDS)
        except (OSError, WorkerDied) as fault:
            self.close()
            raise WorkerDied(str(fault)) from None

    def kill(self) -> None:
        """End the process; safe while another thread waits for its reply, which then sees :class:`WorkerDied`."""
        self._process.kill()

    def close(self) -> None:
        """End the process and let go of its streams."""
        self.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _read(self, deadline: float) -> dict[str, Any]:
        """Read one JSON line from the process before ``deadline``."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if len(self._rest) > _LONGEST_REPLY or not selector.select(max(0.0, deadline - time.monotonic())):
                    raise WorkerDied("no reply in time")
                part = os.read(self._process.stdout.fileno(), 1 << 16)
                if not part:
                    raise WorkerDied("the process ended")
                self._rest += part
        line, self._rest = self._rest.split(b"\n", 1)
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError):
            raise WorkerDied("not JSON") from None
        if not isinstance(reply, dict):
            raise WorkerDied("not a JSON object")
        return reply

    def _log_tail(self) -> str:
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - _TAIL))
        return self._log.read().decode("utf-8", "replace").strip() or "nothing"


def _environment() -> dict[str, str]:
    """Return the process's environment: quiet TensorFlow, a GPU's memory taken as needed, this very package."""
    package = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH")
    return os.environ | {
        "PYTHONPATH": f"{package}{os.pathsep}{path}" if path else package,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "PYTHONUTF8": "1",
    }
