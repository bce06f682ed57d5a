"""The sandbox itself. No test performs an attack outside of it: a leak leaks a canary, nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.errors import SandboxUnavailableError
from grader.language import Language
from grader.records import Limits, msg
from grader.sandbox import (
    PROMISES,
    Bubblewrap,
    Unsealed,
    bubblewrap,
    check_promises,
    find,
    find_seal,
    mounts,
    promises,
    trial,
)
from grader.sandbox.seal import HOME, PATH, WORK
from grader.sandbox.seccomp import syscall_filter

LIMITS = Limits(memory_mb=256, scratch_mb=8, processes=64)


def _sealed() -> bool:
    try:
        find_seal(allow_unsealed=False)
    except SandboxUnavailableError:
        return False
    return True


needs_seal = pytest.mark.skipif(not _sealed(), reason="bubblewrap does not work here")


def python(
    code: str, *arguments: str, seal=None, limits: Limits = LIMITS, env: Mapping[str, str] | None = None, **room
) -> str:
    """Run Python code in a seal and return what it printed."""
    with (seal or Bubblewrap()).room(limits=limits, **room) as place:
        argv = [sys.executable, "-I", "-c", code, *arguments]
        running = place.start(argv, {"PATH": PATH, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = running.popen.communicate(timeout=60)
    return out.decode()


@needs_seal
def test_every_promise_is_kept():
    """On a machine where the sandbox works, it does all that it promises."""
    found = {result.name.text: (result.state == "broken", result.detail) for result in check_promises(Bubblewrap())}
    assert found == {promise.name.text: (False, "") for promise in PROMISES}


def _shared(command: list[str], _: Path) -> list[str]:
    """Leave the network as it is: the check's own port on 127.0.0.1 is the canary."""
    kept = ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    return [part for one in command for part in (kept if one == "--unshare-all" else [one])]


def _showing(how: str):
    """Show the folder that holds the canary."""

    def change(command: list[str], folder: Path) -> list[str]:
        at = command.index("--chdir")
        return [*command[:at], *mounts.parent_options([str(folder)]), how, str(folder), str(folder), *command[at:]]

    return change


def _without(*beginnings: str):
    """Leave options out, with their value where that stands apart."""

    def change(command: list[str], _: Path) -> list[str]:
        skipped = {at + step for at, one in enumerate(command) if one.startswith(beginnings)
                   for step in range(2 if one == "--seccomp" else 1)}  # fmt: skip
        return [one for at, one in enumerate(command) if at not in skipped]

    return change


def _roomier(command: list[str], _: Path) -> list[str]:
    """Make the writable folders a gigabyte each."""
    return [
        str(1 << 30) if at and command[at - 1] == "--size" and one != "4096" else one for at, one in enumerate(command)
    ]


def _inner(command: list[str]) -> int:
    """Return where the command line of the innermost sandbox begins."""
    return max(at for at, one in enumerate(command) if one.endswith("/bwrap"))


def _crowded(command: list[str], _: Path) -> list[str]:
    """Show the processes of this machine."""
    kept = ["--unshare-user", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    shown = [part for one in command for part in (kept if one == "--unshare-all" else [one]) if part != "--unshare-pid"]
    at = shown.index("--proc")
    return [*shown[:at], "--ro-bind", "/proc", *shown[at + 1 :]]


def _settable(command: list[str], _: Path) -> list[str]:
    """Lay something writable where the kernel's setting is; the setting itself is not within reach."""
    at = command.index("--proc", _inner(command)) + 2
    return [*command[:at], "--dev-bind", "/dev/null", "/proc/sys/kernel/core_pattern", *command[at:]]


def _entitled(command: list[str], _: Path) -> list[str]:
    """Leave the process a capability, in its own namespace."""
    at = _inner(command) + 1
    return [*command[:at], "--cap-add", "CAP_NET_RAW", *command[at:]]


def _shut(command: list[str], _: Path) -> list[str]:
    """Make the work folder read-only."""
    at = command.index(WORK, command.index("--tmpfs"))
    return [*command[: at - 2], "0555", *command[at - 1 :]]


LEAKS = {
    "No network": _shared,
    "No files of this machine": _showing("--ro-bind"),
    "Nothing writable outside its own folders": _showing("--bind"),
    "Its own folders bounded": _roomier,
    "Memory and processes bounded": _without("--data=", "--nproc="),
    "No hidden memory, no new namespaces": _without("--seccomp"),
    "No processes of others in sight": _crowded,
    "No kernel settings": _settable,
    "No special rights": _entitled,
    "Its own folder writable": _shut,
}
BESIDE = {
    "Nothing writable outside its own folders": {"No files of this machine"},  # what can be written can be read
    "No hidden memory, no new namespaces": {"No open files of the grader"},  # a filter that nobody takes stays open
    "No processes of others in sight": {"No environment of the grader"},  # of a process of the same user
}
"""What breaks together with a promise."""


@needs_seal
@pytest.mark.parametrize("promise", LEAKS)
def test_a_leak_breaks_its_promise(monkeypatch, tmp_path, promise):
    """A seal that was weakened in one place, and holds in all others, is seen to be; what leaks is a canary."""
    tmp_path.chmod(0o777)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("grader.sandbox.trial.tempfile.tempdir", str(tmp_path))
    plant = trial._plant

    def readable(*given):
        file = plant(*given)
        if file is not None:
            file.parent.chmod(0o777)
        return file

    whole = bubblewrap._BubblewrapRoom._command

    def command(self, argv, opened):
        given, fds = whole(self, argv, opened)
        return LEAKS[promise](given, tmp_path), fds

    monkeypatch.setattr(trial, "_plant", readable)
    monkeypatch.setattr(bubblewrap._BubblewrapRoom, "_command", command)
    broken = {result.name.text: result.detail for result in check_promises(Bubblewrap()) if result.state == "broken"}
    assert promise in broken
    assert set(broken) <= {promise} | BESIDE.get(promise, set())


def test_every_promise_is_seen_to_fail_somewhere():
    """Those that no option of bubblewrap weakens have a test of their own, below."""
    assert {promise.name.text for promise in PROMISES} == set(LEAKS) | {
        "No environment of the grader",
        "No open files of the grader",
    }


@needs_seal
def test_a_broken_promise_stops_a_run_and_is_told(monkeypatch):
    """Grading refuses to begin, with what was found; told to go on, it does so openly unsealed."""
    monkeypatch.setattr(
        trial, "PROMISES", (promises.Promise(msg("No files of this machine"), msg("x"), lambda _: "/canary"),)
    )
    find._fault.cache_clear()
    try:
        with pytest.raises(SandboxUnavailableError, match=r"No files of this machine \(/canary\)"):
            find_seal(allow_unsealed=False)
        assert find_seal(allow_unsealed=True).name == "none"
    finally:
        find._fault.cache_clear()


@needs_seal
def test_the_environment_of_whoever_starts_is_a_leak_that_is_seen(monkeypatch):
    """The promise about the environment is broken by a wrapper that keeps ours."""
    start = bubblewrap._BubblewrapRoom.start
    monkeypatch.setattr(
        bubblewrap._BubblewrapRoom,
        "start",
        lambda self, argv, env, **given: start(self, argv, {**os.environ, **env}, **given),
    )
    broken = [result.name.text for result in check_promises(Bubblewrap()) if result.state == "broken"]
    assert broken == ["No environment of the grader"]


@needs_seal
def test_an_open_file_that_is_passed_on_is_a_leak_that_is_seen(monkeypatch, tmp_path):
    """The promise about descriptors is broken by one that nobody inside has a use for."""
    start = bubblewrap._BubblewrapRoom.start
    with (tmp_path / "canary").open("w") as canary:
        fds = [canary.fileno()]
        monkeypatch.setattr(
            bubblewrap._BubblewrapRoom,
            "start",
            lambda self, argv, env, **given: start(self, argv, env, pass_fds=fds, **given),
        )
        broken = [result.name.text for result in check_promises(Bubblewrap()) if result.state == "broken"]
    assert broken == ["No open files of the grader"]


def test_nothing_is_promised_without_a_seal(monkeypatch):
    """No promise is even tried unsealed."""
    monkeypatch.setattr(Unsealed, "room", lambda *_, **__: pytest.fail("something was started"))
    assert not any(result.kept for result in check_promises(Unsealed()))


def test_a_missing_bubblewrap_is_explained(monkeypatch):
    """The error says what to install and what else one can do."""
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda _: None)
    bubblewrap._program.cache_clear()
    find._fault.cache_clear()
    try:
        with pytest.raises(SandboxUnavailableError, match="apt-get install bubblewrap") as caught:
            find_seal(allow_unsealed=False)
        assert "bwrap is not installed" in str(caught.value)
        assert "программа bwrap не установлена" in Language("ru").say(caught.value.message)
        assert "--no-sandbox" in str(caught.value)
        assert find_seal(allow_unsealed=True).name == "none"
    finally:
        bubblewrap._program.cache_clear()
        find._fault.cache_clear()


@needs_seal
def test_the_environment_is_exactly_what_was_given(monkeypatch):
    """No variable of ours reaches a sealed process or the processes around it."""
    monkeypatch.setenv("LMS_TOKEN", "canary-4711")
    code = "import os, glob; print(sorted(os.environ)); print([p for p in glob.glob('/proc/[0-9]*/environ') if b'canary' in open(p, 'rb').read()])"
    names, leaks = python(code, env={"GIVEN": "1"}).splitlines()
    assert "GIVEN" in names
    assert "LMS_TOKEN" not in names
    assert leaks == "[]"


@needs_seal
def test_files_are_writable_copies_and_folders_are_not(tmp_path):
    """What is bound can be read; what is handed in can be changed without a trace here."""
    tmp_path.chmod(0o755)
    (tmp_path / "x.npy").write_text("array")
    handed = tmp_path / "a.txt"
    handed.write_text("one")
    code = """
import os
print(open('/data/mnist/x.npy').read(), open('a.txt').read())
open('a.txt', 'w').write('two'); open('new', 'w')
try: open('/data/mnist/x.npy', 'w')
except OSError as error: print(error.strerror)
"""
    said = python(code, binds={"/data/mnist": tmp_path}, files={f"{WORK}/a.txt": handed})
    assert said == "array one\nRead-only file system\n"
    assert (handed.read_text(), sorted(file.name for file in tmp_path.iterdir())) == ("one", ["a.txt", "x.npy"])


@needs_seal
@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's sandbox is that user")
def test_a_folder_for_root_alone_is_refused_with_what_to_do(tmp_path):
    """Rather than a notebook that cannot find its data, whoever runs the grader gets a command."""
    tmp_path.chmod(0o700)
    with pytest.raises(PermissionError, match="chmod -R o\\+rX"):
        python("", binds={"/data/mnist": tmp_path})


@needs_seal
def test_a_link_handed_in_is_refused(tmp_path):
    """A submission must not reach a file of this machine through a link."""
    (tmp_path / "canary").write_text("canary")
    (tmp_path / "link").symlink_to(tmp_path / "canary")
    with pytest.raises(OSError, match="symbolic links"):
        python("print(open('link').read())", files={f"{WORK}/link": tmp_path / "link"})


@needs_seal
@pytest.mark.parametrize("folder", [WORK, HOME, "/tmp", "/dev/shm", "/run/kernel"])
def test_writable_folders_are_bounded(folder):
    """None of them takes more than its size; nothing else is writable."""
    code = """
import sys
written = 0
try:
    for number in range(40):
        with open(f"{sys.argv[1]}/{number}", "wb") as file: written += file.write(bytes(1 << 22))
except OSError as error: print(error.strerror, written >> 20)
"""
    said = python(code, folder)
    assert said.startswith("No space left on device")
    assert int(said.split()[-1]) <= 64


@needs_seal
def test_the_number_of_processes_is_bounded():
    """A fork bomb fails inside, and its sandbox can be ended."""
    code = """
import os, time
children = 0
try:
    while children < 2000:
        if os.fork() == 0: time.sleep(20); os._exit(0)
        children += 1
except OSError as error: print(error.strerror, children)
"""
    said = python(code, limits=Limits(memory_mb=256, scratch_mb=8, processes=20))
    assert said.startswith("Resource temporarily unavailable")


@needs_seal
def test_a_file_is_bounded_and_a_core_is_not_written():
    """The limits that the kernel holds for every process are set."""
    code = "import resource as r; print(r.getrlimit(r.RLIMIT_FSIZE)[1] >> 20, r.getrlimit(r.RLIMIT_CORE)[1], r.getrlimit(r.RLIMIT_DATA)[1] >> 20, r.getrlimit(r.RLIMIT_NOFILE)[1])"
    assert python(code) == "8 0 256 1024\n"


@needs_seal
@pytest.mark.skipif(syscall_filter() is None, reason="no system call filter for this processor")
def test_hidden_memory_and_new_namespaces_are_refused():
    """What would escape the watch over memory, or open new corners of the Linux kernel, is not permitted."""
    code = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def refused(name, *arguments):
    result = getattr(libc, name)(*arguments)
    return result == -1 and os.strerror(ctypes.get_errno())
try: os.memfd_create("x")
except OSError as error: print("memfd", error.strerror)
print("shm", refused("shmget", 0, 4096, 0o1600))
print("namespace", refused("unshare", 0x10000000))
print("ptrace", refused("ptrace", 16, 1, 0, 0))
print("key", refused("syscall", 248, b"user", b"a", b"b", 1, -3))
print("thread", end=" ")
import threading; threading.Thread(target=lambda: print("ok")).start()
"""
    refused = "Operation not permitted"
    wanted = [f"{name} {refused}" for name in ("memfd", "shm", "namespace", "ptrace", "key")] + ["thread ok"]
    assert python(code).splitlines() == wanted


@needs_seal
def test_an_interrupt_reaches_the_command_and_not_its_wrappers():
    """SIGINT becomes a KeyboardInterrupt inside, and the process can go on."""
    code = """
import time
try:
    print("ready", flush=True)
    time.sleep(30)
except KeyboardInterrupt: print("interrupted", flush=True)
"""
    with Bubblewrap().room(limits=LIMITS) as room:
        running = room.start([sys.executable, "-I", "-c", code], {}, stdout=subprocess.PIPE)
        assert running.popen.stdout.readline() == b"ready\n"
        running.interrupt()
        assert running.popen.stdout.readline() == b"interrupted\n"
        assert running.popen.wait(10) == 0


@needs_seal
def test_a_path_inside_is_reached_from_outside():
    """What a process writes in the sandbox can be found through it, and is gone after it."""
    code = "import time; open('/run/kernel/s', 'w').write('here'); print('ready', flush=True); time.sleep(30)"
    with Bubblewrap().room(limits=LIMITS) as room:
        running = room.start([sys.executable, "-I", "-c", code], {}, stdout=subprocess.PIPE)
        running.popen.stdout.readline()
        place = running.reach("/run/kernel/s")
        assert place is not None
        assert place.read_text() == "here"
        assert running.usage().resident_bytes > 1 << 20
        assert 0 < running.num_files() < 100
        running.kill()
        assert not place.exists()


@needs_seal
def test_the_installed_grader_is_covered(monkeypatch):
    """Reference solutions and bands lie in the installed package: an empty folder is shown in its place."""
    inside_venv = Path(os.__file__).parent / "json"
    monkeypatch.setattr(mounts, "_PACKAGE", inside_venv.resolve())
    assert python(f"import os; print(os.listdir({str(inside_venv)!r}))") == "[]\n"


@needs_seal
def test_the_checkout_is_not_shown():
    """An editable install lies outside the environment and is simply not there."""
    package = Path(mounts.__file__).parents[1]
    code = f"import os; print(os.path.exists({str(package / 'records.py')!r}))"
    assert python(code) == "False\n"


@needs_seal
def test_the_sandbox_ends_with_the_process_that_started_it(tmp_path):
    """Even kill -9 leaves nothing running."""
    code = """
import subprocess, sys, time
from grader.records import Limits
from grader.sandbox import Bubblewrap
with Bubblewrap().room(limits=Limits(memory_mb=256, scratch_mb=8)) as room:
    running = room.start(["sleep", "60"], {"PATH": "/usr/bin"})
    while running.pid is None: time.sleep(0.02)
    print(running.pid, flush=True)
    time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    pid = int(owner.stdout.readline())
    assert Path(f"/proc/{pid}").exists()
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    for _ in range(50):
        if not Path(f"/proc/{pid}").exists():
            break
        time.sleep(0.1)
    assert not Path(f"/proc/{pid}").exists()


@needs_seal
@pytest.mark.skipif(os.geteuid() != 0, reason="this is what all the other tests do already")
def test_an_ordinary_user_gets_the_same_promises():
    """The way without root keeps every promise too; tried as a user without an account, with a Python it can read."""
    other = shutil.which(f"python{sys.version_info.major}.{sys.version_info.minor}", path="/usr/bin:/usr/local/bin")
    readable = [str(Path(mounts.__file__).parents[2]), sysconfig.get_path("platlib")]
    if other is None:
        pytest.skip("no Python of this version that another user can run")
    become = ["setpriv", "--reuid=4999", "--regid=4999", "--clear-groups", other, "-c"]
    environment = {"HOME": "/", "PATH": PATH}
    code = f"import sys; sys.path[:0] = {readable!r}; import grader.sandbox as s"
    if subprocess.run([*become, code], check=False, env=environment).returncode:
        pytest.skip("the grader cannot be read by another user here")
    code += "; print([(r.name.text, r.detail) for r in s.check_promises(s.Bubblewrap()) if r.state == 'broken'])"
    done = subprocess.run([*become, code], check=False, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_unsealed_folders_are_removed(tmp_path):
    """Without a seal the same layout lies in a temporary folder that goes away."""
    (tmp_path / "d").mkdir()
    with Unsealed().room(limits=LIMITS, binds={"/data/d": tmp_path / "d"}, files={f"{WORK}/a": b"1"}) as room:
        root = Path(room.path("/"))
        assert Path(room.path(f"{WORK}/a")).read_bytes() == b"1"
        assert Path(room.path("/data/d")).is_dir()
    assert not root.exists()
