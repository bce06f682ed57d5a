"""One trainer process, seen from the host: started, asked, timed, killed."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import grader.inside
from grader.errors import TrainerError
from grader.processor import tensorflow_environment
from grader.records import Limits, Platform, TrainingLimits, msg
from grader.sandbox import UNBOUNDED_MB, OutputTail, Room, Running, Seal, gpu_devices
from grader.sandbox.seal import HOME, PATH
from grader.train.hardware import Place

_STARTING_SECONDS = 300.0
_GRACE_SECONDS = 120.0
"""What preparing data and evaluating may take beside the training itself."""
_LAST_SECONDS = 1.0
_KILLED = frozenset(code for signum in (signal.SIGKILL, signal.SIGABRT) for code in (-signum, 128 + signum))
"""How the wrappers say that the process was killed, or gave up."""
_LONGEST_REPLY = 32 << 20
_LARGEST_STATE = 80 << 20
_TAIL = 2_000
_CODE = "/opt/trainer"
_DATA = "/data"
_COMPILED = "/tmp/compiled"  # noqa: S108 - of the sandbox
_LEAST_MB = 4_096
_EXTRAS = {"tensorflow": "cpu", "jax": "jax", "torch": "torch"}
"""What brings each backend."""
_PASSED_ON = ("CUDA_", "NVIDIA_", "XLA_", "TF_", "JAX_", "OMP_", "LD_LIBRARY_PATH")
"""Beginnings of the environment variables by which a person says which devices to use, and how."""


OnEpoch = Callable[[int, int], None]
"""Is called after every epoch of a training, in the thread that waits for it: how many are done, of how many."""


class WorkerDied(Exception):  # noqa: N818  - handled by the pool, never shown
    """The process ended, hung or talked nonsense while it was asked; it is gone now."""

    def __init__(self, what: str, *, for_memory: bool = False) -> None:
        """``for_memory``: it ended as processes do that were short of memory."""
        super().__init__(what)
        self.for_memory = for_memory


class Worker:
    """A running, sealed trainer process. Not thread-safe: the pool lends it to one thread at a time.

    It sees the data sets' folders and its own code, can write nothing that outlives it, and has no network.
    """

    def __init__(
        self,
        seal: Seal,
        folders: Sequence[Path],
        bounds: TrainingLimits,
        start_in: Executor,
        *,
        backend: str,
        place: Place,
    ) -> None:
        """Start a process that can train on the data sets in ``folders``.

        Args:
            seal: How it is sealed off.
            folders: The data sets it may read.
            bounds: What one training may cost; the process as a whole gets no more memory.
            start_in: Has a thread that outlives the process: a sandbox ends with the thread that started it.
            backend: What Keras computes with in it.
            place: Where it computes.

        Raises:
            TrainerError: It cannot start here, with the end of what it printed.
        """
        self._inside = {str(folder): f"{_DATA}/{number}" for number, folder in enumerate(folders)}
        self.place = place
        self._room = ExitStack()
        try:
            room = self._room.enter_context(_room(seal, self._inside, bounds, place))
            self._inside = {outside: room.path(inside) for outside, inside in self._inside.items()}
            self._running = start_in.submit(_start, room, backend, place).result()
        except (OSError, RuntimeError) as fault:  # RuntimeError: the pool is closed, and its thread has gone
            self._room.close()
            raise TrainerError(msg("the training process cannot be sealed off: {why}", why=str(fault))) from None
        assert self._running.popen.stderr is not None
        self._printed = OutputTail(self._running.popen.stderr)
        self._rest = bytearray()
        try:
            hello = self._read(time.monotonic() + _STARTING_SECONDS)["hello"]
            self.platform = Platform(
                device=str(hello["device"]),
                backend=str(hello["versions"]["backend"]),
                keras=str(hello["versions"]["keras"]),
            )
        except (WorkerDied, KeyError, TypeError):
            self.close()
            raise TrainerError(
                msg(
                    "the training process cannot start; it needs Keras and {backend} in the Python that runs the "
                    "grader; in its checkout: pip install -e '.[{extra}]'. It printed:\n{printed}",
                    backend=backend,
                    extra=_EXTRAS[backend],
                    printed=self._printed.text(wait=1)[-_TAIL:],
                )
            ) from None

    def shows(self, folder: Path) -> bool:
        """Tell whether it can read the data set in ``folder``."""
        return str(folder) in self._inside

    def ask(
        self,
        request: Mapping[str, Any],
        seconds: float,
        state: bytes = b"",
        on_epoch: OnEpoch | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        """Send one request and return its reply, with the state of the model where that was asked for.

        Args:
            request: As :mod:`grader.inside.trainer` takes it; ``folder`` is one of those it was started with.
            seconds: What the training may take; some grace is added.
            state: What the training left that this one goes on from; if it is not sent, that is trained again.
            on_epoch: Is told of every epoch.

        Raises:
            WorkerDied: No valid reply in time. The process has been ended.
        """
        try:
            assert self._running.popen.stdin is not None
            inside = {**request, "folder": self._inside[str(request["folder"])], "state_bytes": len(state)}
            self._running.popen.stdin.write(json.dumps(inside, allow_nan=False).encode() + b"\n" + state)
            self._running.popen.stdin.flush()
            deadline = time.monotonic() + seconds + _GRACE_SECONDS
            while "epoch" in (reply := self._read(deadline)):
                epoch, of = _epoch(reply)
                if on_epoch is not None:
                    on_epoch(epoch, of)
            return reply, self._read_state(reply.pop("state_bytes", 0), deadline)
        except (OSError, WorkerDied) as fault:
            for_memory = self._ended_for_memory()
            self.close()
            raise WorkerDied(str(fault), for_memory=for_memory) from None

    def kill(self) -> None:
        """End the process; safe while another thread waits for its reply, which then sees :class:`WorkerDied`."""
        self._running.kill()

    def close(self) -> None:
        """End the process and let go of its streams."""
        self.kill()
        for stream in (self._running.popen.stdin, self._running.popen.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._room.close()

    def _ended_for_memory(self) -> bool:
        """Tell whether it was killed, or ended itself, as happens to processes when memory is short."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._running.popen.wait(_LAST_SECONDS) in _KILLED
        return False  # still there: it hangs

    def _read(self, deadline: float) -> dict[str, Any]:
        """Read one JSON line from the process before ``deadline``."""
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > _LONGEST_REPLY:
                raise WorkerDied("the reply is too long")
            self._read_on(deadline)
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError):
            raise WorkerDied("not JSON") from None
        if not isinstance(reply, dict):
            raise WorkerDied("not a JSON object")
        return reply

    def _read_state(self, size: Any, deadline: float) -> bytes:
        if not isinstance(size, int) or not 0 <= size <= _LARGEST_STATE:
            raise WorkerDied("the state of the model is too large")
        while len(self._rest) < size:
            self._read_on(deadline)
        state = bytes(self._rest[:size])
        del self._rest[:size]
        return state

    def _read_on(self, deadline: float) -> None:
        assert self._running.popen.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._running.popen.stdout, selectors.EVENT_READ)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise WorkerDied("no reply in time")
        part = os.read(self._running.popen.stdout.fileno(), 1 << 20)
        if not part:
            raise WorkerDied("the process ended")
        self._rest += part


def _epoch(line: Mapping[str, Any]) -> tuple[int, int]:
    epoch, of = line["epoch"], line.get("epochs")
    if not isinstance(epoch, int) or not isinstance(of, int):
        raise WorkerDied("not a number of epochs")
    return epoch, of


def _room(seal: Seal, inside: Mapping[str, str], bounds: TrainingLimits, place: Place) -> AbstractContextManager[Room]:
    devices = () if place.gpu is None else gpu_devices()
    # Where there is no GPU: TensorFlow alone takes half a gigabyte, whatever is trained.
    memory = UNBOUNDED_MB if devices else max(bounds.memory_mb, _LEAST_MB)
    return seal.room(
        limits=Limits(memory_mb=memory),
        binds={f"{_CODE}/grader/inside": Path(grader.inside.__path__[0])}
        | {place: Path(outside) for outside, place in inside.items()},
        # The grader itself is not there, only what lies on the far side of the wall.
        files={f"{_CODE}/grader/__init__.py": b""},
        devices=devices,
    )


def _start(room: Room, backend: str, place: Place) -> Running:
    # -P: what lies in the folder it starts in must not be taken for a module.
    argv = [sys.executable, "-P", "-m", "grader.inside.trainer"]
    pipe = subprocess.PIPE
    return room.start(argv, _environment(room, backend, place), stdin=pipe, stdout=pipe, stderr=pipe)


def _environment(room: Room, backend: str, place: Place) -> dict[str, str]:
    """Return the whole environment: backend, device, and what else a person says about both."""
    given = {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
    return {
        **tensorflow_environment(),
        **given,
        "PATH": f"{Path(sys.executable).parent}:{PATH}",
        "HOME": room.path(HOME),
        "TMPDIR": room.path("/tmp"),  # noqa: S108
        "LANG": "C.UTF-8",
        "PYTHONPATH": room.path(_CODE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **place.environment,
        **(_compiled_once(room.path(_COMPILED)) if backend == "jax" else {}),
    }


def _compiled_once(folder: str) -> dict[str, str]:
    """Return what lets JAX compile the programs of a network once for all its seeds, as long as the process lives."""
    return {"JAX_COMPILATION_CACHE_DIR": folder, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1"}
