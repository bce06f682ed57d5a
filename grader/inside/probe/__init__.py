"""The probe: sees every model a notebook builds and trains, and changes nothing.

The iron rule: a notebook runs with the probe as it runs without it. Every hook's own work is guarded, results and
exceptions of Keras pass through, nothing is printed, no random state is touched. A ``fit`` that the grader trains in
the kernel's place leaves what Keras's own would have left. What it sees leaves the kernel as JSON
lines (``channel``), in the shapes of ``records``.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..facts import DataFacts  # noqa: TID252 - the kernel imports this folder under another name
from .colab import install_colab, install_shell
from .imports import when_imported, when_shell_is_up
from .ownself import install_selfcheck
from .session import Session
from .warned import point_at_the_notebook

_session: Session | None = None


def install(
    *,
    fd: int | None,
    data: Path | None,
    quick_steps: int | None,
    link_fd: int | None = None,
    shims: bool = False,
    datasets: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Watch this process; call it before any code of the notebook and before Keras is imported.

    Args:
        fd: file descriptor the events go to, None for nowhere.
        data: folder of the data sets, None to leave ``keras.datasets`` alone.
        quick_steps: the quick profile's steps per fit, None for the full profile.
        link_fd: file descriptor on which the grader can be asked to train, None to train here.
        shims: whether spellings of older libraries are understood.
        datasets: what the host knows of its data sets, as :class:`DataFacts`.
    """
    global _session  # noqa: PLW0603
    told = [DataFacts(**one) for one in datasets]
    session = _session = Session(fd=fd, data=data, quick_steps=quick_steps, link_fd=link_fd, datasets=told)
    with session.quietly():
        point_at_the_notebook()
    with session.quietly():
        install_colab(session)
    with session.quietly():
        install_selfcheck()
    understood = None
    if shims:
        with session.quietly():
            from ..shims.install import Shims  # noqa: TID252 - the kernel imports this folder under another name

            understood = Shims(session)
    with session.quietly():
        when_shell_is_up(lambda shell: _shell_is_up(session, shell, understood))
    when_imported("keras", lambda: _keras_is_here(session, data, understood))


def finish() -> None:
    """Send what can only be said at the end; call it after the last cell."""
    if _session is not None and _session.kept:
        from .scoring import send_predictions

        send_predictions(_session)


def _keras_is_here(session: Session, data: Path | None, shims: Any) -> None:
    with session.quietly():
        from .hooks import install_hooks

        session.channel.send("start", versions=_versions())
        install_hooks(session)
    with session.quietly():
        if data is not None:
            from .data import install_data

            install_data(session)
    if shims is not None:
        shims.keras_is_here()  # last: the hooks see what old spellings have become


def _versions() -> dict[str, str]:
    import keras

    versions = {"python": platform.python_version(), "keras": keras.__version__, "backend": keras.backend.backend()}
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None:
        version = getattr(tensorflow, "__version__", None)
        versions["tensorflow"] = str(version or _installed("tensorflow") or _installed("tensorflow-cpu"))
    return versions


def _installed(package: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _shell_is_up(session: Session, shell: Any, shims: Any) -> None:
    with session.quietly():
        install_shell(session, shell)
    if shims is not None:
        shims.shell_is_up(shell)

    def after_cell(result: Any) -> None:
        error = result.error_in_exec
        if error is not None and "keras" in sys.modules:
            with session.quietly():
                from .failures import cell_failed

                cell_failed(session, error, int(result.execution_count or 0))

    with session.quietly():
        shell.events.register("post_run_cell", after_cell)
