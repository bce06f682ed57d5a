"""What one notebook may have trained for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True)
class Quota:
    """Counts down as a notebook asks; what is left never grows.

    One training at a time and the notebook's own time limit bound it too: this is for many small requests.
    """

    requests: int = 200
    steps: int = 2_000_000
    """Optimizer steps, as the notebook writes them, whatever a profile cuts."""
    bytes: int = 1 << 30
    """States of models handed out."""

    def take(self, *, steps: int) -> str:
        """Take one request of so many steps; returns in English what is used up, or an empty text."""
        self.requests -= 1
        if self.requests < 0:
            return "the notebook has asked for too many trainings"
        if steps > self.steps:
            return "the notebook has asked for too many steps"
        self.steps -= steps
        return ""

    def hand_out(self, num_bytes: int) -> bool:
        """Take so many bytes of states, unless they are used up."""
        if num_bytes > self.bytes:
            return False
        self.bytes -= num_bytes
        return True
