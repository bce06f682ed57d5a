"""Recipes -> trainings: a pool of trainer processes, a cache on disk, and never the same training twice."""

from __future__ import annotations

from grader.train.cache import LIMIT_BYTES, Cache, cache_at
from grader.train.hardware import Hardware, hardware_of, require_backend, side_by_side, visible_gpus
from grader.train.pool import TrainerPool
from grader.train.protocol import EpochDone, Trainer
from grader.train.shared import SharedCache
from grader.train.singleflight import SingleFlight, training_key

__all__ = [
    "LIMIT_BYTES",
    "Cache",
    "EpochDone",
    "Hardware",
    "SharedCache",
    "SingleFlight",
    "Trainer",
    "TrainerPool",
    "cache_at",
    "hardware_of",
    "require_backend",
    "side_by_side",
    "training_key",
    "visible_gpus",
]
