"""``grader doctor``: what works on this machine, what is missing, and how to get it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from grader.datasets import DataStore
from grader.hints import kernel_libraries
from grader.places import shipped
from grader.records import Limits, Message, msg
from grader.sandbox import Bubblewrap, PromiseResult, check_promises, delegated
from grader.train import visible_gpus

_GIB = 1 << 30
_NOTEBOOK_GIB = Limits().memory_mb / 1024
_EXTRAS = {"tensorflow": "cpu", "jax": "jax", "torch": "torch"}
"""Backends of Keras, and the extra that brings each."""
_WITH_CUDA = {"cpu": "-e '.[gpu]'", "jax": "'jax[cuda12]'", "torch": "torch"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One line of the doctor's table."""

    name: Message
    ok: bool
    found: Message
    remedy: Message | None = None
    """What to do; None when all is well."""
    needed: bool = True
    """Grading works only with it; otherwise it is good to have."""


def examine(*, only_sandbox: bool = False) -> Iterator[Check]:
    """Yield one check after the other, quick ones first; or only whether the sandbox keeps its promises."""
    if only_sandbox:
        yield from _sandbox()
        return
    for check in (_python, _files, _tensorflow, _notebook_libraries, _memory, _gpus):
        yield check()
    yield from _backends()
    yield _cluster()
    yield from _sandbox()
    yield from _data()


def _python() -> Check:
    return Check(
        name=msg("Python"),
        ok=True,
        found=msg("{version} in {folder}", version=platform.python_version(), folder=sys.prefix),
    )


def _files() -> Check:
    """Say where the bundled files are read from: a copy in the environment knows nothing of edits to a checkout."""
    folder = shipped("assignments").parent
    return Check(
        name=msg("Workbook, references and templates"),
        ok=True,
        found=msg("in {folder}", folder=str(folder))
        if (folder / "pyproject.toml").is_file()
        else msg(
            "in {folder}, an installed copy. To use the files of a checkout, call there: {command}",
            folder=str(folder),
            command="pip install -e .",
        ),
    )


def _tensorflow() -> Check:
    version = _version("tensorflow") or _version("tensorflow-cpu")
    if version is None:
        return Check(
            name=msg("TensorFlow"),
            ok=False,
            found=msg("not installed"),
            remedy=msg("In the grader's checkout: pip install -e '.[cpu]', or [gpu] on a machine with an NVIDIA GPU"),
        )
    return Check(
        name=msg("TensorFlow"),
        ok=True,
        found=msg("{tensorflow}, Keras {keras}", tensorflow=version, keras=_version("keras") or "?"),
    )


def _notebook_libraries() -> Check:
    missing = [name for name in ("mlxtend", *kernel_libraries().values()) if _version(name) is None]
    return Check(
        name=msg("Notebook libraries"),
        ok=not missing,
        found=msg("missing: {names}", names=", ".join(missing)) if missing else msg("all there"),
        remedy=msg("In the grader's checkout: pip install -e '.[{extra}]'", extra="kernel") if missing else None,
        needed=False,
    )


def _memory() -> Check:
    free = psutil.virtual_memory().available / _GIB
    return Check(
        name=msg("Memory and processors"),
        ok=free >= _NOTEBOOK_GIB,
        found=msg("{free} GiB free, processors: {cpus}", free=round(free, 1), cpus=os.cpu_count() or 1),
        remedy=None
        if free >= _NOTEBOOK_GIB
        else msg(
            "Each notebook may use up to {limit} GiB: close other programs, or grade with --jobs 1",
            limit=round(_NOTEBOOK_GIB, 1),
        ),
        needed=False,
    )


def _gpus() -> Check:
    gpus = visible_gpus()
    named = ", ".join(
        f"{number}: {gpu.name or gpu.id}" + (f", {gpu.memory_mb} MB" if gpu.memory_mb else "")
        for number, gpu in enumerate(gpus)
    )
    return Check(
        name=msg("GPUs"),
        ok=bool(gpus),
        found=msg("{gpus}; for the trainer, and for notebooks only with --kernel-device gpu", gpus=named)
        if gpus
        else msg("none; training runs on the processor"),
        needed=False,
    )


def _backends() -> Iterator[Check]:
    """Start each backend in a process of its own: only that tells what it can compute on."""
    seen = bool(visible_gpus())
    for backend, extra in _EXTRAS.items():
        version = _version(backend) or (_version("tensorflow-cpu") if backend == "tensorflow" else None)
        device = version and _device_of(backend)
        found = (
            msg("not installed")
            if version is None
            else msg("{version}, computes on: {device}", version=version, device=device)
            if device
            else msg("{version}, does not start", version=version)
        )
        yield Check(
            name=msg("Backend {name}", name=backend),
            ok=device == "gpu" or (device == "cpu" and not seen),
            found=found,
            remedy=_remedy(extra, device, seen=seen) if version is not None or backend == "tensorflow" else None,
            needed=False,
        )


def _cluster() -> Check:
    version = _version("ray")
    return Check(
        name=msg("Ray"),
        ok=version is not None,
        found=msg("{version}, for --engine ray", version=version)
        if version
        else msg("not installed; only --engine ray needs it"),
        remedy=None if version else msg("In the grader's checkout: pip install -e '.[{extra}]'", extra="cluster"),
        needed=False,
    )


def _remedy(extra: str, device: str | None, *, seen: bool) -> Message | None:
    if device == "cpu" and seen:
        return msg("It does not see the GPU; install it with CUDA: pip install {package}", package=_WITH_CUDA[extra])
    return None if device else msg("In the grader's checkout: pip install -e '.[{extra}]'", extra=extra)


def _device_of(backend: str) -> str | None:
    """Return the device class a backend finds; None when it does not start."""
    code = "from grader.inside.trainer.devices import device_class; print(device_class())"
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": backend}
    argv = [sys.executable, "-P", "-c", code]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, env=env, check=False)
    except subprocess.TimeoutExpired:
        return None
    return next((line for line in done.stdout.split() if line in ("cpu", "gpu")), None)


def _sandbox() -> Iterator[Check]:
    name = msg("Sandbox (bubblewrap)")
    path = shutil.which("bwrap")
    try:
        if path is None:
            raise FileNotFoundError("the program bwrap is not installed")
        results = check_promises(Bubblewrap())
    except (OSError, subprocess.SubprocessError) as error:
        yield Check(
            name=name,
            ok=False,
            found=msg("not usable: {why}", why=str(error)),
            remedy=msg("sudo apt-get install bubblewrap (Debian, Ubuntu), sudo dnf install bubblewrap (Fedora)"),
        )
        return
    yield Check(name=name, ok=True, found=msg("{path}", path=path))
    yield from map(_promise, results)
    yield _together()


def _together() -> Check:
    held = delegated() is not None
    return Check(
        name=msg("Memory of all processes together"),
        ok=True,
        found=msg("bounded by Linux, in a control group")
        if held
        else msg(
            "weighed five times a second. Linux itself holds the bound in a control group: {command}",
            command="systemd-run --user --scope -p Delegate=yes grader grade ...",
        ),
        needed=False,
    )


def _promise(result: PromiseResult) -> Check:
    if result.state == "not applicable":
        return Check(
            name=result.name,
            ok=False,
            needed=False,
            found=msg("not applicable: there is no filter of system calls for this processor"),
            remedy=result.otherwise,
        )
    if result.kept:
        return Check(name=result.name, ok=True, found=msg("kept"))
    return Check(
        name=result.name,
        ok=False,
        found=msg("broken: {detail}", detail=result.detail),
        remedy=result.otherwise,
    )


def _data() -> Iterator[Check]:
    for row in DataStore().list():
        if row.edition == "full":
            yield Check(
                name=msg("Data set {name}", name=row.name),
                ok=row.present,
                found=msg("{source}", source=row.source) if row.present else msg("only the offline sample"),
                remedy=None
                if row.present
                else msg("grader data fetch {name}, or grader data add {name} FILE", name=row.name),
                needed=False,
            )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
