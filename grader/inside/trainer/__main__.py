"""The trainer's protocol: a hello line, then one reply line for each request line, until the input ends."""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import threading
import time
from typing import Any, TextIO

_MB = 1 << 20


def main() -> int:
    """Answer requests until standard input ends; return the exit status."""
    replies = _take_over_output()
    parent = os.getppid()
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    import keras

    from .arrays import Shelf
    from .training import train

    device = "gpu" if _has_gpu() else "cpu"
    versions = _versions(keras)
    _send(replies, {"hello": {"device": device, "versions": versions}})
    shelf = Shelf()
    for line in sys.stdin:
        request = json.loads(line)
        if device == "cpu":  # a GPU's driver maps far more than it uses
            _limit_memory(request["bounds"]["memory_mb"])
        _send(replies, {**train(request, shelf), "device": device, "versions": versions})
    return 0


def _take_over_output() -> TextIO:
    """Keep standard output for replies; whatever libraries print goes to standard error."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return replies


def _send(replies: TextIO, value: dict[str, Any]) -> None:
    replies.write(json.dumps(value, allow_nan=False) + "\n")
    replies.flush()


def _end_with_parent(parent: int) -> None:
    """End when the grader has gone, even in the middle of a training."""
    while os.getppid() == parent:
        time.sleep(2)
    os._exit(1)


def _has_gpu() -> bool:
    import keras

    return bool(keras.distribution.list_devices("gpu"))


def _versions(keras: Any) -> dict[str, str]:
    versions = {"python": platform.python_version(), "keras": keras.__version__, "backend": keras.backend.backend()}
    engine = sys.modules.get(versions["backend"])
    return versions | ({versions["backend"]: engine.__version__} if engine else {})


def _limit_memory(megabytes: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = megabytes * _MB
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
