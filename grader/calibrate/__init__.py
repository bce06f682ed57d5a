"""Record trainings of our own notebooks, honest and spoiled, and say what they prove."""

from __future__ import annotations

from grader.calibrate.plan import RecordingRequest
from grader.calibrate.recording import RecordingProgress, calibrate

__all__ = ["RecordingProgress", "RecordingRequest", "calibrate"]
