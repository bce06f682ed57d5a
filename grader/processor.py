"""What TensorFlow is told about this machine's processor, in a kernel and in a trainer."""

from __future__ import annotations

import platform


def tensorflow_environment() -> dict[str, str]:
    """Return the environment in which TensorFlow takes oneDNN's convolutions.

    Of its own accord it does on x86 processors with AVX-512's instructions for neural networks; with AVX2 alone
    oneDNN is quicker than Eigen too. ``python -m benchmarks.trainer_speed`` times it, with and without the variable.
    """
    return {"TF_ENABLE_ONEDNN_OPTS": "1"} if platform.machine() in {"x86_64", "AMD64"} else {}
