"""A notebook -> an :class:`Execution`: starts the process that drives it, and outlives whatever becomes of that."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from grader.clock import Waiting
from grader.drivers import Driver, WarmPool, suits_warm_kernel
from grader.known import KNOWN
from grader.records import (
    CellOutcome,
    CellStatus,
    DataSet,
    Ending,
    Execution,
    Limits,
    Message,
    Profile,
    Trace,
    msg,
)

_SPARE_SECONDS = 420
"""Start of the kernel (two tries), the probe's last words, and writing the results."""
_DELEGATED = "delegated.json"
"""Which recipes the kernel was given trainings of: told by the helper, not by the kernel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One notebook to run."""

    notebook: Path
    files: tuple[tuple[str, Path], ...] = ()
    """Other files of the submission: where a copy lies, relative to the notebook's folder (``data/x.csv``), and the
    file itself."""
    out: Path
    """A folder of this job alone, made if missing: ``executed.ipynb``, ``trace.jsonl``, ``outcome.json``."""
    datasets: tuple[DataSet, ...] = ()
    profile: Profile
    limits: Limits
    unsealed: bool = False
    """Run without a sandbox, with all our rights."""
    probe: bool = True
    shims: bool = True
    """Understand spellings of older libraries; needs the probe."""
    gpu: bool = False
    """Show the machine's GPUs to the notebook, whose driver is then within its reach."""


class Helper(Protocol):
    """Whoever does for a notebook what its probe asks for while it runs."""

    def serve(self, link: socket.socket, waiting: Waiting) -> Sequence[str]:
        """Answer until the other end is closed; return the digests of the recipes it gave trainings of.

        The other end is held by a kernel: whatever comes from there is hostile. In ``with waiting():`` the time that
        the kernel waits is not counted.
        """


def run_notebook(job: Job, helper: Helper | None = None, warm_pool: WarmPool | None = None) -> Execution:
    """Run a notebook in a sealed kernel of its own.

    A student's fault, a machine's fault and our own fault are all endings of the result, never exceptions. May be
    called from several threads at once.

    Args:
        job: What to run, and where to.
        helper: Whom the probe may ask; without one, or without a probe, nobody.
        warm_pool: Kernels that wait for a notebook.
    """
    job.out.mkdir(parents=True, exist_ok=True)
    for stale in ("outcome.json", "trace.jsonl", "executed.ipynb", _DELEGATED):
        (job.out / stale).unlink(missing_ok=True)
    helper = helper if job.probe else None
    with _driver_for(job, warm_pool, linked=helper is not None) as driver:
        job_file = job.out / "job.json"
        # ASCII: names of files may hold bytes that are no UTF-8, which Python keeps as halves of surrogate pairs.
        job_file.write_text(json.dumps(_as_json(job, driver.link_fd), ensure_ascii=True), encoding="utf-8")
        with _helped(job, helper, driver):
            in_time = driver.drive(job_file, job.limits.notebook_seconds + _SPARE_SECONDS)
        return _read_back(job, in_time=in_time, told=driver.told())


def _driver_for(job: Job, warm_pool: WarmPool | None, *, linked: bool) -> Driver:
    """Return a process whose kernel waits already where that makes no difference to the notebook, else a new one."""
    waiting = None
    if warm_pool is not None:
        # Files of a submission are laid into the room when it is made, so such a notebook needs one of its own.
        suited = not job.files and suits_warm_kernel(job.notebook)
        standing = _as_json(job, None) | {"notebook": "", "out": "", "files": []}
        waiting = warm_pool.take(standing, suited=suited, linked=linked)
    return waiting or Driver(linked=linked)


@contextlib.contextmanager
def _helped(job: Job, helper: Helper | None, driver: Driver) -> Iterator[None]:
    """Let ``helper`` serve the driver's link in a thread of its own."""
    if helper is None or driver.near is None:
        yield
        return
    serve, link = helper.serve, driver.near
    given: list[str] = []
    thread = threading.Thread(target=lambda: given.extend(serve(link, driver.waiting)), daemon=True)
    thread.start()
    try:
        yield
    finally:
        driver.hang_up()
        # A training that nobody waits for any more is still this notebook's: no other may have to wait for it.
        thread.join()
        (job.out / _DELEGATED).write_text(json.dumps(given), encoding="utf-8")


def _as_json(job: Job, link_fd: int | None) -> dict[str, Any]:
    return {
        "notebook": _absolute(job.notebook),
        "files": [(place, _absolute(file)) for place, file in job.files],
        "out": _absolute(job.out),
        "datasets": {dataset.name: _absolute(dataset.folder) for dataset in job.datasets},
        "known": [one.for_kernel() for one in KNOWN.values()],
        "quick_steps": job.profile.steps,
        "limits": dataclasses.asdict(job.limits),
        "unsealed": job.unsealed,
        "probe": job.probe,
        "link_fd": link_fd,
        "shims": job.shims,
        "gpu": job.gpu,
    }


def _absolute(path: str | Path) -> str:
    return str(Path(path).absolute())


def _read_back(job: Job, *, in_time: bool, told: str) -> Execution:
    try:
        return read_execution(job)
    except FileNotFoundError:
        return _without_outcome(job, in_time=in_time, told=told)


def read_execution(job: Job) -> Execution:
    """Return what came of a job that was run, now or earlier, from its folder.

    Raises:
        OSError: Nothing lies there.
        ValueError: What lies there is not what this version writes.
    """
    outcome = json.loads((job.out / "outcome.json").read_text(encoding="utf-8"))
    reason = outcome["reason"]
    return Execution(
        notebook=job.notebook.name,
        ending=Ending(outcome["ending"]),
        reason=reason and _message(reason),
        cells=tuple(_cell(raw) for raw in outcome["cells"]),
        trace=_trace(job),
        seconds=outcome["seconds"],
        seal=outcome["seal"],
        delegated=_delegated(job.out / _DELEGATED),
    )


def _message(raw: Mapping[str, Any]) -> Message:
    values = {name: _message(value) if isinstance(value, dict) else value for name, value in raw["values"].items()}
    return Message(raw["text"], values)


def _delegated(path: Path) -> tuple[str, ...]:
    return tuple(map(str, json.loads(path.read_text(encoding="utf-8")))) if path.exists() else ()


def _without_outcome(job: Job, *, in_time: bool, told: str) -> Execution:
    """Return what is left to say when the driving process was killed or fell over."""
    if in_time:
        ending = Ending.INTERNAL_ERROR
        reason = msg("The process that runs the notebook failed: {why}", why=told or "it printed nothing")
    else:
        ending = Ending.TIMED_OUT
        reason = msg(
            "The notebook could not be stopped in time: all cells together may run for {limit} s.",
            limit=job.limits.notebook_seconds,
        )
    return Execution(
        notebook=job.notebook.name,
        ending=ending,
        reason=reason,
        trace=_trace(job),
        seal="none" if job.unsealed else "bubblewrap",
    )


def _trace(job: Job) -> Trace:
    from grader.trace import read_trace

    path = job.out / "trace.jsonl"
    return read_trace(path, job.limits.trace_mb) if path.exists() else Trace()


def _cell(raw: Mapping[str, Any]) -> CellOutcome:
    return CellOutcome(**{**raw, "status": CellStatus(raw["status"])})
