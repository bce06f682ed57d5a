"""Processes that drive notebooks, seen from the host: one for each notebook, some of them started ahead."""

from grader.drivers.ahead import Ahead
from grader.drivers.process import Driver
from grader.drivers.suited import suits_ahead

__all__ = ["Ahead", "Driver", "suits_ahead"]
