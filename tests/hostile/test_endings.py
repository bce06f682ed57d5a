"""Every way a kernel can end that SECURITY.md lists is met by an attack, or by a run in which the grader itself is hit."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from grader import execute
from grader.drivers import process
from grader.execute import Job, run_notebook
from grader.records import Ending, Execution, Limits, Profile
from tests.hostile.attacks import ATTACKS
from tests.hostile.case import in_both_languages
from tests.processes import below, name_of, running_after, words_of
from tests.test_execute import write_notebook
from tests.test_sandbox import needs_seal

ROWS = {
    "`os._exit`, crash": ("ends-its-process", "crashes", "aborts", "kills-itself", "executes-another-program",
                          "closes-every-descriptor", "recurses-without-end"),
    "`exit()`, `quit()`": ("calls-exit",),
    "a loop, a sleep": ("loops", "sleeps", "waits-for-a-shell-loop", "waits-for-a-bash-cell", "waits-for-a-process"),
    "interrupts ignored": ("ignores-interrupts", "swallows-every-interrupt", "holds-the-interpreter", "stops-itself"),
    "all cells together": ("uses-up-the-notebooks-time",),
    "too much processor time": ("uses-up-the-processors",),
    "one process over its memory": ("takes-memory-at-once", "takes-memory-by-steps"),
    "several processes over it": ("shares-memory-among-processes", "writes-to-what-it-shares"),
    "too many processes or threads": ("forks-without-end", "starts-threads-without-end"),
    "full folder": ("fills-its-folder", "fills-the-temporary-folder", "fills-shared-memory", "writes-one-huge-file",
                    "opens-files-without-end"),
    "too many files": ("makes-files-without-end",),
    "too much output": ("prints-for-ever", "shows-for-ever", "writes-past-python", "shell-prints-for-ever",
                        "child-prints-for-ever", "updates-for-ever", "opens-comms-for-ever", "many-cells-print"),
    "one message beyond the bound": ("prints-once-and-much", "shows-a-huge-page", "raises-a-huge-error",
                                     "closes-its-sockets", "destroys-its-context"),
    "a claim to be idle": ("forges-nonsense", "claims-to-be-idle-and-loops", "loses-its-standard-output",
                           "closes-its-output", "answers-for-another-cell", "loses-its-output-channel"),
    "threads, children, daemons": ("leaves-a-thread", "leaves-a-child", "leaves-a-daemon", "sleeps-at-its-end"),
    "the driving process hangs or falls over": (),
    "the sandbox does not start": (),
}  # fmt: skip
"""How the rows of the table begin, and which attacks meet them; the last two are below."""
LIMITS = Limits(cell_seconds=30, notebook_seconds=60, memory_mb=512, scratch_mb=8, processes=60)


def table() -> list[list[str]]:
    """Return the cells of SECURITY.md's table of endings, without its head."""
    text = (Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8")
    lines = text.split("## How a kernel can end")[1].split("## Reporting")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")][2:]


def test_every_row_of_the_table_is_met_by_an_attack_with_that_ending():
    """No row without a test, no test whose ending the row does not name, no ending without a row."""
    rows = {next((key for key in ROWS if what.startswith(key)), what): ending for what, ending, *_ in table()}
    assert set(rows) == set(ROWS)
    endings = {attack.name: attack.ending for attack in ATTACKS}
    for key, names in ROWS.items():
        assert all(f"`{endings[name]}`" in rows[key] or rows[key].startswith("as if") for name in names), key
    named = "".join(rows.values())
    assert all(f"`{one}`" in named for one in Ending if one not in {Ending.UNREADABLE, Ending.EMPTY})


def run(folder: Path, code: str = "print(1)") -> Execution:
    notebook = write_notebook(folder / "work.ipynb", code)
    return run_notebook(
        Job(notebook=notebook, out=folder / "out", profile=Profile(name="full"), limits=LIMITS, probe=False)
    )


def test_a_sandbox_that_does_not_start_is_not_the_students_fault(tmp_path, monkeypatch):
    """The notebook is not run without it; the ending says that it is the machine, in two languages."""
    monkeypatch.setenv("PATH", str(tmp_path))  # no bwrap there
    execution = run(tmp_path, "x = 1\n" * 10_000)
    assert execution.ending is Ending.SANDBOX_FAILED
    assert "not installed" in str(execution.reason.values["why"])
    assert in_both_languages(execution)
    assert [(cell.status, len(cell.source)) for cell in execution.cells] == [("not_run", 6_000)]


@needs_seal
@pytest.mark.parametrize(
    ("blow", "ending"), [(signal.SIGSTOP, Ending.TIMED_OUT), (signal.SIGKILL, Ending.INTERNAL_ERROR)]
)
def test_a_driving_process_that_hangs_or_falls_is_ended_and_takes_its_kernel_along(tmp_path, monkeypatch, blow, ending):
    """The supervisor's clock is a kill: whatever state the process is in, it is over, explained, and leaves nothing."""
    monkeypatch.setattr(execute, "_SPARE_SECONDS", 15 - LIMITS.notebook_seconds)
    monkeypatch.setattr(process, "_END_SECONDS", 1)
    found: list[Execution] = []
    before = {child.pid for child in psutil.Process().children()}
    thread = threading.Thread(target=lambda: found.append(run(tmp_path, "import time; time.sleep(50)")))
    thread.start()
    drive, family = _driving(before)
    drive.send_signal(blow)
    thread.join(40)
    (execution,) = found
    assert execution.ending is ending
    assert in_both_languages(execution)
    assert running_after(family, 5) == []


def _driving(before: set[int]) -> tuple[psutil.Process, list[psutil.Process]]:
    """Return the process that drives a notebook, and its kernel with all around it, once that is up."""
    for _ in range(300):
        for drive in (child for child in psutil.Process().children() if child.pid not in before):
            family = below(drive.pid)
            if any("kernel.py" in " ".join(words_of(one)) and name_of(one).startswith("python") for one in family):
                return drive, family
        time.sleep(0.1)
    raise AssertionError("the kernel did not start")
