"""Supervises the code cells one after the other; a failing cell is recorded and the next one runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from grader.clock import Clock
from grader.drive.client import CellRun, ClientFailure, SealedClient, breakdown
from grader.drive.kernel import Kernel
from grader.drive.notebook import code_cells
from grader.drive.outputs import both_ends, without_colours
from grader.records import CellOutcome, CellStatus, Ending, Limits, Message, msg
from grader.sandbox import Excess, Watchdog
from grader.sandbox.seal import most_threads

_INTERRUPTS = 3
_INTERRUPT_SECONDS = 0.5
"""A cell that is out of time is interrupted so often, so far apart; then its kernel goes, within 2 s of the limit."""
_FINISH_SECONDS = 120
_FINISH_PROBE = "__import__('grader_inside.probe', fromlist=['finish']).finish()"
_TEXT = 2_000
_LONG_TEXT = 6_000


_IMPORT_SECONDS = 120
_IMPORTS = "exec('import keras, tensorflow; tensorflow.keras.layers', {})"
"""What takes notebooks seconds to import, left in no name of theirs."""


@dataclass
class CellsResult:
    """How far a notebook came."""

    outcomes: list[CellOutcome] = field(default_factory=list)
    ending: Ending = Ending.COMPLETED
    reason: Message | None = None


class CellRunner:
    """Runs a notebook's cells in a kernel and fills in their outputs."""

    def __init__(self, kernel: Kernel, watchdog: Watchdog, limits: Limits, clock: Clock) -> None:
        """Run in ``kernel``, by ``clock``; ``watchdog`` knows whether it was killed for its memory."""
        self._kernel = kernel
        self._watchdog = watchdog
        self._limits = limits
        self._clock = clock
        self._deadline = clock.now() + limits.notebook_seconds
        self._notebook_bytes = 0
        self._exited = False
        self._run = CellsResult()

    async def run(self, notebook: NotebookNode, *, probe: bool) -> CellsResult:
        """Run every code cell that is not blank, then let the probe write what it holds back until the end."""
        client = SealedClient(notebook, self._kernel.channels)
        for cell in not_run(notebook):
            runs = self._run.ending is Ending.COMPLETED
            outcome = await self._run_cell(client, notebook.cells[cell.index], cell) if runs else cell
            self._run.outcomes.append(outcome)
        if probe and self._kernel.running.alive() and not self._kernel.gone.done():
            last = asyncio.ensure_future(client.run_silently(_FINISH_PROBE))
            await self._kernel.settle(last, _FINISH_SECONDS)
            await _abandon(last)
        return self._run

    async def _run_cell(self, client: SealedClient, node: NotebookNode, cell: CellOutcome) -> CellOutcome:
        started = self._clock.now()
        if self._exited:
            self._run.ending, self._run.reason = Ending.KERNEL_DIED, _why_exited(cell.number - 1)
            return cell
        if self._kernel.gone.done():
            self._end_as_gone(cell.number)
            return cell
        run, task = client.start_cell(node, cell.index, cell.number)
        in_time = await self._wait(run, task, cell.number)
        broken = breakdown(task)
        if broken is not None and broken.kernel and self._run.ending is Ending.COMPLETED:
            self._kernel.give_up(broken.kernel)
            self._end_as_gone(cell.number)
        await _abandon(task)
        node.outputs = run.outputs.nodes()
        node.execution_count = cell.number
        self._notebook_bytes += run.num_bytes
        self._exited = _asks_to_exit(run.reply)
        status = self._status(run.reply, broken, in_time=in_time)
        return _with_error(cell, run.reply, status, seconds=round(self._clock.now() - started, 3))

    def _status(self, reply: Mapping[str, Any], broken: ClientFailure | None, *, in_time: bool) -> CellStatus:
        if not reply:
            if self._run.ending is Ending.TIMED_OUT:
                return CellStatus.TIMED_OUT
            return CellStatus.ERROR if broken is None else broken.status
        if not in_time:
            return CellStatus.TIMED_OUT
        return CellStatus.OK if reply.get("status") == "ok" else CellStatus.ERROR

    async def _wait(self, run: CellRun, task: asyncio.Task[Any], number: int) -> bool:
        """Wait for a cell; interrupt it when its time is up, kill the kernel when that does not help.

        Returns whether it ended within its time. Sets the run's ending where the kernel did not survive.
        """
        deadline = min(self._clock.now() + self._limits.cell_seconds, self._deadline)
        if await self._until(run, task, deadline, self._clock.now, number):
            return True
        if self._run.ending is not Ending.COMPLETED:
            return False
        if self._kernel.gone.done():
            self._end_as_gone(number)
            return False
        notebook_is_over = deadline == self._deadline
        for _ in range(_INTERRUPTS):  # a library may swallow the first ones
            self._kernel.running.interrupt()
            if await self._until(run, task, time.monotonic() + _INTERRUPT_SECONDS, time.monotonic, number):
                break
        else:
            if self._run.ending is Ending.COMPLETED:
                self._end(Ending.TIMED_OUT, self._why_timed_out(number, all_of_it=notebook_is_over))
        if notebook_is_over and self._run.ending is Ending.COMPLETED:
            self._end(Ending.TIMED_OUT, self._why_timed_out(number, all_of_it=True))
        return False

    async def _until(
        self, run: CellRun, task: asyncio.Task[Any], deadline: float, now: Callable[[], float], number: int
    ) -> bool:
        """Wait until the task is done, the deadline has come, the kernel is gone or too much was printed."""
        while not task.done():
            left = deadline - now()
            if left <= 0 or self._kernel.gone.done() or self._is_flood(run, number):
                return False
            await self._kernel.settle(task, min(left, 0.1))
        return not self._is_flood(run, number)

    def _is_flood(self, run: CellRun, number: int) -> bool:
        limits = self._limits
        if run.num_bytes > limits.cell_output_mb << 20:
            reason = msg(
                "Cell {cell} printed more than {limit} MB and was stopped. Print less, for example not inside a loop "
                "over all the data.",
                cell=number,
                limit=limits.cell_output_mb,
            )
        elif run.num_messages > limits.cell_messages:
            reason = msg(
                "Cell {cell} sent more than {limit} pieces of output and was stopped. Print less often.",
                cell=number,
                limit=limits.cell_messages,
            )
        elif self._notebook_bytes + run.num_bytes > limits.notebook_output_mb << 20:
            reason = msg(
                "Up to cell {cell} the notebook printed more than {limit} MB and was stopped. Print less.",
                cell=number,
                limit=limits.notebook_output_mb,
            )
        else:
            return False
        self._end(Ending.OUTPUT_LIMIT, reason)
        return True

    def _why_timed_out(self, number: int, *, all_of_it: bool) -> Message:
        if all_of_it:
            return msg(
                "The notebook was stopped in cell {cell}: all cells together may run for {limit} s.",
                cell=number,
                limit=self._limits.notebook_seconds,
            )
        return msg(
            "Cell {cell} ran for longer than {limit} s and could not be stopped; the cells after it did not run. "
            "Look for a loop that never ends.",
            cell=number,
            limit=self._limits.cell_seconds,
        )

    def _end_as_gone(self, number: int) -> None:
        if self._watchdog.found is not None:
            self._end(*_over_the_limit(self._watchdog.found, number, self._limits))
        elif self._kernel.gone.result() == "disconnected":
            reason = msg(
                "In cell {cell} the connection to the kernel broke off. Either one single output was larger than "
                "{limit} MB, or the code closed the kernel's own connections.",
                cell=number,
                limit=self._limits.cell_output_mb,
            )
            self._end(Ending.OUTPUT_LIMIT, reason)
        else:
            reason = msg(
                "The kernel ended in cell {cell}; the cells after it did not run. The usual causes are too little "
                "memory, a crash in a library, and a call that ends the whole process, such as os._exit().",
                cell=number,
            )
            self._end(Ending.KERNEL_DIED, reason)

    def _end(self, ending: Ending, reason: Message) -> None:
        self._run.ending, self._run.reason = ending, reason
        self._kernel.running.kill()


def _over_the_limit(excess: Excess, number: int, limits: Limits) -> tuple[Ending, Message]:
    match excess:
        case Excess.MEMORY:
            return Ending.OUT_OF_MEMORY, msg(
                "In cell {cell} the notebook used more than {limit} MB of memory and was stopped. Use smaller batches, "
                "or delete arrays that are no longer needed.",
                cell=number,
                limit=limits.memory_mb,
            )
        case Excess.CPU:
            return Ending.TIMED_OUT, msg(
                "By cell {cell} the notebook had used more than {limit} s of processor time, all its processes added "
                "up, and was stopped. Look for processes or threads that are started in a loop.",
                cell=number,
                limit=limits.cpu_seconds,
            )
        case Excess.THREADS:
            return Ending.KERNEL_DIED, msg(
                "In cell {cell} the notebook ran more than {limit} processes and threads at once and was stopped. "
                "Start fewer of them.",
                cell=number,
                limit=most_threads(limits),
            )
        case Excess.FILES:
            return Ending.OUTPUT_LIMIT, msg(
                "By cell {cell} the notebook had made more than {limit} files and was stopped. Keep data in arrays, or "
                "in a few large files.",
                cell=number,
                limit=limits.scratch_files,
            )


def not_run(notebook: NotebookNode) -> list[CellOutcome]:
    """Return every code cell that is not blank, as it is before it runs."""
    return [
        CellOutcome(index=index, number=number, status=CellStatus.NOT_RUN, source=source[:_LONG_TEXT])
        for number, (index, source) in enumerate(code_cells(notebook), start=1)
    ]


async def import_ahead(kernel: Kernel) -> None:
    """Let a kernel import what the notebook to come will import; whatever goes wrong there will go wrong again."""
    client = SealedClient(new_notebook(), kernel.channels)
    task = asyncio.ensure_future(client.run_silently(_IMPORTS))
    await kernel.settle(task, _IMPORT_SECONDS)
    await _abandon(task)


async def _abandon(task: asyncio.Task[Any]) -> None:
    """Stop waiting for an answer, whatever the task makes of that."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _why_exited(number: int) -> Message:
    return msg(
        "Cell {cell} calls exit() or quit(), which ends the kernel; the cells after it did not run. Remove the call.",
        cell=number,
    )


def _asks_to_exit(reply: Mapping[str, Any]) -> bool:
    """Tell whether the cell called ``exit()``: the kernel says so and goes a little later, after some more cells."""
    payload = reply.get("payload")
    return isinstance(payload, list) and any(isinstance(x, dict) and x.get("source") == "ask_exit" for x in payload)


def _with_error(cell: CellOutcome, reply: Mapping[str, Any], status: CellStatus, seconds: float) -> CellOutcome:
    lines = reply.get("traceback")
    traceback = without_colours("\n".join(map(str, lines)) if isinstance(lines, list) else "")
    failed = status is not CellStatus.OK
    return CellOutcome(
        index=cell.index,
        number=cell.number,
        status=status,
        seconds=seconds,
        error=str(reply.get("ename", ""))[:200] if failed else "",
        message=both_ends(without_colours(str(reply.get("evalue", ""))), _TEXT) if failed else "",
        traceback=traceback[-_LONG_TEXT:] if failed else "",
        source=cell.source,
    )
