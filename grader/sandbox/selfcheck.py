"""What the sandbox promises, tried out from the inside: used by the grader before it starts, by its doctor and tests.

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
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from grader.records import Limits, Message, msg
from grader.sandbox.seal import PATH, Seal

_LIMITS = Limits(memory_mb=512, scratch_mb=8, processes=32)
_SECONDS = 30
_VARIABLE = "GRADER_SELFCHECK_SECRET"
_MOST_PROCESSES = 4
Report = Mapping[str, Any]

# Runs inside. Every line of the report is what an attacker would have found.
_LOOK_AROUND = """
import glob, json, os, socket, sys
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

def has_rights():
    for line in open("/proc/self/status"):
        if line.startswith("Cap"):
            if int(line.split()[1], 16) and not line.startswith("CapBnd"):
                return True
    return False

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
    "rights": has_rights(),
    "own": works(lambda: create(os.getcwd())),
}))
"""


class Promise(NamedTuple):
    """Something the sandbox promises, and how to see in a report that it is broken."""

    name: Message
    broken: Callable[[Report], str]
    """Says what was found; empty when the promise is kept."""


class PromiseResult(NamedTuple):
    """Whether a promise is kept here."""

    name: Message
    kept: bool
    detail: str


PROMISES: tuple[Promise, ...] = (
    Promise(msg("No network"), lambda r: _first(r["network"] and "a local port answers", *r["interfaces"])),
    Promise(msg("No files of this machine"), lambda r: _first(*r["files"])),
    Promise(msg("No environment of the grader"), lambda r: _first(*r["environ"])),
    Promise(msg("Nothing writable outside its own folders"), lambda r: _first(*r["written"])),
    Promise(msg("Its own folder writable"), lambda r: "" if r["own"] else "no file could be made in it"),
    Promise(
        msg("No processes of others in sight"),
        lambda r: _first(r["processes"] > _MOST_PROCESSES and f"processes in sight: {r['processes']}"),
    ),
    Promise(msg("No kernel settings"), lambda r: _first(r["core_pattern"] and "core_pattern is open to writing")),
    Promise(msg("No special rights"), lambda r: _first(r["rights"] and "the process holds capabilities")),
)


def check_promises(seal: Seal) -> list[PromiseResult]:
    """Look around inside ``seal`` and tell which promises it keeps, in the order of :data:`PROMISES`.

    Raises:
        OSError: the sandbox does not start; with what it printed.
        subprocess.SubprocessError: it does not answer.
    """
    if seal.name == "none":
        return [PromiseResult(promise.name, kept=False, detail="there is no sandbox") for promise in PROMISES]
    report = _look_around(seal)
    found = [(promise.name, promise.broken(report)) for promise in PROMISES]
    return [PromiseResult(name, kept=not detail, detail=detail) for name, detail in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bait:
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
        bait = _Bait(port=server.getsockname()[1], files=[file for file in files if file], secret=secret)
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


def _report(seal: Seal, bait: _Bait) -> Report:
    # The secret is an argument here, so what is looked for in /proc is the environment alone.
    argv = [sys.executable, "-I", "-c", _LOOK_AROUND, str(bait.port), bait.secret, sys.prefix, *map(str, bait.files)]
    with seal.room(limits=_LIMITS) as room:
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


def _first(*found: str | bool) -> str:
    return next((str(item) for item in found if item), "")
