"""Which seal this machine can offer."""

from __future__ import annotations

import functools
import subprocess

from grader.errors import SandboxUnavailableError
from grader.records import Message, joined, msg
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.seal import Seal
from grader.sandbox.trial import check_promises
from grader.sandbox.unsealed import Unsealed

_INSTALL = msg(
    "Install it: sudo apt-get install bubblewrap (Debian, Ubuntu) or sudo dnf install bubblewrap (Fedora). "
    "In a container, user namespaces must be allowed; on Ubuntu 24.04 and newer bubblewrap needs an AppArmor profile "
    "or kernel.apparmor_restrict_unprivileged_userns=0. "
    "Only for notebooks you trust: --no-sandbox runs them with all your rights."
)


def find_seal(*, allow_unsealed: bool) -> Seal:
    """Return bubblewrap when it works here; else, if that is allowed, no seal.

    What works is tried out once per process, with a real sealed process.

    Raises:
        SandboxUnavailableError: it does not work and unsealed is not allowed; says why and what to install.
    """
    fault = _fault()
    if fault is None:
        return Bubblewrap()
    if allow_unsealed:
        return Unsealed()
    raise SandboxUnavailableError(
        msg("notebooks cannot be sealed off on this machine: {why}. {install}", why=fault, install=_INSTALL)
    )


@functools.cache
def _fault() -> Message | None:
    try:
        broken = [
            msg("{promise} ({detail})", promise=result.name, detail=result.detail)
            for result in check_promises(Bubblewrap())
            if result.state == "broken"
        ]
    except (OSError, subprocess.SubprocessError) as error:
        return joined([str(error)])
    return joined(broken, "; ") if broken else None
