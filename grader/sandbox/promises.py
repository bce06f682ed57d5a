"""What the sandbox promises, and how to see in a report from its inside that a promise is broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from grader.records import Limits, Message, msg
from grader.sandbox.seal import most_threads
from grader.sandbox.seccomp import syscall_filter

Report = Mapping[str, Any]
"""What :data:`grader.sandbox.trial._LOOK_AROUND` found."""
LIMITS = Limits(memory_mb=512, scratch_mb=8, processes=32)
"""What the process that looks around may use."""
_MOST_PROCESSES = 4
_MOST_FOLDER = 64 << 20


class Promise(NamedTuple):
    """Something the sandbox promises."""

    name: Message
    otherwise: Message
    """What it means when the promise is not kept."""
    broken: Callable[[Report], str]
    """Says what was found; empty when the promise is kept."""
    applies: Callable[[], bool] = lambda: True
    """Whether this machine can keep it at all."""


class PromiseResult(NamedTuple):
    """What became of a promise here."""

    name: Message
    otherwise: Message
    state: Literal["kept", "broken", "not applicable"]
    detail: str = ""
    """What was found; empty unless broken."""

    @property
    def kept(self) -> bool:
        """Whether it was tried and held."""
        return self.state == "kept"


def _first(*found: str | bool) -> str:
    return next((str(item) for item in found if item), "")


def _unbounded(report: Report) -> str:
    limits = {
        "data": LIMITS.memory_mb << 20,
        "fsize": LIMITS.scratch_mb << 20,
        "nproc": most_threads(LIMITS),
        "core": 0,
    }
    over = [name for name, most in limits.items() if not 0 <= report["limits"][name] <= most]
    return f"no limit on {', '.join(over)}" if over else ""


def _roomy(report: Report) -> str:
    return _first(*(folder for folder, size in report["sizes"].items() if size > _MOST_FOLDER))


PROMISES: tuple[Promise, ...] = (
    Promise(
        msg("No network"),
        msg("A notebook can reach other machines, and hand out what it finds. Do not grade strangers' notebooks here."),
        lambda r: _first(r["network"] and "a local port answers", *r["interfaces"]),
    ),
    Promise(
        msg("No files of this machine"),
        msg("A notebook can read your files, and other students' work. Do not grade strangers' notebooks here."),
        lambda r: _first(*r["files"]),
    ),
    Promise(
        msg("No environment of the grader"),
        msg("A notebook can read the passwords in your environment variables. Do not grade strangers' notebooks here."),
        lambda r: _first(*r["environ"]),
    ),
    Promise(
        msg("No open files of the grader"),
        msg("A notebook can read or write what the grader has open. Do not grade strangers' notebooks here."),
        lambda r: _first(*r["descriptors"]),
    ),
    Promise(
        msg("Nothing writable outside its own folders"),
        msg("A notebook can change your files, or the programs that grade. Do not grade strangers' notebooks here."),
        lambda r: _first(*r["written"]),
    ),
    Promise(
        msg("Its own folder writable"),
        msg("Honest notebooks that write a file fail."),
        lambda r: "" if r["own"] else "no file could be made in it",
    ),
    Promise(msg("Its own folders bounded"), msg("A notebook can fill this machine's memory with files."), _roomy),
    Promise(
        msg("Memory and processes bounded"),
        msg("A notebook can take all of this machine's memory, or start processes without end."),
        _unbounded,
    ),
    Promise(
        msg("No processes of others in sight"),
        msg("A notebook can see your programs, and end them. Do not grade strangers' notebooks here."),
        lambda r: _first(r["processes"] > _MOST_PROCESSES and f"processes in sight: {r['processes']}"),
    ),
    Promise(
        msg("No kernel settings"),
        msg("A notebook can change how Linux works here, and become root. Do not grade strangers' notebooks here."),
        lambda r: _first(r["core_pattern"] and "core_pattern is open to writing"),
    ),
    Promise(
        msg("No special rights"),
        msg("A notebook can do some of what only root may do. Do not grade strangers' notebooks here."),
        lambda r: _first(
            r["rights"] and "the process holds capabilities", not r["no_new_rights"] and "it can get new ones"
        ),
    ),
    Promise(
        msg("No hidden memory, no new namespaces"),
        msg("A notebook can hold memory that nobody counts, and reach rarely used parts of Linux."),
        lambda r: _first(*r["hidden"]),
        applies=lambda: syscall_filter() is not None,
    ),
)
