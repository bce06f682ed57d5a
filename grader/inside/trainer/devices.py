"""What this process may compute on, asked of the backend itself; no other backend is ever imported."""

from __future__ import annotations

import sys

import keras


def device_class() -> str:
    """Return ``gpu`` when the backend sees a GPU, else ``cpu``."""
    return "gpu" if _SEES_GPU[keras.backend.backend()]() else "cpu"


def versions() -> dict[str, str]:
    """Return the versions of Keras and its backend, and which backend that is."""
    backend = keras.backend.backend()
    engine = sys.modules.get(backend)
    return {"keras": keras.__version__, "backend": backend} | ({backend: engine.__version__} if engine else {})


def _tensorflow() -> bool:
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def _jax() -> bool:
    import jax

    return bool(jax.default_backend() == "gpu")


def _torch() -> bool:
    import torch

    return bool(torch.cuda.is_available())


_SEES_GPU = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
