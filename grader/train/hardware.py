"""What trainings may compute on: a backend of Keras, and this machine's processor or its GPUs."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from grader.errors import MachineError, UsageError
from grader.records import msg
from grader.sandbox import gpu_devices

_NODE = re.compile(r"nvidia(\d+)$")
_MOST_PER_GPU = 8
_SIDE_BY_SIDE = 4
_LEAST_MB = 3_072
"""A trainer's share of a GPU: below this the libraries of CUDA alone take most of it."""
_USABLE = 0.9
"""What of a GPU's memory is shared out; its driver and each process's context take the rest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gpu:
    """A GPU of this machine."""

    id: str
    """As ``CUDA_VISIBLE_DEVICES`` names it."""
    name: str = ""
    memory_mb: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hardware:
    """What trainings may compute on."""

    backend: str = "tensorflow"
    """What Keras computes with: ``tensorflow``, ``jax`` or ``torch``."""
    gpus: tuple[Gpu, ...] = ()
    """None of them: the processor."""
    share: float = 1.0
    """Of each GPU, what is ours; the rest is somebody else's."""
    required: bool = False
    """A GPU was asked for: a backend that sees none is a fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where one trainer process computes: on the processor, or on a share of a GPU."""

    gpu: Gpu | None = None
    share: float = 1.0

    @property
    def environment(self) -> dict[str, str]:
        """What tells a backend so; the trainer itself reads ``GRADER_GPU_*``."""
        if self.gpu is None:
            return {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
        found = {
            "CUDA_VISIBLE_DEVICES": self.gpu.id,
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
            "XLA_PYTHON_CLIENT_MEM_FRACTION": f"{self.share:.3f}",
            "GRADER_GPU_SHARE": f"{self.share:.3f}",
        }
        if self.gpu.memory_mb is not None:
            found["GRADER_GPU_MB"] = str(int(self.share * self.gpu.memory_mb))
        if "CUDA_VISIBLE_DEVICES" not in os.environ:  # a person's own list keeps a person's own order
            found["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
        return found


def require_backend(backend: str) -> None:
    """Make sure that a backend of Keras is installed, without importing it: that takes long, and fails in long words.

    Raises:
        MachineError: It is not.
    """
    if importlib.util.find_spec(backend) is None:
        text = msg(
            "--backend {backend}: {backend} is not installed here; in the grader's checkout: "
            "pip install -e '.[{backend}]'",
            backend=backend,
        )
        raise MachineError(text)


def hardware_of(device: str, backend: str, found: Sequence[Gpu] | None = None) -> Hardware:
    """Return what ``--device`` and ``--backend`` mean on this machine.

    Args:
        device: ``auto`` (GPUs where there are any), ``cpu``, ``gpu`` (all), or some of them by number: ``gpu:0,1``.
        backend: What Keras computes with.
        found: This machine's GPUs; looked up when not given.

    Raises:
        UsageError: A device is not written so, or has no such number.
        MachineError: A GPU is asked for, and there is none.
    """
    kind, _, numbers = device.partition(":")
    if kind not in ("auto", "cpu", "gpu") or (numbers and kind != "gpu"):
        text = msg("--device {device}: write auto, cpu, gpu or gpu:0,1", device=device)
        raise UsageError(text)
    if kind == "cpu":
        return Hardware(backend=backend)
    gpus = tuple(visible_gpus() if found is None else found)
    if kind == "gpu" and not gpus:
        text = msg(
            "--device {device}: no NVIDIA GPU can be seen here; `grader doctor` says what is missing", device=device
        )
        raise MachineError(text)
    return Hardware(backend=backend, gpus=_chosen(device, numbers, gpus), required=kind == "gpu")


def _chosen(device: str, numbers: str, gpus: tuple[Gpu, ...]) -> tuple[Gpu, ...]:
    if not numbers:
        return gpus
    known = {str(number): gpu for number, gpu in enumerate(gpus)}
    wanted = dict.fromkeys(numbers.split(","))
    if not wanted.keys() <= known.keys():
        text = msg("--device {device}: the GPUs here are {known}; write gpu:0,1", device=device, known=", ".join(known))
        raise UsageError(text)
    return tuple(known[number] for number in wanted)


def per_gpu(gpu: Gpu, gpus: int, workers: int) -> int:
    """Return how many trainers share a GPU, when ``workers`` are wanted on all of them together.

    >>> per_gpu(Gpu(id="0", memory_mb=16_000), gpus=1, workers=8), per_gpu(Gpu(id="0"), gpus=2, workers=5)
    (4, 3)
    """
    room = _MOST_PER_GPU if gpu.memory_mb is None else int(_USABLE * gpu.memory_mb / _LEAST_MB)
    return max(1, min(-(-workers // gpus), room, _MOST_PER_GPU))


def side_by_side(hardware: Hardware) -> int:
    """Return how many trainings to have under way at once when there are always more: small ones leave a GPU idle.

    >>> side_by_side(Hardware()), side_by_side(Hardware(gpus=(Gpu(id="0"), Gpu(id="1"))))
    (1, 8)
    """
    return _SIDE_BY_SIDE * len(hardware.gpus) or 1


def share_of(hardware: Hardware, trainers: int) -> float:
    """Return each trainer's share of a GPU's memory."""
    return _USABLE * hardware.share / trainers


def visible_gpus() -> tuple[Gpu, ...]:
    """Return this machine's GPUs in the order in which CUDA numbers them; none where its nodes are not to be seen."""
    numbers = [match[1] for path in gpu_devices() if (match := _NODE.search(path.name))]
    if not numbers:
        return ()
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    facts = _told_by_driver()
    if given is None:
        return tuple(facts.get(str(number), Gpu(id=str(number))) for number in range(len(numbers)))
    return tuple(facts.get(one.strip(), Gpu(id=one.strip())) for one in given.split(",") if one.strip())


def _told_by_driver() -> dict[str, Gpu]:
    """Return what ``nvidia-smi`` says, by number and by UUID; nothing where there is no such program."""
    query = ["nvidia-smi", "--query-gpu=index,uuid,name,memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    return read_driver(done.stdout)


def read_driver(text: str) -> dict[str, Gpu]:
    """Read the lines of ``nvidia-smi --query-gpu=index,uuid,name,memory.total``.

    >>> read_driver("0, GPU-1f, NVIDIA H100, 81559")["GPU-1f"].memory_mb
    81559
    """
    found = {}
    for line in text.splitlines():
        parts = [part.strip() for part in line.split(",")]
        if len(parts) == 4:
            index, uuid, name, memory = parts
            for id in (index, uuid):  # noqa: A001
                found[id] = Gpu(id=id, name=name, memory_mb=int(memory) if memory.isdecimal() else None)
    return found
