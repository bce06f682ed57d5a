"""Starts a sealed kernel, connects to it, and notices when it is gone."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from zmq.constants import Event
from zmq.utils.monitor import recv_monitor_message

import grader.inside
from grader.drive.family import birth
from grader.drive.wire import Channels, TolerantSession, new_context
from grader.records import Limits
from grader.sandbox import OutputTail, Room, Running
from grader.sandbox.seal import RUN, WORK

LAUNCHER = "/opt/grader_inside"
"""Where ``grader/inside`` lies in the room."""
_START_SECONDS = 120
_GREETING_SECONDS = 0.1
_LAST_SECONDS = 1.5
_CONNECTION_FILE = f"{RUN}.json"
_SOCKETS = f"{RUN}/s"
_PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
_USED_PORTS = (1, 2)


class KernelStartError(Exception):
    """The kernel did not come up; the text says what it printed. Never the student's fault."""


def kernel_binds() -> dict[str, Path]:
    """Return the folders that a room must show for a kernel to start in it."""
    return {LAUNCHER: Path(grader.inside.__path__[0])}


def kernel_files(key: str) -> dict[str, bytes]:
    """Return the files that a room must hold for a kernel to start in it; messages are signed with ``key``."""
    connection = {
        "transport": "ipc",
        # Relative to the folder the kernel starts in, so that it holds wherever the room's root is.
        "ip": os.path.relpath(_SOCKETS, WORK),
        "key": key,
        "signature_scheme": "hmac-sha256",
        **_PORTS,
    }
    return {_CONNECTION_FILE: json.dumps(connection).encode()}


class Kernel:
    """A running kernel and the channels to it; :func:`open_kernel` makes one."""

    def __init__(self, running: Running, channels: Channels) -> None:
        """Watch the process and both connections for their end."""
        self.running = running
        self.channels = channels
        self.gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done when no more answers will come: ``exited`` or ``disconnected``."""
        sockets = (channels.shell_channel.socket, channels.iopub_channel.socket)
        work = [self._watch_process(), *map(self._watch_socket, sockets)]
        self._tasks = [asyncio.ensure_future(one) for one in work]

    async def settle(self, task: asyncio.Future[Any], seconds: float) -> bool:
        """Wait until ``task`` is done; False when the time is up or the kernel is gone."""
        awaited: set[asyncio.Future[Any]] = {task, self.gone}
        await asyncio.wait(awaited, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED)
        return task.done()

    def give_up(self, how: str) -> None:
        """Take it for ``exited`` or ``disconnected``, unless one of the two is already known."""
        if not self.gone.done():
            self.gone.set_result(how)

    async def close(self) -> None:
        """Kill the kernel and close the channels."""
        self.running.kill()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.channels.stop_channels()

    async def greet(self) -> None:
        """Wait until the kernel is heard on both channels, or gone.

        What it says on iopub before our subscription has reached it is lost, so it is asked again and again.
        """
        ways = (self.channels.shell_channel, self.channels.iopub_channel)
        silent = {asyncio.ensure_future(way.get_msg()) for way in ways}
        while silent and not self.gone.done():
            self.channels.kernel_info()
            _, silent = await asyncio.wait(silent, timeout=_GREETING_SECONDS)
        for task in silent:
            task.cancel()

    async def _watch_process(self) -> None:
        while self.running.alive():
            await asyncio.sleep(0.1)
        self.give_up("exited")

    async def _watch_socket(self, channel: Any) -> None:
        monitor = channel.get_monitor_socket(Event.DISCONNECTED)
        await recv_monitor_message(monitor)
        # A kernel that ends closes its sockets first; give it the time to be seen as ended.
        await asyncio.sleep(_LAST_SECONDS)
        self.give_up("disconnected")


@asynccontextmanager
async def open_kernel(
    room: Room, key: str, limits: Limits, env: Mapping[str, str], fds: Sequence[int]
) -> AsyncIterator[Kernel]:
    """Start a kernel in ``room``, which holds :func:`kernel_binds` and :func:`kernel_files`, and connect to it.

    The kernel inherits the descriptors ``fds``.

    Raises:
        KernelStartError: it does not come up.
    """
    running, errors = _launch(room, env, fds)
    context = new_context(limits)
    try:
        address = await _sockets(running, errors)
        session = TolerantSession(key=key.encode(), username="grader")
        channels = Channels(running, context=context, session=session, transport="ipc", ip=address, **_PORTS)
        kernel = Kernel(running, channels)
        try:
            await asyncio.wait_for(kernel.greet(), _START_SECONDS)
            if kernel.gone.done():
                raise KernelStartError(f"the kernel ended while it started: {errors.text()}")
            yield kernel
        except TimeoutError:
            raise KernelStartError(f"the kernel did not answer in {_START_SECONDS} s: {errors.text()}") from None
        finally:
            await kernel.close()
    finally:
        running.kill()
        context.destroy(linger=0)


def _launch(room: Room, env: Mapping[str, str], fds: Sequence[int]) -> tuple[Running, OutputTail]:
    python = [sys.executable, room.path(f"{LAUNCHER}/kernel.py"), "-f", room.path(_CONNECTION_FILE)]
    with birth:
        running = room.start(
            [*python, "--HistoryManager.hist_file=:memory:"],
            env,
            pass_fds=fds,
            stderr=subprocess.PIPE,
        )
    assert running.popen.stderr is not None
    return running, OutputTail(running.popen.stderr)


async def _sockets(running: Running, errors: OutputTail) -> str:
    """Wait until the kernel listens on its sockets, and return their common path as seen from here."""
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        if not running.alive():
            raise KernelStartError(f"the sandbox or the kernel ended while it started: {errors.text()}")
        address = running.reach(_SOCKETS)
        if address is not None and all(_accepts(f"{address}-{number}") for number in _USED_PORTS):
            return str(address)
        await asyncio.sleep(0.02)
    raise KernelStartError(f"the kernel did not listen within {_START_SECONDS} s: {errors.text()}")


def _accepts(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
        return True
