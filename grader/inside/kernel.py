"""Starts a notebook's kernel on the far side of the wall: ``python kernel.py -f CONNECTION_FILE``.

The grader is not installed here. This folder is: it becomes the package ``grader_inside``, whose probe watches Keras
and writes what it sees, one JSON object a line, to an inherited descriptor. On another one, a socket, it may ask the
grader to train. Without a probe the kernel still runs.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

_PACKAGE = "grader_inside"
_OUTPUTS_IN_WAITING = 20_000
"""Messages; they count as the notebook's memory."""


def main() -> None:
    """Install the probe, then hand over to ipykernel."""
    # Python put this folder there; a notebook's `import probe` is not meant for us. The work folder comes by IPython.
    del sys.path[0]
    _remember_package()
    trace = os.environ.pop("GRADER_TRACE_FD", "")
    data = os.environ.pop("GRADER_DATA", "")
    steps = os.environ.pop("GRADER_QUICK_STEPS", "")
    link = os.environ.pop("GRADER_LINK_FD", "")
    shims = os.environ.pop("GRADER_SHIMS", "") == "1"
    datasets = json.loads(os.environ.pop("GRADER_DATASETS", "[]"))
    if trace:
        _install_probe(
            int(trace),
            Path(data) if data else None,
            int(steps) if steps else None,
            int(link) if link else None,
            shims=shims,
            datasets=datasets,
        )
    _launch()


def _launch() -> None:
    from ipykernel.kernelapp import IPKernelApp
    from zmq.constants import SocketOption

    class App(IPKernelApp):  # type: ignore[misc]
        """ipykernel, with room for a burst of outputs while its reader is held up: ZeroMQ drops what is too much."""

        def init_iopub(self, context: Any) -> None:
            context.setsockopt(SocketOption.SNDHWM, _OUTPUTS_IN_WAITING)
            super().init_iopub(context)

    App.launch_instance()


def _remember_package() -> None:
    folder = Path(__file__).parent
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is not a package")
    package = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    spec.loader.exec_module(package)


def _install_probe(fd: int, data: Path | None, quick_steps: int | None, link_fd: int | None, **more: Any) -> None:
    # Programs that the notebook starts have no business on these descriptors.
    for one in (fd, link_fd):
        if one is not None:
            os.set_inheritable(one, False)
    try:
        probe = importlib.import_module(f"{_PACKAGE}.probe")
        probe.install(fd=fd, data=data, quick_steps=quick_steps, link_fd=link_fd, **more)
    except Exception as error:  # whatever it is, the student's notebook must run
        note = {"event": "note", "what": "probe-failed", "detail": f"{type(error).__name__}: {error}"[:500]}
        os.write(fd, json.dumps(note).encode() + b"\n")


if __name__ == "__main__":
    main()
