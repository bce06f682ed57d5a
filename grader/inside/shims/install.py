"""Puts the shims in place: those of imports at once, those of Keras once a notebook has imported it."""

from __future__ import annotations

import sys
from typing import Any

from .cells import install_cells
from .downloads import install_downloads
from .fetching import install_fetching
from .made import stand_ins
from .missing import install_missing
from .modules import install_modules
from .names import install_names, teach
from .provided import install_provided
from .reporter import LegacyReporter
from .samples import install_samples


class Shims:
    """Understands old imports and names from its making on; to be made before any code of a notebook runs."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._reporter = reporter = LegacyReporter(session)
        self._made = stand_ins(reporter, session)
        install_modules(reporter)
        install_names(reporter, self._made)
        install_provided(reporter, session)
        install_missing()
        self._copies = install_downloads(session)

    def shell_is_up(self, shell: Any) -> None:
        """Look at cells from now on, and at the commands they call."""
        with self._session.quietly():
            install_cells(self._reporter, shell)
            install_samples(self._copies, shell)
            install_fetching(self._copies, shell)

    def keras_is_here(self) -> None:
        """Teach Keras, whose methods the probe has hooked by now, its old names."""
        from .arguments import install_arguments
        from .checkpoints import install_checkpoints
        from .compiling import install_compiling
        from .feeding import install_feeding
        from .files import install_files
        from .logs import install_logs
        from .methods import install_methods
        from .optimizers import install_optimizers
        from .pictures import install_pictures
        from .sizes import install_sizes

        teach(sys.modules["keras"], self._reporter, self._made)  # the probe watched its import, so nobody else could
        # One by one: another release of Keras may have moved what one of them needs.
        for install in (
            *(install_feeding, install_sizes),  # they see arguments under today's names
            *(install_arguments, install_optimizers, install_compiling, install_checkpoints),
            *(install_methods, install_logs, install_files, install_pictures),
        ):
            with self._session.quietly():
                install(self._reporter)
