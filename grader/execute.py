"""A notebook -> an :class:`Execution`: starts the process that drives it, and outlives whatever becomes of that."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

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
_END_SECONDS = 15
"""From the end of its standard input to the end of the driving process, with time to kill what it started."""
_STDERR_TAIL = 2_000
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

    def serve(self, link: socket.socket) -> Sequence[str]:
        """Answer until the other end is closed; return the digests of the recipes it gave trainings of.

        The other end is held by a kernel: whatever comes from there is hostile.
        """


def run_notebook(job: Job, helper: Helper | None = None) -> Execution:
    """Run a notebook in a sealed kernel of its own.

    A student's fault, a machine's fault and our own fault are all endings of the result, never exceptions. May be
    called from several threads at once.

    Args:
        job: What to run, and where to.
        helper: Whom the probe may ask; without one, or without a probe, nobody.
    """
    job.out.mkdir(parents=True, exist_ok=True)
    for stale in ("outcome.json", "trace.jsonl", "executed.ipynb", _DELEGATED):
        (job.out / stale).unlink(missing_ok=True)
    with tempfile.TemporaryFile() as errors:
        with _helped(job, helper if job.probe else None) as link:
            job_file = job.out / "job.json"
            # ASCII: names of files may hold bytes that are no UTF-8, which Python keeps as halves of surrogate pairs.
            job_file.write_text(json.dumps(_as_json(job, link), ensure_ascii=True), encoding="utf-8")
            in_time = _drive(job_file, job.limits.notebook_seconds + _SPARE_SECONDS, errors, link)
        return _read_back(job, in_time=in_time, errors=errors)


@contextlib.contextmanager
def _helped(job: Job, helper: Helper | None) -> Iterator[socket.socket | None]:
    """Let ``helper`` serve in a thread of its own; yields the end of the link that goes to the kernel."""
    if helper is None:
        yield None
        return
    near, far = socket.socketpair()
    given: list[str] = []
    thread = threading.Thread(target=lambda: given.extend(helper.serve(near)), daemon=True)
    thread.start()
    try:
        yield far
    finally:
        far.close()
        with contextlib.suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)
        # A training that nobody waits for any more is still this notebook's: no other may have to wait for it.
        thread.join()
        near.close()
        (job.out / _DELEGATED).write_text(json.dumps(given), encoding="utf-8")


def _drive(job_file: Path, seconds: float, errors: IO[bytes], link: socket.socket | None) -> bool:
    """Run the driving process to its end, or kill it after ``seconds``; tells whether it ended by itself."""
    process = subprocess.Popen(
        # -P: a folder called `grader` where we happen to be called must not be taken for us.
        [sys.executable, "-P", "-m", "grader.drive", str(job_file)],
        # Never written to: that it closes is how the process learns of our end.
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        pass_fds=[] if link is None else [link.fileno()],
        # Ctrl-C is for us; the process follows when we end.
        start_new_session=True,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    finally:
        _end(process)
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the process take its kernel along; kill it when it does not go."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _as_json(job: Job, link: socket.socket | None) -> dict[str, Any]:
    return {
        "notebook": _absolute(job.notebook),
        "files": [(place, _absolute(file)) for place, file in job.files],
        "out": _absolute(job.out),
        "datasets": {dataset.name: _absolute(dataset.folder) for dataset in job.datasets},
        "quick_steps": job.profile.steps,
        "limits": dataclasses.asdict(job.limits),
        "unsealed": job.unsealed,
        "probe": job.probe,
        "link_fd": None if link is None else link.fileno(),
        "shims": job.shims,
        "gpu": job.gpu,
    }


def _absolute(path: str | Path) -> str:
    return str(Path(path).absolute())


def _read_back(job: Job, *, in_time: bool, errors: IO[bytes]) -> Execution:
    try:
        return read_execution(job)
    except FileNotFoundError:
        return _without_outcome(job, in_time=in_time, errors=errors)


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
        reason=reason and Message(reason["text"], reason["values"]),
        cells=tuple(_cell(raw) for raw in outcome["cells"]),
        trace=_trace(job),
        seconds=outcome["seconds"],
        peak_memory_mb=outcome["peak_memory_mb"],
        seal=outcome["seal"],
        delegated=_delegated(job.out / _DELEGATED),
    )


def _delegated(path: Path) -> tuple[str, ...]:
    return tuple(map(str, json.loads(path.read_text(encoding="utf-8")))) if path.exists() else ()


def _without_outcome(job: Job, *, in_time: bool, errors: IO[bytes]) -> Execution:
    """Return what is left to say when the driving process was killed or fell over."""
    errors.seek(0, os.SEEK_END)
    errors.seek(max(0, errors.tell() - _STDERR_TAIL))
    told = errors.read().decode(errors="replace").strip()
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
