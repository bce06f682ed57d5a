"""Puts the shims in place: those of imports at once, those of Keras once a notebook has imported it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .made import stand_ins
from .modules import install_modules
from .names import install_names
from .told import Told


def install_shims(session: Any) -> Callable[[], None]:
    """Understand old imports and names from now on; call it before any code of a notebook.

    Returns:
        What is to be called when Keras has been imported and the probe's hooks are in place.
    """
    told = Told(session)
    install_modules(told)
    install_names(told, stand_ins(told))
    return lambda: _teach_keras(session, told)


def _teach_keras(session: Any, told: Told) -> None:
    from .arguments import install_arguments
    from .files import install_files
    from .logs import install_logs
    from .methods import install_methods

    # One by one: another release of Keras may have moved what one of them needs.
    for install in (install_arguments, install_methods, install_logs, install_files):
        with session.quietly():
            install(told)
