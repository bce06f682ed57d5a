"""Processes sealed by bubblewrap: no network, no files of this machine, no writable folder on it, limits on all else.

An ordinary user needs one layer: bubblewrap in a user namespace ("user"). Root must not do that: the process would stay
root outside and could write kernel settings under ``/proc/sys``. For root ("root") an outer bubblewrap lays out the
files, ``setpriv`` becomes a user nobody is, and an inner bubblewrap does what the ordinary user's does.
"""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from grader.records import Limits
from grader.sandbox.cgroup import ControlGroup, delegated, new_group
from grader.sandbox.devices import SYSTEM_FOLDERS
from grader.sandbox.locate import second_process
from grader.sandbox.mounts import hidden_folders, parent_options, python_folders, system_options
from grader.sandbox.seal import HOME, RUN, WORK, WRAPPERS, Running, Stream, most_threads, rlimits
from grader.sandbox.seccomp import syscall_filter

_NOBODY = 65534
_PASSWD = f"student:x:{_NOBODY}:{_NOBODY}::{HOME}:/bin/sh\n".encode()
_GROUP = f"student:x:{_NOBODY}:\n".encode()
_SHM_MB = 64
_WRITABLE = ("/dev/shm", "/tmp", HOME, WORK, RUN)  # noqa: S108
_INSIDE = [
    "--unshare-user", "--unshare-all", "--uid", str(_NOBODY), "--gid", str(_NOBODY), "--hostname", "sandbox",
    "--die-with-parent", "--new-session",
]  # fmt: skip
_OUTSIDE = ["--die-with-parent", "--new-session", "--unshare-pid", "--bind", "/proc", "/proc"]
_OUTER_CAPS = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
_DROP_PRIVILEGES = ["--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]


class Bubblewrap:
    """The seal to use: everything a notebook can write to is gone when it ends."""

    name = "bubblewrap"

    def __init__(self) -> None:
        """Choose the layers by who we are."""
        self.as_root = os.geteuid() == 0

    @property
    def description(self) -> str:
        """What holds here beside the promises, for the record of a run."""
        memory = "watchdog" if delegated() is None else "control group"
        calls = "every" if syscall_filter() is None else "filtered"
        return f"{self.name}; layers: {2 if self.as_root else 1}; system calls: {calls}; memory: {memory}"

    @contextmanager
    def room(
        self,
        *,
        limits: Limits,
        binds: Mapping[str, Path] | None = None,
        files: Mapping[str, Path | bytes] | None = None,
        devices: Sequence[Path] = (),
    ) -> Iterator[_BubblewrapRoom]:
        """Prepare a room; nothing of it exists outside its processes."""
        room = _BubblewrapRoom(self.as_root, limits, dict(binds or {}), dict(files or {}), devices)
        try:
            yield room
        finally:
            for group in room.groups:
                group.remove()


class _BubblewrapRoom:
    """Knows the command line; every process started in it gets writable folders of its own."""

    def __init__(
        self,
        as_root: bool,
        limits: Limits,
        binds: dict[str, Path],
        files: dict[str, Path | bytes],
        devices: Sequence[Path] = (),
    ) -> None:
        self._as_root = as_root
        self._limits = limits
        self._binds = binds
        self._devices = devices
        self._files: dict[str, Path | bytes] = {"/etc/passwd": _PASSWD, "/etc/group": _GROUP, **files}
        self.groups: list[ControlGroup] = []

    def path(self, inside: str) -> str:
        """Return the path itself: a sealed process has a file system of its own."""
        return inside

    def start(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        pass_fds: Sequence[int] = (),
        stdin: Stream = subprocess.DEVNULL,
        stdout: Stream = subprocess.DEVNULL,
        stderr: Stream = subprocess.DEVNULL,
    ) -> Running:
        """Start a sealed process; see :meth:`grader.sandbox.seal.Room.start`."""
        group = new_group(
            self._limits,
            bytes_of_files=sum(self._sizes()),
            threads=most_threads(self._limits) + WRAPPERS,
        )
        with ExitStack() as opened:
            command, own_fds = self._command(argv, opened)
            if group is not None:
                self.groups.append(group)
                command = group.entering(command)
            popen = subprocess.Popen(
                command,
                # Never the environment of the grader: bubblewrap's own first process would keep a copy of it inside.
                env=dict(env),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                pass_fds=[*pass_fds, *own_fds],
                start_new_session=True,
            )
        layers = 2 if self._as_root else 1
        return Running(
            popen,
            locate=functools.partial(second_process, layers),
            root="/proc/{}/root".format,
            own_folders=_WRITABLE,
            group=group,
        )

    def _command(self, argv: Sequence[str], opened: ExitStack) -> tuple[list[str], list[int]]:
        """Return the whole command line, and the descriptors that bubblewrap itself reads and closes."""
        bwrap = _program("bwrap")
        files, fds = self._file_options(opened)
        inner = [*_INSIDE, *(["--disable-userns"] if _has_disable_userns(bwrap) else [])]
        program = syscall_filter()
        if program is not None:
            fds.append(_descriptor(program, opened))
            inner += ["--seccomp", str(fds[-1])]
        # The wrappers too: the one that is process 1 inside belongs to the same user, who could take its place.
        own = [_program("prlimit"), f"--data={self._limits.memory_mb << 20}", "--core=0", "--"]
        limited = [_program("prlimit"), *rlimits(self._limits), f"--nproc={most_threads(self._limits)}", "--", *argv]
        layout = [*self._layout(bwrap), *files, "--chdir", WORK, "--remount-ro", "/dev", "--remount-ro", "/"]
        if not self._as_root:
            return [*own, bwrap, *inner, "--proc", "/proc", *layout, "--", *limited], fds
        user = str(_unused_uid())
        outer = [*_OUTSIDE, *layout, *_OUTER_CAPS]
        become = [_program("setpriv"), f"--reuid={user}", f"--regid={user}", *_DROP_PRIVILEGES]
        nested = [bwrap, *inner, "--dev-bind", "/", "/", "--proc", "/proc", "--chdir", WORK]
        return [*own, bwrap, *outer, "--", *become, "--", *nested, "--", *limited], fds

    def _layout(self, bwrap: str) -> list[str]:
        """Return the options that lay out the files a process sees, but for those handed in."""
        shown = {str(folder): folder for folder in python_folders()}
        if not bwrap.startswith("/usr/"):
            shown[bwrap] = Path(bwrap)
        shown |= self._binds
        options = [*system_options(), "--dev", "/dev", *_device_options(self._devices)]
        # Writable folders first: should this Python or a data set lie below one of them here, it is laid on top.
        options += parent_options([WORK, RUN])
        for inside, size in zip(_WRITABLE, self._sizes(), strict=True):
            options += ["--size", str(size), "--perms", "1777", "--tmpfs", inside]
        if self._as_root:
            _require_readable(shown.values())
        options += ["--symlink", WORK, "/content"]  # where notebooks of Colab look for their files
        options += parent_options([*shown, *self._files])
        for inside, outside in shown.items():
            options += ["--ro-bind", str(outside), inside]
        for folder in hidden_folders(Path(inside) for inside in shown):
            options += ["--size", "4096", "--perms", "0555", "--tmpfs", str(folder), "--remount-ro", str(folder)]
        return options

    def _sizes(self) -> tuple[int, ...]:
        """Return how many bytes each of the writable folders takes at most."""
        sources = self._files.values()
        handed_in = sum(len(one) if isinstance(one, bytes) else one.stat().st_size for one in sources)
        scratch = self._limits.scratch_mb << 20
        return (_SHM_MB << 20, scratch, scratch, scratch + handed_in + (1 << 20), 1 << 20)

    def _file_options(self, opened: ExitStack) -> tuple[list[str], list[int]]:
        options: list[str] = []
        fds: list[int] = []
        for inside, source in self._files.items():
            fds.append(_descriptor(source, opened))
            # Writable for whoever the process is; where a folder is read-only, as /etc, so are its files.
            options += ["--perms", "0666", "--file", str(fds[-1]), inside]
        return options, fds


def _device_options(devices: Sequence[Path]) -> list[str]:
    options = parent_options([*map(str, devices), *SYSTEM_FOLDERS]) if devices else []
    for device in devices:
        options += ["--dev-bind-try", str(device), str(device)]
    for folder in SYSTEM_FOLDERS if devices else ():
        options += ["--ro-bind-try", folder, folder]
    return options


def _descriptor(source: Path | bytes, opened: ExitStack) -> int:
    """Open what bubblewrap shall copy; a link or a device is refused, whoever handed it in."""
    if isinstance(source, bytes):
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the others
        opened.callback(file.close)
        file.write(source)
        file.seek(0)
        return file.fileno()
    fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    opened.callback(os.close, fd)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        raise OSError(f"{source} is not a plain file")
    return fd


def _require_readable(folders: Iterable[Path]) -> None:
    """Refuse what only root can read: sealed, the process is not root, and would fail in ways hard to understand."""
    for folder in folders:
        wanted = stat.S_IROTH | stat.S_IXOTH if folder.is_dir() else stat.S_IROTH
        if folder.stat().st_mode & wanted != wanted:
            raise PermissionError(f"{folder} can be read by its owner only; call: chmod -R o+rX '{folder}'")


@functools.cache
def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"the program {name} is not installed")
    return str(Path(found).resolve())


@functools.cache
def _has_disable_userns(bwrap: str) -> bool:
    """Tell whether this bubblewrap is 0.8 or newer; before, the system call filter alone refuses new namespaces."""
    told = subprocess.run([bwrap, "--help"], capture_output=True, text=True, check=False, timeout=10)
    return "--disable-userns" in told.stdout + told.stderr


@functools.cache
def _unused_uid() -> int:
    """Return a user id that no account of this machine has."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(61_000, 65_000) if uid not in taken)
