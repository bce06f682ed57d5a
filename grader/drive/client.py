"""nbclient, held to one thing: it runs each cell, and decides nothing about kernels, time or what is kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from zmq.error import Again

from grader.drive.outputs import Outputs
from grader.drive.wire import NUM_BYTES, Channels
from grader.records import CellStatus

_IDLE_SECONDS = 4
"""A notebook can break its kernel's iopub channel: then nothing ever says that all has been shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFailure:
    """What it means that nbclient gave up on a cell."""

    status: CellStatus
    kernel: str = ""
    """``exited`` or ``disconnected`` when the kernel is lost too."""


CLIENT_FAILURES: Mapping[type[Exception], ClientFailure] = {
    DeadKernelError: ClientFailure(status=CellStatus.ERROR, kernel="exited"),
    # Sending is refused when there is no connection; nbclient lets the exception pass.
    Again: ClientFailure(status=CellStatus.ERROR, kernel="disconnected"),
    # Our settings leave these two no occasion.
    CellTimeoutError: ClientFailure(status=CellStatus.TIMED_OUT),
    CellExecutionError: ClientFailure(status=CellStatus.ERROR),
}


class _StartedKernel:
    """Stands where nbclient expects a kernel manager, so that it neither starts a kernel nor ends one."""

    has_kernel = True


@dataclass(eq=False)
class CellRun:
    """One cell on its way through the kernel, and what has come back so far."""

    outputs: Outputs = field(default_factory=Outputs)
    reply: Mapping[str, Any] = field(default_factory=dict)
    """Content of the kernel's ``execute_reply``; empty until it came."""
    num_bytes: int = 0
    num_messages: int = 0


class SealedClient(NotebookClient):  # type: ignore[misc]  # nbclient is not typed as we use it
    """Runs the cells of one notebook, one at a time, in a kernel that others started, supervise and end."""

    def __init__(self, notebook: NotebookNode, channels: Channels) -> None:
        """Use the channels; outputs go into the :class:`CellRun`, not into ``notebook``."""
        super().__init__(
            notebook,
            _StartedKernel(),
            allow_errors=True,
            # Who supervises the run interrupts a cell by signal. Told to do so, nbclient would wait for ever for a
            # cell that ignores it.
            timeout=None,
            interrupt_on_timeout=False,
            iopub_timeout=_IDLE_SECONDS,
            raise_on_iopub_timeout=False,
            # Nothing but code may steer a run.
            skip_cells_with_tag="",
            store_widget_state=False,
            record_timing=False,
            coalesce_streams=False,
            on_cell_executed=self._take_reply,
        )
        self.kc = channels
        self._cell_run = CellRun()
        self._drain: asyncio.Future[None] | None = None

    def start_cell(self, cell: NotebookNode, index: int, number: int) -> tuple[CellRun, asyncio.Task[Any]]:
        """Send a cell; the task ends when the kernel has answered and shown everything, or with a breakdown."""
        if self._drain is not None:
            self._drain.cancel()
        self._cell_run = CellRun()
        return self._cell_run, asyncio.ensure_future(self.async_execute_cell(cell, index, execution_count=number))

    async def run_silently(self, code: str) -> None:
        """Run code of ours that shows nothing and leaves no number; returns when the kernel has answered."""
        request = self.kc.execute(code, silent=True, store_history=False, stop_on_error=False)
        await self.async_wait_for_reply(request)

    def process_message(self, msg: dict[str, Any], *_: Any) -> None:
        """Weigh and keep one message that belongs to the running cell.

        Raises:
            CellExecutionComplete: nbclient's signal that nothing more will come.
        """
        run = self._cell_run
        run.num_bytes += msg[NUM_BYTES]
        run.num_messages += 1
        if msg["msg_type"] == "status" and msg["content"].get("execution_state") == "idle":
            raise CellExecutionComplete
        with contextlib.suppress(Exception):  # a message against the protocol is not worth an ending
            run.outputs.take(msg["msg_type"], msg["content"])

    async def _async_poll_output_msg(self, *cell: Any) -> None:
        await super()._async_poll_output_msg(*cell)
        # A cell may claim to be idle, go on, and fill the memory of whoever has stopped to look.
        self._drain = asyncio.ensure_future(self._count_what_follows(self._cell_run))

    async def _count_what_follows(self, run: CellRun) -> None:
        while True:
            message = await self.kc.iopub_channel.get_msg()
            run.num_bytes += message[NUM_BYTES]
            run.num_messages += 1

    def _take_reply(self, execute_reply: dict[str, Any], **_: Any) -> None:
        # nbclient looks at the status next, and trusts that there is one.
        execute_reply["content"].setdefault("status", "missing")
        self._cell_run.reply = execute_reply["content"]


def breakdown(task: asyncio.Task[Any]) -> ClientFailure | None:
    """Return why a task of :class:`SealedClient` ended early; None when it did not, or still runs.

    Raises:
        Exception: what the task ended with, when that is no way in which nbclient gives up.
    """
    error = task.exception() if task.done() else None
    if error is None:
        return None
    for kind, meaning in CLIENT_FAILURES.items():
        if isinstance(error, kind):
            return meaning
    raise error
