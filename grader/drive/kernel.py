"""A sealed kernel and the two channels to it: requests go out on one, what cells show comes in on the other."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import zmq.asyncio
from jupyter_client.session import Session
from zmq.constants import Event, SocketOption, SocketType
from zmq.utils.monitor import recv_monitor_message

import grader.inside
from grader.records import Limits
from grader.sandbox import Room, Running
from grader.sandbox.seal import RUN, WORK

LAUNCHER = "/opt/grader_inside"
"""Where ``grader/inside`` lies in the room."""
_START_SECONDS = 120
_IDLE_SECONDS = 4
_STDERR_BYTES = 8_000
_CONNECTION_FILE = f"{RUN}.json"
_SOCKETS = f"{RUN}/s"
_SHELL, _IOPUB, _STDIN, _CONTROL, _HEARTBEAT = 1, 2, 3, 4, 5


class KernelStartError(Exception):
    """The kernel did not come up; the text says what it printed. Never the student's fault."""


def kernel_binds() -> dict[str, Path]:
    """Return the folders that a room must show for a kernel to start in it."""
    return {LAUNCHER: Path(grader.inside.__path__[0])}


def kernel_files(key: str) -> dict[str, bytes]:
    """Return the files that a room must hold for a kernel to start in it; messages are signed with ``key``."""
    names = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
    connection = {
        "transport": "ipc",
        # Relative to the folder the kernel starts in, so that it holds wherever the room's root is.
        "ip": os.path.relpath(_SOCKETS, WORK),
        "key": key,
        "signature_scheme": "hmac-sha256",
        **dict(zip(names, (_SHELL, _IOPUB, _STDIN, _CONTROL, _HEARTBEAT), strict=True)),
    }
    return {_CONNECTION_FILE: json.dumps(connection).encode()}


@dataclass(eq=False)
class Request:
    """Code that was sent to the kernel, and what has come back so far."""

    take: Callable[[str, Mapping[str, Any]], None]
    """Called with kind and content of each message that belongs to it."""
    finished: asyncio.Future[None]
    reply: Mapping[str, Any] = field(default_factory=dict)
    idle: bool = False
    num_bytes: int = 0
    num_messages: int = 0


class Kernel:
    """A running kernel; :func:`open_kernel` makes one."""

    def __init__(self, running: Running, session: Session, shell: Any, iopub: Any) -> None:
        """Use the two connected sockets."""
        self.running = running
        loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[str] = loop.create_future()
        """Done when no more answers will come: ``exited`` or ``disconnected``."""
        self._session = session
        self._shell = shell
        self._iopub = iopub
        self._requests: dict[str, Request] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def listen(self) -> None:
        """Start to read both channels and to watch for their end."""
        work = [self._read_shell(), self._read_iopub(), self._watch_process()]
        work += [self._watch_socket(each) for each in (self._shell, self._iopub)]
        self._tasks = [asyncio.ensure_future(one) for one in work]

    def execute(self, code: str, take: Callable[[str, Mapping[str, Any]], None], *, silent: bool = False) -> Request:
        """Send code; the request's ``finished`` is done when the kernel has answered and shown everything."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        return self._send("execute_request", content, take)

    async def settle(self, request: Request, seconds: float) -> bool:
        """Wait until the request is finished; False when the time is up or the kernel is gone."""
        awaited: set[asyncio.Future[Any]] = {request.finished, self.gone}
        await asyncio.wait(awaited, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED)
        return request.finished.done()

    async def close(self) -> None:
        """Kill the kernel and stop listening."""
        self.running.kill()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def greet(self) -> None:
        """Wait until the kernel answers on both channels.

        What it says on IOPub before our subscription has reached it is lost, so it is asked again and again.
        """
        while not self.gone.done():
            request = self._send("kernel_info_request", {}, lambda *_: None)
            for _ in range(50):
                await self.settle(request, 0.02)
                if request.reply and request.idle:
                    return
            self._requests.clear()

    def _send(self, kind: str, content: dict[str, Any], take: Callable[[str, Mapping[str, Any]], None]) -> Request:
        message = self._session.msg(kind, content)
        request = Request(take, asyncio.get_running_loop().create_future())
        self._requests[message["header"]["msg_id"]] = request
        self._session.send(self._shell, message)
        return request

    async def _read_shell(self) -> None:
        while True:
            request, _, content = await self._receive(self._shell)
            if request is not None and not request.reply:
                request.reply = content
                self._note_progress(request)

    async def _read_iopub(self) -> None:
        while True:
            request, kind, content = await self._receive(self._iopub)
            if request is None:
                continue
            if kind == "status" and content.get("execution_state") == "idle":
                request.idle = True
                self._note_progress(request)
            else:
                with contextlib.suppress(Exception):  # a message against the protocol is not worth an ending
                    request.take(kind, content)

    def _note_progress(self, request: Request) -> None:
        if request.reply and request.idle:
            _finish(request)
        elif request.reply:
            # A notebook can break its kernel's IOPub channel: then nothing ever says that all has been shown.
            asyncio.get_running_loop().call_later(_IDLE_SECONDS, _finish, request)

    async def _receive(self, channel: Any) -> tuple[Request | None, str, Mapping[str, Any]]:
        """Return the next message with the request it belongs to; None for one that is nobody's or malformed."""
        parts = await channel.recv_multipart()
        # A full socket answers at once, without a turn for anyone else: a flood would keep us from stopping it.
        await asyncio.sleep(0)
        try:
            _, signed = self._session.feed_identities(parts)
            message = self._session.deserialize(signed)
            request = self._requests.get(message["parent_header"].get("msg_id"))
            kind, content = str(message["header"]["msg_type"]), dict(message["content"])
        except Exception:  # noqa: BLE001 - the other side may send anything at all
            return None, "", {}
        if request is not None:
            request.num_messages += 1
            request.num_bytes += sum(map(len, parts))
        return request, kind, content

    async def _watch_process(self) -> None:
        while self.running.alive():
            await asyncio.sleep(0.1)
        self._end("exited")

    async def _watch_socket(self, channel: Any) -> None:
        monitor = channel.get_monitor_socket(Event.DISCONNECTED)
        await recv_monitor_message(monitor)
        # A kernel that ends closes its sockets first; give it the time to be seen as ended.
        await asyncio.sleep(3)
        self._end("disconnected")

    def _end(self, how: str) -> None:
        if not self.gone.done():
            self.gone.set_result(how)


def _finish(request: Request) -> None:
    if not request.finished.done():
        request.finished.set_result(None)


@asynccontextmanager
async def open_kernel(
    room: Room, key: str, limits: Limits, env: Mapping[str, str], trace_fd: int | None
) -> AsyncIterator[Kernel]:
    """Start a kernel in ``room``, which holds :func:`kernel_binds` and :func:`kernel_files`, and connect to it.

    Raises:
        KernelStartError: it does not come up.
    """
    running, errors = _launch(room, env, trace_fd)
    context = zmq.asyncio.Context()
    try:
        # One huge message would lie in our memory before we could look at it; libzmq hangs up instead.
        context.setsockopt(SocketOption.MAXMSGSIZE, limits.cell_output_mb << 20)
        # Never connect again: by then a notebook may have put something else in the socket's place.
        context.setsockopt(SocketOption.RECONNECT_IVL, -1)
        context.setsockopt(SocketOption.LINGER, 0)
        address = await _sockets(running, errors)
        session = Session(key=key.encode(), username="grader")
        shell, iopub = context.socket(SocketType.DEALER), context.socket(SocketType.SUB)
        shell.identity = session.bsession
        iopub.subscribe(b"")
        kernel = Kernel(running, session, shell, iopub)
        kernel.listen()
        shell.connect(f"ipc://{address}-{_SHELL}")
        iopub.connect(f"ipc://{address}-{_IOPUB}")
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


def _launch(room: Room, env: Mapping[str, str], trace_fd: int | None) -> tuple[Running, _Tail]:
    python = [sys.executable, room.path(f"{LAUNCHER}/kernel.py"), "-f", room.path(_CONNECTION_FILE)]
    running = room.start(
        [*python, "--HistoryManager.hist_file=:memory:"],
        env,
        pass_fds=[] if trace_fd is None else [trace_fd],
        stderr=subprocess.PIPE,
    )
    assert running.popen.stderr is not None
    return running, _Tail(running.popen.stderr)


async def _sockets(running: Running, errors: _Tail) -> str:
    """Wait until the kernel listens on its sockets, and return their common path as seen from here."""
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        if not running.alive():
            raise KernelStartError(f"the sandbox or the kernel ended while it started: {errors.text()}")
        address = running.reach(_SOCKETS)
        if address is not None and all(_accepts(f"{address}-{number}") for number in (_SHELL, _IOPUB)):
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


class _Tail:
    """Reads a pipe to its end so that the writer never waits, and remembers the last of it."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._kept = b""
        self._pipe = pipe
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self) -> None:
        with self._pipe:
            while chunk := self._pipe.read1(65536):  # type: ignore[attr-defined]
                self._kept = (self._kept + chunk)[-_STDERR_BYTES:]

    def text(self) -> str:
        return self._kept.decode(errors="replace").strip() or "(it printed nothing)"
