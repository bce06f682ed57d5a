"""The device nodes of a GPU, for the one process that may use it."""

from __future__ import annotations

import os
from pathlib import Path

UNBOUNDED_MB = 1 << 24
"""What a process beside a GPU's driver may map: the driver maps far more than it uses."""
SYSTEM_FOLDERS = ("/sys/bus", "/sys/class", "/sys/dev", "/sys/devices")
"""Where a GPU's driver looks up what it drives; shown, read-only, together with its nodes and never without."""


def gpu_devices() -> tuple[Path, ...]:
    """Return the nodes of this machine's NVIDIA GPUs; none where there are none, or ``CUDA_VISIBLE_DEVICES`` says so.

    Nodes are those of NVIDIA's Linux driver: ``nvidia0`` and on, ``nvidiactl``, ``nvidia-uvm``, ``nvidia-caps/*``.
    """
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in {"", "-1"}:
        return ()
    found = [*Path("/dev").glob("nvidia*"), *Path("/dev/nvidia-caps").glob("*")]
    return tuple(sorted(path for path in found if path.is_char_device()))
