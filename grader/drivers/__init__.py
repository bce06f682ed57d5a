"""Processes that drive notebooks, seen from the host: one for each notebook, some of them started ahead."""

from grader.drivers.process import Driver
from grader.drivers.suited import suits_warm_kernel
from grader.drivers.warmpool import WarmPool

__all__ = ["Driver", "WarmPool", "suits_warm_kernel"]
