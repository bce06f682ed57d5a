"""``python -m tests.hostile.overhead``: what the seal adds to the start of a process; 1 when that is too much."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from rich.console import Console

from grader.records import Limits
from grader.sandbox import Bubblewrap, Unsealed
from grader.sandbox.seal import PATH

_TIMES = 20
_MOST_MILLISECONDS = 50


def seconds(seal: Bubblewrap | Unsealed) -> float:
    """Start the smallest of programs and wait for its first word."""
    started = time.perf_counter()
    with seal.room(limits=Limits()) as room:
        running = room.start(["/usr/bin/echo", "here"], {"PATH": PATH}, stdout=subprocess.PIPE)
        assert running.popen.stdout is not None
        assert running.popen.stdout.read(1) == b"h"
        taken = time.perf_counter() - started
        running.popen.communicate()
    return taken


def main() -> int:
    """Measure both ways in turns, so that the machine's other work weighs on both alike."""
    seals = (Unsealed(), Bubblewrap())
    for seal in seals:
        seconds(seal)  # what is looked up once
    pairs = [tuple(seconds(seal) * 1000 for seal in seals) for _ in range(_TIMES)]
    for name, reduce in (("median", statistics.median), ("least", min)):
        plain, sealed = (reduce(column) for column in zip(*pairs, strict=True))
        Console().print(
            f"{name}: unsealed {plain:.1f} ms, sealed {sealed:.1f} ms, the seal adds {sealed - plain:.1f} ms"
        )
    return int(sealed - plain > _MOST_MILLISECONDS)


if __name__ == "__main__":
    sys.exit(main())
