"""One job: read the notebook, run it sealed, write what came of it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from nbformat import NotebookNode

from grader.clock import Clock
from grader.drive.cells import CellRunner, CellsResult, import_ahead, not_run
from grader.drive.kernel import Kernel, KernelStartError, kernel_binds, kernel_files, open_kernel
from grader.drive.notebook import UnreadableError, code_cells, read_notebook
from grader.drive.tracepipe import TracePipe
from grader.processor import tensorflow_environment
from grader.records import Ending, Limits, msg
from grader.sandbox import UNBOUNDED_MB, Bubblewrap, Room, Seal, Unsealed, Watchdog, gpu_devices
from grader.sandbox.seal import HOME, PATH, WORK

DATA = "/data"
"""Where the data sets lie in the room, a folder each."""
_START_TRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveJob:
    """What ``JOB.json`` says: paths of this machine, and bounds."""

    notebook: Path
    files: Mapping[str, Path]
    """Path in the work folder -> file."""
    out: Path
    datasets: Mapping[str, Path]
    known: Sequence[Mapping[str, Any]]
    """What the kernel is told of data sets."""
    quick_steps: int | None
    limits: Limits
    unsealed: bool
    probe: bool
    shims: bool
    gpu: bool
    link_fd: int | None = None
    """Our descriptor of the socket on which the probe may ask for trainings; for the kernel alone."""

    @classmethod
    def read(cls, path: Path) -> DriveJob:
        """Read a job as :func:`grader.execute.run_notebook` wrote it; see :meth:`parse`."""
        return cls.parse(path.read_bytes())

    @classmethod
    def parse(cls, text: bytes) -> DriveJob:
        """Return the job that a JSON object describes.

        Raises:
            ValueError: a file's place is not in the work folder.
        """
        raw = json.loads(text)
        return cls(
            notebook=Path(raw["notebook"]),
            files={_below_work(place): Path(file) for place, file in raw["files"]},
            out=Path(raw["out"]),
            datasets={name: Path(folder) for name, folder in raw["datasets"].items()},
            known=raw["known"],
            quick_steps=raw["quick_steps"],
            limits=Limits(**raw["limits"]),
            unsealed=raw["unsealed"],
            probe=raw["probe"],
            gpu=raw["gpu"],
            link_fd=raw["link_fd"],
            shims=raw["shims"],
        )


def _below_work(place: str) -> str:
    path = PurePosixPath(place)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"{place!r} is not a place in the work folder")
    return str(path)


def run_job(job: DriveJob, clock: Clock) -> None:
    """Run the notebook; leaves ``outcome.json``, ``trace.jsonl`` and ``executed.ipynb`` in the job's folder.

    Its time is that of ``clock``.
    """
    asyncio.run(_run_job(job, _seal_of(job), lambda notebook: _in_own_kernel(job, notebook, clock)))


def run_ahead(standing: DriveJob, next_job: Callable[[], DriveJob], clock: Clock) -> None:
    """Start a kernel before its notebook is known, and run the notebook there when it comes.

    Should the kernel not start, or be gone by then, the notebook gets another one as any does.

    Args:
        standing: A job like the one to come, but for its notebook and its folder.
        next_job: Waits for it.
        clock: What its time is taken by.
    """
    job = asyncio.run(_run_ahead(standing, next_job, clock))
    if job is not None:
        run_job(job, clock)


def _seal_of(job: DriveJob) -> Seal:
    return Unsealed() if job.unsealed else Bubblewrap()


async def _run_job(
    job: DriveJob, seal: Seal, run_cells: Callable[[NotebookNode], Awaitable[CellsResult]], *, ahead: bool = False
) -> None:
    started = time.monotonic()
    try:
        notebook = read_notebook(job.notebook)
        if code_cells(notebook):
            run = await run_cells(notebook)
            _write(job.out / "executed.ipynb", notebook)
        else:
            run = CellsResult(ending=Ending.EMPTY, reason=msg("The notebook has no code cell with code in it."))
    except UnreadableError as error:
        run = CellsResult(ending=Ending.UNREADABLE, reason=error.reason)
    outcome = {
        "ending": run.ending,
        "reason": run.reason and dataclasses.asdict(run.reason),
        "cells": [dataclasses.asdict(cell) for cell in run.outcomes],
        "seconds": round(time.monotonic() - started, 3),
        "seal": seal.name,
        "seal_description": seal.description,
        "driver_peak_mb": _own_peak_mb(),
        "ahead": ahead,
    }
    _write(job.out / "outcome.json", outcome)


def _own_peak_mb() -> int:
    """Return the most memory this process itself has held; 0 where the system does not tell (proc(5), VmHWM)."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) >> 10 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


async def _run_ahead(standing: DriveJob, next_job: Callable[[], DriveJob], clock: Clock) -> DriveJob | None:
    """Return the job when it came and there is no kernel for it."""
    job = None
    try:
        async with _open(standing) as (kernel, trace):
            await import_ahead(kernel)
            job = await asyncio.to_thread(next_job)
            if kernel.gone.done() or not kernel.running.alive():
                return job
            await _run_job(
                job, _seal_of(job), lambda notebook: _run_in(kernel, trace, job, notebook, clock), ahead=True
            )
            return None
    except (KernelStartError, OSError):
        if job is not None:
            raise
        return await asyncio.to_thread(next_job)


async def _in_own_kernel(job: DriveJob, notebook: NotebookNode, clock: Clock) -> CellsResult:
    failure = ""
    for _ in range(_START_TRIES):  # a machine under load may fail to start a kernel once
        try:
            async with _open(job) as (kernel, trace):
                return await _run_in(kernel, trace, job, notebook, clock)
        except (KernelStartError, OSError) as error:
            failure = str(error)
    reason = msg("The notebook's kernel could not be started on this machine: {why}", why=failure[-1000:])
    return CellsResult(outcomes=not_run(notebook), ending=Ending.SANDBOX_FAILED, reason=reason)


@asynccontextmanager
async def _open(job: DriveJob) -> AsyncIterator[tuple[Kernel, TracePipe]]:
    key = secrets.token_hex(32)
    binds = {**kernel_binds(), **{f"{DATA}/{name}": folder for name, folder in job.datasets.items()}}
    files: dict[str, Path | bytes] = {**kernel_files(key)}
    files |= {f"{WORK}/{place}": file for place, file in job.files.items()}
    devices = gpu_devices() if job.gpu else ()
    with (
        _seal_of(job).room(limits=_limits(job), binds=binds, files=files, devices=devices) as room,
        TracePipe(job.limits.trace_mb) as trace,
    ):
        env = _environment(room, job, trace.write_fd)
        fds = [trace.write_fd, *([] if job.link_fd is None else [job.link_fd])]
        async with open_kernel(room, key, job.limits, env, fds) as kernel:
            trace.close_far_end()
            yield kernel, trace


async def _run_in(kernel: Kernel, trace: TracePipe, job: DriveJob, notebook: NotebookNode, clock: Clock) -> CellsResult:
    trace.store(job.out / "trace.jsonl")
    with Watchdog(kernel.running, job.limits) as watchdog:
        run = await CellRunner(kernel, watchdog, job.limits, clock).run(notebook, probe=job.probe)
    kernel.running.kill()
    fault = trace.finish()
    if fault is not None:
        run.ending = Ending.INTERNAL_ERROR
        run.reason = msg("What the notebook did could not be written down on this machine: {why}", why=str(fault))
    return run


def _limits(job: DriveJob) -> Limits:
    """Return the limits of single processes; beside a GPU's driver only the watchdog weighs."""
    return dataclasses.replace(job.limits, memory_mb=UNBOUNDED_MB) if job.gpu and gpu_devices() else job.limits


def _gpu_environment(job: DriveJob) -> dict[str, str]:
    if not job.gpu:
        return {"CUDA_VISIBLE_DEVICES": "-1"}
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    # Kernels share a GPU with each other and with the trainers.
    return {"TF_FORCE_GPU_ALLOW_GROWTH": "true"} | ({} if given is None else {"CUDA_VISIBLE_DEVICES": given})


def _environment(room: Room, job: DriveJob, trace_fd: int) -> dict[str, str]:
    """Return the whole environment of the kernel; nothing of ours goes in."""
    env = {
        "PATH": f"{Path(sys.executable).parent}:{PATH}",
        "HOME": room.path(HOME),
        "TMPDIR": room.path("/tmp"),  # noqa: S108
        "LANG": "C.UTF-8",
        "USER": "student",
        "PYTHONDONTWRITEBYTECODE": "1",
        **_gpu_environment(job),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        **tensorflow_environment(),
        # Without a network, `!pip install` shall say so at once instead of trying for a minute.
        "PIP_NO_INDEX": "1",
        "PIP_RETRIES": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
    if job.probe:
        env |= {"GRADER_TRACE_FD": str(trace_fd), "GRADER_DATA": room.path(DATA)}
        env |= {"GRADER_DATASETS": json.dumps(job.known)}
        env |= {"GRADER_SHIMS": "1"} if job.shims else {}
        if job.quick_steps is not None:
            env["GRADER_QUICK_STEPS"] = str(job.quick_steps)
        if job.link_fd is not None:
            env["GRADER_LINK_FD"] = str(job.link_fd)
    return env


def _write(path: Path, value: Any) -> None:
    """Write JSON so that a reader sees all of it or nothing."""
    temporary = path.with_name(path.name + ".part")
    # What a kernel sent may hold halves of surrogate pairs, which no file can.
    temporary.write_bytes(json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
    temporary.replace(path)
