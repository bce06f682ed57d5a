"""The sandbox's promises, tried out from the inside: used by the grader before it starts, by its doctor and tests.

One harmless process looks around in the sandbox and reports; each promise reads its part of the report. Files are
opened and closed again, nothing is written, and nothing at all is tried without a seal.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from grader.sandbox.promises import LIMITS, PROMISES, Promise, PromiseResult, Report
from grader.sandbox.seal import PATH, Seal

_SECONDS = 30
_VARIABLE = "GRADER_TRIAL_SECRET"

# Runs inside. Every line of the report is what an attacker would have found.
_LOOK_AROUND = """
import ctypes, glob, json, os, resource, socket, sys
port, secret, prefix, baits = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]

def works(action):
    try:
        action()
    except OSError:
        return False
    return True

def contains(path):
    try:
        with open(path, "rb") as file:
            return secret.encode() in file.read()
    except OSError:
        return False

def create(folder):
    path = os.path.join(folder, "grader-selfcheck")
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
    os.unlink(path)

def status(name):
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith(name + ":"))

def size(folder):
    system = os.statvfs(folder)
    return system.f_blocks * system.f_frsize

def open_files():
    for number in range(3, 1024):
        try:
            os.fstat(number)
        except OSError:
            continue
        yield f"{number}: {os.readlink(f'/proc/self/fd/{number}')}"

def new_namespace():
    if ctypes.CDLL(None).unshare(0x10000000):
        raise OSError

limits = ["data", "fsize", "nproc", "core"]
own_folders = [os.getcwd(), os.path.dirname(os.getcwd()), "/tmp", "/dev/shm"]
hidden = {"memfd": lambda: os.close(os.memfd_create("x")), "namespace": new_namespace}
folders = ["/", "/etc", "/usr", "/usr/bin", "/opt", "/dev", "/proc", prefix, sys.base_prefix]
folders += map(os.path.dirname, baits)
print(json.dumps({
    "network": works(lambda: socket.create_connection(("127.0.0.1", port), 2)),
    "interfaces": [name for _, name in socket.if_nameindex() if name != "lo"],
    "files": [path for path in baits if contains(path)],
    "environ": [path for path in glob.glob("/proc/[0-9]*/environ") if contains(path)],
    "written": [folder for folder in folders if works(lambda: create(folder))],
    "processes": len(glob.glob("/proc/[0-9]*")),
    "core_pattern": works(lambda: os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))),
    "rights": any(int(status(name), 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")),
    "no_new_rights": status("NoNewPrivs") == "1",
    "limits": {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name.upper()))[1] for name in limits},
    "sizes": {folder: size(folder) for folder in own_folders},
    "descriptors": list(open_files()),
    "hidden": [name for name, action in hidden.items() if works(action)],
    "own": works(lambda: create(os.getcwd())),
}))
"""


def check_promises(seal: Seal) -> list[PromiseResult]:
    """Look around inside ``seal`` and tell which promises it keeps, in the order of :data:`PROMISES`.

    Raises:
        OSError: the sandbox does not start; with what it printed.
        subprocess.SubprocessError: it does not answer.
    """
    if seal.name == "none":
        return [PromiseResult(one.name, one.otherwise, "broken", "there is no sandbox") for one in PROMISES]
    report = _look_around(seal)
    return [_result(promise, report) for promise in PROMISES]


def _result(promise: Promise, report: Report) -> PromiseResult:
    if not promise.applies():
        return PromiseResult(promise.name, promise.otherwise, "not applicable")
    found = promise.broken(report)
    return PromiseResult(promise.name, promise.otherwise, "broken" if found else "kept", found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoys:
    port: int
    files: list[Path]
    secret: str


def _look_around(seal: Seal) -> Report:
    secret = secrets.token_hex(16)
    with ExitStack() as planted:
        server = planted.enter_context(socket.create_server(("127.0.0.1", 0)))
        files = [_plant(Path(folder), secret, planted) for folder in (tempfile.gettempdir(), Path.home())]
        os.environ[_VARIABLE] = secret
        planted.callback(os.environ.pop, _VARIABLE)
        bait = _Decoys(port=server.getsockname()[1], files=[file for file in files if file], secret=secret)
        return _report(seal, bait)


def _plant(folder: Path, secret: str, planted: ExitStack) -> Path | None:
    """Put a file that anybody may read into ``folder``; None where we may not write."""
    try:
        place = Path(planted.enter_context(tempfile.TemporaryDirectory(prefix="grader-", dir=folder)))
    except OSError:
        return None
    place.chmod(0o755)
    file = place / "secret"
    file.write_text(secret, encoding="ascii")
    file.chmod(0o644)
    return file


def _report(seal: Seal, bait: _Decoys) -> Report:
    # The secret is an argument here, so what is looked for in /proc is the environment alone.
    argv = [sys.executable, "-I", "-c", _LOOK_AROUND, str(bait.port), bait.secret, sys.prefix, *map(str, bait.files)]
    with seal.room(limits=LIMITS) as room:
        running = room.start(argv, {"PATH": PATH}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = running.popen.communicate(timeout=_SECONDS)
        finally:
            running.kill()
    try:
        return dict(json.loads(out))
    except ValueError:
        told = err.decode(errors="replace").strip() or f"it ended with status {running.popen.returncode}"
        raise OSError(f"the sandbox does not start: {told[-500:]}") from None
