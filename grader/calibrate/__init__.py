"""Record trainings of our own notebooks, honest and spoiled, and say what they prove."""

from __future__ import annotations

from grader.calibrate.plan import RecordingRequest
from grader.calibrate.progress import RecordingProgress, TrainingProgress
from grader.calibrate.recording import calibrate

__all__ = ["RecordingProgress", "RecordingRequest", "TrainingProgress", "calibrate"]
