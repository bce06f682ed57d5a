"""Sealed processes: what they may see, how large they may grow, and whether that holds on this machine."""

from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.cgroup import delegated
from grader.sandbox.devices import UNBOUNDED_MB, gpu_devices
from grader.sandbox.find import find_seal
from grader.sandbox.promises import PROMISES, Promise, PromiseResult
from grader.sandbox.seal import Room, Running, Seal
from grader.sandbox.tail import OutputTail
from grader.sandbox.trial import check_promises
from grader.sandbox.unsealed import Unsealed
from grader.sandbox.watchdog import Excess, Watchdog

__all__ = [
    "PROMISES",
    "UNBOUNDED_MB",
    "Bubblewrap",
    "Excess",
    "OutputTail",
    "Promise",
    "PromiseResult",
    "Room",
    "Running",
    "Seal",
    "Unsealed",
    "Watchdog",
    "check_promises",
    "delegated",
    "find_seal",
    "gpu_devices",
]
