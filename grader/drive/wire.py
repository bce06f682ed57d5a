"""Jupyter's own classes for the connection to a kernel, made fit for a kernel that lies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import Session
from zmq.constants import SocketOption

from grader.records import Limits
from grader.sandbox import Running

NUM_BYTES = "num_bytes"
"""Where a received message says how large it was on the wire."""


def new_context(limits: Limits) -> zmq.asyncio.Context:
    """Return a ZeroMQ context whose sockets bound what the other side can make us hold, and never block."""
    context = zmq.asyncio.Context()
    # One huge message would lie in our memory before we could look at it; libzmq hangs up instead.
    context.setsockopt(SocketOption.MAXMSGSIZE, limits.cell_output_mb << 20)
    # Never connect again: by then a notebook may have put something else in the socket's place.
    context.setsockopt(SocketOption.RECONNECT_IVL, -1)
    # Without a connection there is nowhere to send to, and jupyter_client would wait for one in the event loop.
    context.setsockopt(SocketOption.SNDTIMEO, 0)
    return context


class TolerantSession(Session):  # type: ignore[misc]  # jupyter_client is not typed
    """Reads whatever comes: a message that is malformed, forged or sent twice becomes an empty one, nobody's."""

    def feed_identities(self, msg_list: list[bytes], copy: bool = True) -> tuple[list[bytes], list[bytes]]:
        """Split a message from its address; without a mark between them all of it is taken for the message."""
        try:
            identities, parts = super().feed_identities(msg_list, copy)
        except ValueError:
            return [], msg_list
        return identities, parts

    def deserialize(self, msg_list: list[bytes], content: bool = True, copy: bool = True) -> dict[str, Any]:
        """Return the message, with :data:`NUM_BYTES`, in the shapes that the protocol promises."""
        try:
            message = dict(super().deserialize(msg_list, content, copy))
            if not _has_the_promised_shapes(message):
                message = _empty_message()
        except Exception:  # noqa: BLE001 - the other side may send anything at all
            message = _empty_message()
        message[NUM_BYTES] = sum(map(len, msg_list))
        return message


class FairChannel(AsyncZMQSocketChannel):  # type: ignore[misc]  # jupyter_client is not typed
    """A channel that lets others have a turn before each message."""

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """Return the next message.

        Raises:
            queue.Empty: none came within ``timeout`` seconds.
        """
        # A full socket answers at once: without this, a flood would keep us from stopping it.
        await asyncio.sleep(0)
        # Without a bound there is no need to ask first, and receiving alone takes half the time.
        message: dict[str, Any] = await (self._recv() if timeout is None else super().get_msg(timeout))
        return message


class Channels(AsyncKernelClient):  # type: ignore[misc]  # jupyter_client is not typed
    """The two channels to a sealed kernel: requests go out on shell, what cells show comes in on iopub.

    The others are never opened: nobody answers ``input()``, and signals and the process itself serve us better than
    the kernel's word on the control and heartbeat channels.
    """

    def __init__(self, running: Running, **connection: Any) -> None:
        """Connect to the kernel that ``running`` is; ``connection`` as for jupyter_client's ``AsyncKernelClient``."""
        super().__init__(shell_channel_class=FairChannel, iopub_channel_class=FairChannel, **connection)
        self._running = running
        self.start_channels(stdin=False, hb=False, control=False)
        for channel in (self.shell_channel, self.iopub_channel):
            # jupyter_client asks for a second; after a kill there is nobody to deliver to.
            channel.socket.linger = 0

    async def is_alive(self) -> bool:
        """Tell whether the kernel's process runs."""
        return self._running.alive()

    def stop_channels(self) -> None:
        """Close both channels; what was inherited would first open the other three."""
        self.shell_channel.close()
        self.iopub_channel.close()


def _has_the_promised_shapes(message: Mapping[str, Any]) -> bool:
    mappings = ("header", "parent_header", "metadata", "content")
    return isinstance(message["msg_type"], str) and all(isinstance(message[name], dict) for name in mappings)


def _empty_message() -> dict[str, Any]:
    empty: dict[str, Any] = {name: {} for name in ("header", "parent_header", "metadata", "content")}
    return {**empty, "msg_id": "", "msg_type": "", "buffers": []}
