"""What one notebook may have trained for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True)
class Quota:
    """Counts down as a notebook asks; what is left never grows.

    One training at a time, and how long a notebook may wait (``clock``), bound it too: this is for many small requests.
    """

    requests: int = 200
    """Of any kind: to read one costs time too. With the one after the last the service ends."""
    garbage: int = 20
    """Requests that were none."""
    steps: int = 2_000_000
    """Optimizer steps, as the notebook writes them, whatever a profile cuts."""
    bytes: int = 1 << 29
    """States of models handed out; they take the place of others in the cache."""

    @property
    def used_up(self) -> bool:
        """Whether nothing more is answered."""
        return self.requests < 0 or self.garbage < 0

    def ask(self) -> str:
        """Take one request; returns in English what is used up, or an empty text."""
        self.requests -= 1
        if self.used_up:
            return "the notebook has asked for too many trainings"
        return "the notebook was given too many weights" if self.bytes < 0 else ""

    def waste(self) -> None:
        """Count one malformed request."""
        self.garbage -= 1

    def take(self, *, steps: int) -> str:
        """Take so many steps; returns in English what is used up, or an empty text."""
        if steps > self.steps:
            return "the notebook has asked for too many steps"
        self.steps -= steps
        return ""

    def hand_out(self, num_bytes: int) -> bool:
        """Take so many bytes, which were made and kept in any case; tells whether they were left."""
        self.bytes -= num_bytes
        return self.bytes >= 0
