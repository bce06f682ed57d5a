"""Record trainings of our own notebooks, honest and spoiled, and say what they prove."""

from __future__ import annotations

from grader.calibrate.order import Order
from grader.calibrate.recording import Step, calibrate

__all__ = ["Order", "Step", "calibrate"]
