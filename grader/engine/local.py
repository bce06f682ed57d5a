"""This machine: a process for each notebook, a pool of trainer processes."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager

from grader.drivers import WarmPool
from grader.engine.base import Engine, EngineConfig
from grader.execute import run_notebook
from grader.records import Platform
from grader.train import TrainerPool, hardware_of

_MOST = 8
"""Submissions at the same time, unless asked for more: each may take some gigabytes of memory."""


@contextmanager
def local_engine(config: EngineConfig) -> Iterator[Engine]:
    """Yield the engine of this machine; its processes end with the block.

    Raises:
        GraderError: The device that was asked for is not here.
    """
    hardware = hardware_of(config.device, config.backend)
    # The backend decides whether it can use a GPU, and has to be asked.
    known = None if hardware.gpus else Platform(backend=config.backend, keras=config.keras)
    slots = config.jobs or max(1, min(os.cpu_count() or 1, _MOST))
    # A trainer for each submission at work: none waits for another's training. And a kernel for the one after it.
    with (
        WarmPool(slots) as warm_pool,
        TrainerPool(
            bounds=config.bounds,
            cache=config.cache,
            shared_cache=config.shared_cache,
            workers=slots,
            datasets=config.datasets,
            unsealed=config.unsealed,
            keeps_states=config.keeps_states,
            hardware=hardware,
            platform=known,
        ) as pool,
    ):
        platform = known or pool.platform_for(config.datasets[0])
        run = functools.partial(run_notebook, warm_pool=warm_pool)
        yield Engine(run=run, trainer=pool, platform=platform, warm_pool=warm_pool, slots=slots)
