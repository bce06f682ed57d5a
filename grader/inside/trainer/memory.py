"""How much memory this process may take, and how to tell that it was not enough."""

from __future__ import annotations

import os
import re
import resource

import keras

_MB = 1 << 20
_WORDS = re.compile(
    r"RESOURCE_EXHAUSTED|OOM when allocating|out of memory|can't allocate memory|Unable to allocate|bad_alloc",
    re.IGNORECASE,
)
"""How the backends, CUDA and numpy say it; only Python itself has a type for it."""


def limit(megabytes: int) -> None:
    """Bound this process's private memory. Not for GPUs: their driver maps far more than it uses."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = megabytes * _MB
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))


def share_gpu() -> None:
    """Take no more of the GPU than this process's share; JAX reads it from its own variable.

    ``GRADER_GPU_SHARE`` is a share of the memory, ``GRADER_GPU_MB`` what that comes to.
    """
    backend = keras.backend.backend()
    share, megabytes = os.environ.get("GRADER_GPU_SHARE"), os.environ.get("GRADER_GPU_MB")
    if backend == "tensorflow" and megabytes:
        import tensorflow as tf

        bounded = tf.config.LogicalDeviceConfiguration(memory_limit=int(megabytes))
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.set_logical_device_configuration(gpu, [bounded])
    if backend == "torch" and share:
        import torch

        if torch.cuda.is_available():
            torch.cuda.set_per_process_memory_fraction(float(share))


def is_exhausted(error: BaseException) -> bool:
    """Tell whether an error, or what it came of, means that memory was short."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, MemoryError) or _WORDS.search(f"{type(seen).__name__}: {seen}"):
            return True
        seen = seen.__cause__
    return False
