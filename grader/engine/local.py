"""This machine: a process for each notebook, a pool of trainer processes."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager

from grader.drivers import Ahead
from grader.engine.base import Engine, Order
from grader.execute import run_notebook
from grader.records import Platform
from grader.train import TrainerPool, hardware_of

_MOST = 8
"""Submissions at the same time, unless asked for more: each may take some gigabytes of memory."""


@contextmanager
def local_engine(order: Order) -> Iterator[Engine]:
    """Yield the engine of this machine; its processes end with the block.

    Raises:
        GraderError: The device that was asked for is not here.
    """
    hardware = hardware_of(order.device, order.backend)
    # The backend decides whether it can use a GPU, and has to be asked.
    known = None if hardware.gpus else Platform(backend=order.backend, keras=order.keras)
    slots = order.jobs or max(1, min(os.cpu_count() or 1, _MOST))
    # A trainer for each submission at work: none waits for another's training. And a kernel for the one after it.
    with (
        Ahead(slots) as ahead,
        TrainerPool(
            bounds=order.bounds,
            cache=order.cache,
            shared_cache=order.shared_cache,
            workers=slots,
            datasets=order.datasets,
            unsealed=order.unsealed,
            keeps_states=order.keeps_states,
            hardware=hardware,
            platform=known,
        ) as pool,
    ):
        platform = known or pool.platform_for(order.datasets[0])
        run = functools.partial(run_notebook, ahead=ahead)
        yield Engine(run=run, trainer=pool, platform=platform, ahead=ahead, slots=slots)
