"""The host an attack meets: canaries in every place that must not be reached, and a look at them afterwards."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil

import grader
from grader.records import DataSet

VARIABLE = "HOSTILE_CANARY"


@dataclass(kw_only=True)
class Host:
    """What is planted, and what was seen of attacks on it."""

    secret: str
    folder: Path
    """Readable by everybody: ``file``, ``neighbour/answer.ipynb``, ``data/x_train.npy``, ``grades.csv``."""
    port: int
    udp_port: int
    abstract: str
    process: psutil.Process
    visits: list[str] = field(default_factory=list)
    """Connections and packets that came in."""
    before: frozenset[int] = frozenset()

    @property
    def datasets(self) -> tuple[DataSet, ...]:
        """A data set whose arrays are canaries."""
        place = str(self.folder / "data")
        return (DataSet(name="mnist", edition="sample", fingerprint="0", folder=place, num_train=1, num_test=1),)

    def fill(self, code: str) -> str:
        """Put the places of the canaries into an attack's code, never the secret itself."""
        places = {
            "FILE": self.folder / "file",
            "NEIGHBOUR": self.folder / "neighbour" / "answer.ipynb",
            "FOLDER": self.folder,
            "SOCKET": self.folder / "socket",
            "PORT": self.port,
            "UDP": self.udp_port,
            "ABSTRACT": self.abstract,
            "PID": self.process.pid,
            "PACKAGE": Path(grader.__path__[0]),
            "HOME": Path.home(),
            "MARK": self.secret[:8],
        }
        for name, value in places.items():
            code = code.replace(f"@{name}@", str(value))
        return code

    def damage(self) -> list[str]:
        """Return what is not as it was, a line each."""
        found = [f"somebody came by {visit}" for visit in self.visits]
        for name, content in _files(self.secret).items():
            if (self.folder / name).read_text(encoding="utf-8") != content:
                found.append(f"{name} was changed")
        known = {"file", "neighbour", "data", "grades.csv", "socket"}
        found += [f"{path.name} was made" for path in self.folder.iterdir() if path.name not in known]
        if not self.process.is_running() or self.process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_STOPPED}:
            found.append("a process of ours was ended or stopped")
        if os.environ.get(VARIABLE) != self.secret:
            found.append("our environment was changed")
        return found + [f"process {pid} was left behind: {name}" for pid, name in self.left_behind()]

    def left_behind(self) -> list[tuple[int, str]]:
        """Return sandboxes that still run, of those that began after the host was set up."""
        found = []
        for process in psutil.process_iter(["pid", "cmdline", "status"]):
            line = " ".join(process.info["cmdline"] or ())
            ours = self.secret[:8] in line or f"{self.folder}" in line
            if ours and process.pid not in self.before and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append((process.pid, line[:100]))
        return found


@contextlib.contextmanager
def planted() -> Iterator[Host]:
    """Plant canaries for as long as the block runs."""
    secret = secrets.token_hex(16)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hostile-")))
        for place in (folder, folder / "neighbour", folder / "data"):
            place.mkdir(exist_ok=True)
            place.chmod(0o755)
        for name, content in _files(secret).items():
            (folder / name).write_text(content, encoding="utf-8")
            (folder / name).chmod(0o666)
        sleeper = stack.enter_context(subprocess.Popen(["sleep", "3600"], stdin=subprocess.DEVNULL))
        stack.callback(sleeper.kill)
        before = os.environ.get(VARIABLE, "")
        os.environ[VARIABLE] = secret
        stack.callback(os.environ.__setitem__, VARIABLE, before)
        visits: list[str] = []
        abstract = f"hostile-{secret[:8]}"
        tcp = _listen(socket.AF_INET, ("127.0.0.1", 0), "TCP", visits, stack)
        _listen(socket.AF_UNIX, str(folder / "socket"), "a socket in the file system", visits, stack)
        _listen(socket.AF_UNIX, "\0" + abstract, "an abstract socket", visits, stack)
        udp = _receive(visits, stack)
        yield Host(
            secret=secret,
            folder=folder,
            port=tcp.getsockname()[1],
            udp_port=udp.getsockname()[1],
            abstract=abstract,
            process=psutil.Process(sleeper.pid),
            visits=visits,
            before=frozenset(psutil.pids()),
        )


def _files(secret: str) -> dict[str, str]:
    return {name: f"{name} {secret}\n" for name in ("file", "neighbour/answer.ipynb", "data/x_train.npy", "grades.csv")}


def _listen(family: int, address: object, name: str, visits: list[str], stack: ExitStack) -> socket.socket:
    server = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
    server.bind(address)
    if isinstance(address, str) and address.startswith("/"):
        Path(address).chmod(0o777)
    server.listen()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = server.accept()
                visits.append(name)
                visitor.close()

    threading.Thread(target=serve, daemon=True).start()
    return server


def _receive(visits: list[str], stack: ExitStack) -> socket.socket:
    server = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while server.recv(1):
                visits.append("UDP")

    threading.Thread(target=serve, daemon=True).start()
    return server
