"""Attacks on the link over which a kernel asks for trainings: by whoever found its descriptor, and knows the protocol."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from grader.delegate import Delegate, Quota
from grader.execute import Job, run_notebook
from grader.records import Ending, Limits, Profile
from tests.test_delegate import FIT, LENGTH, NETWORK, QUICK, Counting, Kernel, as_request, mnist  # noqa: F401
from tests.test_execute import write_notebook
from tests.test_sandbox import needs_seal
from tests.timing import on_a_clock, within

GOOD = as_request(FIT, NETWORK)


def until_hung_up(kernel, request, most=1_000):
    """Send a request again and again; returns how many were answered before the link ended."""
    answered = 0
    with contextlib.suppress(EOFError, OSError):
        while answered < most:
            kernel.send(request)
            kernel.answer()
            answered += 1
    return answered


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\0" * 100, b'{"event": "note"}', b"[" * (4 << 20), b"[" + b"[]," * (1 << 20) + b"[]]", GOOD + b"\n" + GOOD],
    ids=["nothing", "zeros", "a note", "depth", "breadth", "two fits"],
)
def test_garbage_is_read_a_few_times_and_then_no_more(mnist, garbage):  # noqa: F811
    """To read it costs our time, not the kernel's: the link ends long before a notebook's requests are used up."""
    with within(10), Kernel(Counting(), mnist) as kernel:
        assert until_hung_up(kernel, garbage) == Quota().garbage + 1
        assert kernel.given == []


def test_questions_that_are_always_refused_end_the_link_too(mnist):  # noqa: F811
    """A request that is well formed and no recipe counts as one."""
    with Kernel(Counting(), mnist, quota=lambda: Quota(requests=5)) as kernel:
        assert until_hung_up(kernel, as_request(replace(FIT, fresh=False), NETWORK)) == 6


@pytest.mark.parametrize("epochs", [{"epochs": 1, "initial_epoch": 10**9}, {"epochs": -5}, {"epochs": 10**15}])
def test_steps_below_nothing_do_not_fill_a_quota_up(mnist, epochs):  # noqa: F811
    """Whatever epochs are claimed, what is left never grows, and nothing is trained for them."""
    quota, trainer = Quota(), Counting()
    with Kernel(trainer, mnist, quota=lambda: quota) as kernel:
        answer, state = kernel.ask(replace(FIT, **epochs), NETWORK)
    assert (bool(answer["why"]), state, trainer.asked) == (True, b"", [])
    assert quota.steps == Quota().steps


def test_weights_that_were_made_count_though_they_are_not_taken(mnist):  # noqa: F811
    """They lie in the cache in the place of others: large ones are not trained without end."""
    trainer = Counting(b"x" * 600)
    with Kernel(trainer, mnist, quota=lambda: Quota(bytes=1_000)) as kernel:
        told = [kernel.ask(FIT, NETWORK)[0].get("why") for _ in range(5)]
    assert told[0] is None
    assert set(told[2:]) == {"the notebook was given too many weights"}
    assert len(trainer.asked) == 2


class Fallen(Counting):
    def train_with_state(self, *_):
        raise RuntimeError("a fault of ours, with /a/path")


def test_a_fault_of_ours_hangs_up_and_tells_nothing(mnist):  # noqa: F811
    """A kernel that waits for an answer learns that none will come, and trains by itself."""
    with Kernel(Fallen(), mnist) as kernel, pytest.raises(EOFError):
        kernel.ask(FIT, NETWORK)


def test_descriptors_that_are_sent_along_do_not_arrive(mnist):  # noqa: F811
    """A socket can carry open files; nobody on our side takes them."""
    before = psutil.Process().num_fds()
    with Kernel(Counting(), mnist) as kernel:
        for _ in range(20):
            with Path("/dev/null").open() as file:
                head = LENGTH.pack(len(GOOD))
                socket.send_fds(kernel.far, [head], [file.fileno()] * 50)
                kernel.far.sendall(GOOD)
            kernel.answer()
        assert psutil.Process().num_fds() <= before + 2
    assert len(kernel.given) == 1


FIND = """
import json, os, socket, struct
told = open('/proc/self/environ').read().split('GRADER_LINK_FD=')[1].split(chr(0))[0]
links = [socket.socket(fileno=os.dup(int(told)))]
print('link:', int(links[0].family), links[0].getpeername() == '')
def send(one, request): one.sendall(struct.pack('>I', len(request)) + request)
GOOD = json.loads(%r).encode()
""" % json.dumps(GOOD.decode())  # noqa: UP031
ATTACKS = {
    "floods it": "for one in links:\n    try:\n        while True: send(one, b'[' * (4 << 20)); one.recv(1 << 16)\n    except OSError as end: print(end)",
    "asks and never listens": "for one in links:\n    one.settimeout(2)\n    try:\n        while True: send(one, GOOD)\n    except OSError as end: print(end)",
    "announces and keeps silent": "for one in links:\n    try: one.sendall(struct.pack('>I', 1 << 20) + b'x')\n    except OSError as end: print(end)",
    "shuts it": "for one in links:\n    try: one.shutdown(socket.SHUT_RDWR)\n    except OSError as end: print(end)",
}


@on_a_clock
@needs_seal
@pytest.mark.parametrize("name", ATTACKS)
def test_a_kernel_that_misuses_its_link_ends_as_any_other(mnist, tmp_path, name):  # noqa: F811
    """From inside the sandbox: the notebook goes on, ends when it ends, and what serves it goes with it."""
    cells = (FIND + ATTACKS[name], "print('on')")
    job = Job(notebook=write_notebook(tmp_path / "work.ipynb", *cells), out=tmp_path / "out", datasets=(mnist,),
              profile=Profile(name="full"), limits=Limits(cell_seconds=40, notebook_seconds=60))  # fmt: skip
    threads, used, started = threading.active_count(), psutil.Process().cpu_times(), time.monotonic()
    execution = run_notebook(job, Delegate(trainer=Counting(b"x" * 100_000), datasets={"mnist": mnist}, profile=QUICK))
    assert execution.ending is Ending.COMPLETED
    assert [cell.status for cell in execution.cells] == ["ok", "ok"]
    assert "link: 1 True" in (tmp_path / "out" / "executed.ipynb").read_text()
    assert time.monotonic() - started < 50
    assert psutil.Process().cpu_times().user - used.user < 15
    assert threading.active_count() == threads
