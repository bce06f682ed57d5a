"""A notebook sent to another machine to be run there, and what comes back; no file system needs to be shared."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from grader.datasets import DataStore
from grader.errors import DataError
from grader.execute import Helper, Job, read_execution, run_notebook
from grader.records import DataSet, Execution, msg

_ARTIFACT_FILES = ("outcome.json", "trace.jsonl", "executed.ipynb", "delegated.json")


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """A job with the contents of its files."""

    job: Job
    contents: dict[Path, bytes]
    """Of the notebook and its files; what is no plain file is missing here, and there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifacts:
    """What a job left behind on another machine."""

    files: dict[str, bytes]
    execution: Execution | None
    """Where it left no outcome: what the other machine says about it."""


def pack(job: Job) -> Payload:
    """Read everything that running a job needs, but for the data sets."""
    contents = {}
    for path in (job.notebook, *(file for _, file in job.files)):
        with contextlib.suppress(OSError):
            contents[path] = _content(path)
    return Payload(job=job, contents=contents)


def run_payload(payload: Payload, helper: Helper | None) -> Artifacts:
    """Run a notebook that was sent here.

    Raises:
        DataError: This machine has other data sets than the one that grades.
    """
    with tempfile.TemporaryDirectory(prefix="grader-payload-") as name:
        folder, job = Path(name), payload.job
        places = {path: folder / "in" / str(number) / path.name for number, path in enumerate(payload.contents)}
        for path, content in payload.contents.items():
            places[path].parent.mkdir(parents=True)
            places[path].write_bytes(content)
        missing = folder / "missing"
        here = replace(
            job,
            notebook=places.get(job.notebook, missing / job.notebook.name),
            files=tuple((place, places.get(file, missing / file.name)) for place, file in job.files),
            datasets=datasets_here(job.datasets),
            out=folder / "out",
        )
        execution = run_notebook(here, helper)
        files = {file: here.out / file for file in _ARTIFACT_FILES}
        found = {file: path.read_bytes() for file, path in files.items() if path.is_file()}
        return Artifacts(files=found, execution=None if "outcome.json" in found else execution)


def unpack(artifacts: Artifacts, job: Job) -> Execution:
    """Put what came back where the job wants it, and read it as if it had been run here."""
    job.out.mkdir(parents=True, exist_ok=True)
    for name, content in artifacts.files.items():
        (job.out / name).write_bytes(content)
    return artifacts.execution or read_execution(job)


def datasets_here(datasets: Sequence[DataSet]) -> tuple[DataSet, ...]:
    """Return where the same data sets lie on this machine; samples are drawn if need be.

    Raises:
        DataError: They are not the same.
    """
    return tuple(_here(dataset) for dataset in datasets)


def _here(dataset: DataSet) -> DataSet:
    if (Path(dataset.folder) / "dataset.json").is_file():  # a shared file system, or the same machine
        return dataset
    found = DataStore().choose(dataset.name, cast("Literal['sample', 'full']", dataset.edition))
    if found.fingerprint != dataset.fingerprint:
        text = msg(
            "{node}: {name} is other data here ({here}) than where grading was started ({there}); "
            "install the same, or let GRADER_HOME be a folder that all nodes share",
            node=os.uname().nodename,
            name=dataset.name,
            here=found.source,
            there=dataset.source,
        )
        raise DataError(text)
    return found


def _content(path: Path) -> bytes:
    """Read a plain file.

    Raises:
        OSError: It is a link, a device, or cannot be read.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is not a plain file")
        return file.read()
