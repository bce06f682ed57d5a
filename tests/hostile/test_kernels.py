"""Every attack on a kernel ends as it must, and the host is untouched afterwards."""

import socket
import time

import pytest

from tests.hostile.attacks import ATTACKS
from tests.hostile.case import faults, late, run_attack
from tests.hostile.host import planted
from tests.test_sandbox import needs_seal

HANDFUL = (
    "reads-another-submission",
    "looks-for-a-freer-guardian",
    "kills-itself",
    "claims-to-be-idle-and-loops",
    "makes-files-without-end",
    "is-all-lists",
)
"""Some of each kind, for `make test`; the others are slow."""
_LOADED_MACHINE_SECONDS = 20

pytestmark = needs_seal


@pytest.fixture(scope="module")
def host():
    """Canaries in all places that must not be reached."""
    with planted() as host:
        yield host


def test_there_are_attacks_of_every_kind():
    """At least sixty, each with a name of its own, meeting every ending that a kernel can bring about."""
    assert len(ATTACKS) >= 60
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    met = {str(attack.ending) for attack in ATTACKS}
    assert met == {"completed", "timed_out", "out_of_memory", "output_limit", "kernel_died", "unreadable"}


@pytest.mark.parametrize(
    "attack",
    [pytest.param(one, marks=() if one.name in HANDFUL else pytest.mark.slow) for one in ATTACKS],
    ids=lambda attack: attack.name,
)
def test_an_attack_ends_as_it_must(attack, host, tmp_path):
    """Its ending, the state of each cell and what is said are as written beside it, and nothing outside has changed."""
    outcome = run_attack(attack, host, tmp_path)
    assert not faults(attack, outcome)
    assert late(attack, outcome) < _LOADED_MACHINE_SECONDS
    assert host.damage() == []


AHEAD = (
    "reads-our-environment",
    "looks-for-open-files",
    "kills-itself",
    "claims-to-be-idle-and-loops",
    "takes-memory-by-steps",
    "writes-to-what-it-shares",
    "forks-without-end",
    "makes-files-without-end",
)
"""Some of each kind; `python -m tests.hostile --ahead` runs all."""


@pytest.mark.slow
@pytest.mark.parametrize("attack", [one for one in ATTACKS if one.name in AHEAD], ids=lambda attack: attack.name)
def test_an_attack_on_a_kernel_that_waited_ends_as_on_any(attack, host, tmp_path):
    """It meets one that was started before it was known, with TensorFlow imported, and ends as is written beside it."""
    outcome = run_attack(attack, host, tmp_path, ahead=True)
    assert not faults(attack, outcome, ahead=True)
    assert late(attack, outcome) < _LOADED_MACHINE_SECONDS
    assert host.damage() == []


def test_a_host_that_was_touched_is_noticed():
    """The canaries sing: a changed file, a new one and a visitor are damage."""
    with planted() as other:
        (other.folder / "grades.csv").write_text("100")
        (other.folder / "new").touch()
        socket.create_connection(("127.0.0.1", other.port)).close()
        for _ in range(100):
            if other.visits:
                break
            time.sleep(0.05)
        assert len(other.damage()) == 3
