"""The control group around a sealed process: used where one was delegated, passed over everywhere else."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from grader.records import Limits
from grader.sandbox import Bubblewrap, Watchdog, cgroup
from grader.sandbox.watchdog import Excess
from tests.test_sandbox import needs_seal

LIMITS = Limits(memory_mb=256, scratch_mb=8, processes=64)
MOUNTS = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n31 23 0:27 / /tmp rw - tmpfs tmpfs rw\n"


def write(folder: Path, **files: str) -> Path:
    """Make a folder that looks like a control group."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def delegate(folder: Path, controllers: str = "cpu memory pids", inhabitants: str | None = None) -> Path:
    """Make a group that holds us alone, and the leaf that we move to: a plain folder has no files of its own accord."""
    mine = str(os.getpid()) if inhabitants is None else inhabitants
    write(folder / "workbook-grader", cgroup__procs="")
    return write(folder, cgroup__controllers=controllers, cgroup__procs=mine, cgroup__subtree_control="")


@pytest.fixture
def base(tmp_path, monkeypatch):
    """A group that was delegated, in an ordinary folder."""
    group = delegate(tmp_path / "scope")
    monkeypatch.setattr(cgroup, "delegated", lambda: group)
    return group


@pytest.mark.parametrize(
    ("groups", "mounts", "found"),
    [
        ("0::/user.slice/a.scope", MOUNTS, "/sys/fs/cgroup/user.slice/a.scope"),
        ("4:memory:/x\n0::/", MOUNTS, "/sys/fs/cgroup"),
        ("0::/box/a", MOUNTS.replace("0:26 /", "0:26 /box"), "/sys/fs/cgroup/a"),
        ("0::/../a", MOUNTS.replace("0:26 /", "0:26 /box"), None),
        ("4:memory:/x", MOUNTS, None),
        ("0::/a", "", None),
    ],
)
def test_the_group_of_a_process_is_read_as_linux_writes_it(groups, mounts, found):
    """Version 2 alone counts; a container may show only a part of the tree."""
    assert cgroup.own_group(groups, mounts) == (None if found is None else Path(found))


def test_a_delegated_group_is_left_for_a_leaf_and_shares_its_controllers(tmp_path):
    """We step into a leaf, so that others may be made beside it; what a killed grader left is removed."""
    group = delegate(tmp_path / "scope")
    (group / "sealed-999999999-0").mkdir()
    (group / f"sealed-{os.getpid()}-0").mkdir()
    assert cgroup._make_way(group) == group
    assert (group / "workbook-grader" / "cgroup.procs").read_text() == str(os.getpid())
    assert (group / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert sorted(path.name for path in group.glob("sealed-*")) == [f"sealed-{os.getpid()}-0"]


def test_a_process_that_the_grader_started_finds_the_group_made_ready(tmp_path):
    """It is in the leaf already, and makes its groups beside that."""
    group = delegate(tmp_path / "scope")
    assert cgroup._make_way(group / "workbook-grader") is None  # not shared yet
    (group / "cgroup.subtree_control").write_text("memory pids")
    assert cgroup._make_way(group / "workbook-grader") == group


@pytest.mark.parametrize(
    "changes", [{"controllers": "hugetlb"}, {"inhabitants": "1"}, {"inhabitants": f"{os.getpid()} 1"}]
)
def test_a_group_that_is_not_ours_alone_is_left_as_it_is(tmp_path, changes):
    """A shell that shares it is not moved, and a group without the controllers bounds nothing."""
    group = delegate(tmp_path / "scope", **changes)
    assert cgroup._make_way(group) is None
    assert (group / "workbook-grader" / "cgroup.procs").read_text() == ""


def test_a_group_bounds_all_that_other_limits_allow_together(base):
    """Memory and full folders; beyond that everything in it ends at once."""
    group = cgroup.new_group(LIMITS, bytes_of_files=32 << 20, threads=100)
    (folder,) = base.glob("sealed-*")
    written = {path.name: path.read_text() for path in folder.iterdir()}
    assert written == {"memory.max": str(288 << 20), "memory.oom.group": "1", "pids.max": "100", "memory.swap.max": "0"}
    assert not group.ran_out()
    (folder / "memory.events").write_text("low 0\nmax 7\noom 1\noom_kill 3\n")
    assert group.ran_out()


def test_without_delegation_there_is_no_group_and_the_record_says_so(monkeypatch):
    """Limits of processes and the watchdog hold by themselves."""
    monkeypatch.setattr(cgroup.Path, "read_text", lambda *_: "")
    cgroup.delegated.cache_clear()
    try:
        assert cgroup.new_group(LIMITS, bytes_of_files=0, threads=1) is None
        assert "memory: watchdog" in Bubblewrap().description
    finally:
        cgroup.delegated.cache_clear()


def hierarchy() -> Path | None:
    """Return a real hierarchy in which we may make groups, if there is one."""
    mounts = Path("/proc/self/mountinfo")
    point = cgroup.own_group("0::/", mounts.read_text(encoding="utf-8")) if mounts.exists() else None
    return point if point is not None and os.access(point / "cgroup.procs", os.W_OK) else None


@needs_seal
@pytest.mark.skipif(hierarchy() is None, reason="no control groups of version 2 that we may change")
def test_every_process_of_a_room_is_in_its_group_and_the_group_goes_with_it(monkeypatch):
    """In a real group: command and wrappers are in it, and what Linux ends for its memory is told as that."""
    real = hierarchy() / f"grader-test-{os.getpid()}"
    real.mkdir()
    monkeypatch.setattr(cgroup, "delegated", lambda: real)
    monkeypatch.setattr(cgroup, "_set", lambda *_: None)  # the controllers may belong to another hierarchy
    try:
        with Bubblewrap().room(limits=LIMITS) as room:
            argv = ["sh", "-c", "echo up; sleep 60 & wait"]
            running = room.start(argv, {"PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE)
            assert running.popen.stdout.readline() == b"up\n"
            (folder,) = real.glob("sealed-*")
            inside = set(map(int, (folder / "cgroup.procs").read_text().split()))
            assert {running.pid, running.popen.pid} < inside
            assert os.getpid() not in inside
            with Watchdog(running, LIMITS) as watchdog:
                monkeypatch.setattr(running._group, "ran_out", lambda: True)
                running.kill()
            assert watchdog.found is Excess.MEMORY
        assert not folder.exists()
    finally:
        for _ in range(100):
            try:
                real.rmdir()
                break
            except OSError:
                time.sleep(0.02)
