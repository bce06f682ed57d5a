"""What a family of processes holds: pages that several of them see count once, whatever is written counts."""

import subprocess
import sys

import pytest

from grader.sandbox import Bubblewrap
from grader.sandbox.seal import PATH
from grader.sandbox.usage import held_bytes, usage_of
from tests.test_sandbox import LIMITS, needs_seal

MB = 1 << 20
FAMILY = """
import os, sys, time
held = bytearray(60 << 20)
for number in range(6):
    if os.fork() == 0:
        if sys.argv[1] == 'writes':
            for at in range(0, len(held), 4096): held[at] = 1
        print('ready', flush=True)
        time.sleep(60)
time.sleep(60)
"""


@pytest.fixture
def family(request):
    """A sealed process of 60 MB with six children, which see its memory or write to it as well."""
    with Bubblewrap().room(limits=LIMITS) as room:
        argv = [sys.executable, "-I", "-c", FAMILY, request.param]
        running = room.start(argv, {"PATH": PATH}, stdout=subprocess.PIPE)
        for _ in range(6):
            assert running.popen.stdout.readline() == b"ready\n"
        yield running
        running.kill()


@needs_seal
@pytest.mark.parametrize("family", ["reads"], indirect=True)
def test_shared_pages_count_once(family):
    """Seven processes seem to hold 420 MB, and hold 60 and what Python takes for each."""
    assert family.usage().resident_bytes > 420 * MB
    assert 60 * MB < family.held_bytes(150 * MB) <= 150 * MB


@needs_seal
@pytest.mark.parametrize("family", ["writes"], indirect=True)
def test_pages_that_were_written_to_count_for_each(family):
    """Resident memory is the same as if nobody had written; what is held is not."""
    assert family.held_bytes(150 * MB) > 150 * MB
    assert family.held_bytes(400 * MB) > 400 * MB


@needs_seal
@pytest.mark.parametrize("family", ["reads"], indirect=True)
def test_what_cannot_be_read_or_not_in_time_counts_as_resident(family, monkeypatch):
    """Nobody hides memory by making it hard to weigh."""
    with monkeypatch.context() as patch:
        patch.setattr("grader.sandbox.usage._SECONDS", -1)
        assert family.held_bytes(150 * MB) > 420 * MB
    monkeypatch.setattr("grader.sandbox.usage._WEIGHTS", "/proc/{}/no-such-file")
    assert family.held_bytes(150 * MB) > 420 * MB


def test_a_process_that_has_gone_holds_nothing():
    """It ended between two looks."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert held_bytes(gone.pid, 0) == 0
    assert usage_of(gone.pid) == (0, 0.0, 0)
