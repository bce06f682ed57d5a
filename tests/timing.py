"""What tests say about time.

Where this process does the work, its processor time is the measure: another program on the same cores does not change
it. Where other processes do the work a clock decides, and a machine that had no time for them deserves a second look.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

on_a_clock = pytest.mark.flaky(reruns=2, reruns_delay=5)
"""For tests that a busy machine fails: what takes too long three times in a row is too slow."""


def processor_time() -> float:
    """Return seconds of processor time, of this process and of those it has waited for."""
    used, children = os.times(), resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.user + used.system + children.ru_utime + children.ru_stime


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail if what is done here needs more processor time; an error inside comes first."""
    begun = processor_time()
    yield
    used = processor_time() - begun
    assert used < seconds, f"{used:.1f} s of processor time, at most {seconds:g} s"
