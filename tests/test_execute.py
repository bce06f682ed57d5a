"""Running notebooks: real kernels, sealed by the real sandbox wherever it works."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.drive.family import adopt_orphans
from grader.drive.notebook import code_cells, read_notebook
from grader.errors import SandboxUnavailableError
from grader.execute import Job, run_notebook
from grader.records import CellStatus, Ending, Execution, Limits, Profile
from grader.sandbox import find_seal
from tests.processes import below, name_of, running_after, runs, words_of
from tests.timing import on_a_clock

FULL = Profile(name="full")
LIMITS = Limits(cell_seconds=30, notebook_seconds=90, memory_mb=1024, scratch_mb=32, processes=100)


def _sealed() -> bool:
    try:
        find_seal(allow_unsealed=False)
    except SandboxUnavailableError:
        return False
    return True


needs_seal = pytest.mark.skipif(not _sealed(), reason="bubblewrap does not work here")
pytestmark = needs_seal


def write_notebook(path: Path, *sources: str, **changes: Any) -> Path:
    cells = [new_code_cell(source) for source in sources]
    path.write_text(nbformat.writes(new_notebook(cells=cells, **changes)), encoding="utf-8")
    return path


def run(folder: Path, *sources: str, limits: Limits = LIMITS, **job: Any) -> Execution:
    notebook = write_notebook(folder / "work.ipynb", *sources)
    return run_notebook(Job(notebook=notebook, out=folder / "out", profile=FULL, limits=limits, probe=False, **job))


def shown(folder: Path, cell: int = 0) -> str:
    outputs = nbformat.read(folder / "out" / "executed.ipynb", as_version=4).cells[cell].outputs
    return "".join(o.get("text", "") or str(o.get("data", {}).get("text/plain", "")) for o in outputs)


def limits(**changes: int) -> Limits:
    return Limits(**{name: getattr(LIMITS, name) for name in LIMITS.__slots__} | changes)


def statuses(execution: Execution) -> list[str]:
    return [str(cell.status) for cell in execution.cells]


def test_an_honest_notebook_completes_with_its_outputs(tmp_path):
    """Every cell is ok, numbered as Jupyter numbers it, and what it shows is in the executed notebook."""
    execution = run(tmp_path, "import numpy as np\nprint('привет', np.arange(4).sum())", "  \n", "_ = 1\n_ + 1")
    assert execution.ending is Ending.COMPLETED
    assert [(cell.index, cell.number, cell.status) for cell in execution.cells] == [
        (0, 1, CellStatus.OK),
        (2, 2, CellStatus.OK),
    ]
    assert (shown(tmp_path, 0), shown(tmp_path, 2)) == ("привет 6\n", "2")
    assert execution.seal == "bubblewrap"


def test_a_failing_cell_is_recorded_and_the_next_one_runs(tmp_path):
    """An exception keeps its class, text and traceback without colour codes; the variables before it live on."""
    execution = run(tmp_path, "x = 41", "undefined_name", "print(x + 1)")
    assert execution.ending is Ending.COMPLETED
    assert statuses(execution) == ["ok", "error", "ok"]
    failed = execution.cells[1]
    assert (failed.error, failed.message) == ("NameError", "name 'undefined_name' is not defined")
    assert "undefined_name" in failed.traceback
    assert "\x1b" not in failed.traceback
    assert "\x1b" not in (tmp_path / "out" / "executed.ipynb").read_text(encoding="utf-8")
    assert shown(tmp_path, 2) == "42\n"


@on_a_clock
def test_a_cell_over_its_time_is_interrupted_and_the_next_one_runs(tmp_path):
    """An endless loop costs its own cell only."""
    execution = run(tmp_path, "while True: pass", "print('on')", limits=limits(cell_seconds=3))
    assert execution.ending is Ending.COMPLETED
    assert statuses(execution) == ["timed_out", "ok"]
    assert 3 <= execution.cells[0].seconds < 8


@on_a_clock
def test_a_shell_command_over_its_time_counts_as_timed_out(tmp_path):
    """IPython calls an interrupted shell command a success; the clock does not."""
    execution = run(tmp_path, "!sleep 60", "print('on')", limits=limits(cell_seconds=2))
    assert statuses(execution) == ["timed_out", "ok"]


@on_a_clock
def test_a_cell_that_ignores_interrupts_ends_the_notebook(tmp_path):
    """The kernel is killed after a grace, and the cells after it are marked as not run."""
    stubborn = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    execution = run(tmp_path, stubborn, "print('on')", limits=limits(cell_seconds=2))
    assert execution.ending is Ending.TIMED_OUT
    assert statuses(execution) == ["timed_out", "not_run"]
    assert execution.seconds < 30


def test_the_notebook_as_a_whole_has_a_limit(tmp_path):
    """Cells that are each in time stop when all of them together are not."""
    execution = run(tmp_path, *["import time; time.sleep(2)"] * 4, limits=limits(notebook_seconds=3))
    assert execution.ending is Ending.TIMED_OUT
    assert statuses(execution) == ["ok", "timed_out", "not_run", "not_run"]


def test_too_large_an_array_is_a_memory_error_and_the_next_cell_runs(tmp_path):
    """The limit on private memory lands softly."""
    execution = run(tmp_path, "import numpy as np\nnp.ones(1 << 29)", "print('on')")
    assert execution.ending is Ending.COMPLETED
    assert [cell.error for cell in execution.cells] == ["MemoryError", ""]


def test_many_processes_that_are_too_large_together_end_as_out_of_memory(tmp_path):
    """What no single process's limit sees, the watchdog does."""
    hog = (
        "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n"
        "        held = b'x' * (200 << 20)\n        time.sleep(60)\ntime.sleep(60)"
    )
    execution = run(tmp_path, hog, "print('on')", limits=limits(memory_mb=400))
    assert execution.ending is Ending.OUT_OF_MEMORY
    assert statuses(execution) == ["error", "not_run"]


@pytest.mark.parametrize("way", ["import os; os._exit(3)", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"])
def test_a_kernel_that_dies_is_an_ending_of_its_own(tmp_path, way):
    """The cell that did it and those after it are told apart."""
    execution = run(tmp_path, "1", way, "print('on')")
    assert execution.ending is Ending.KERNEL_DIED
    assert statuses(execution) == ["ok", "error", "not_run"]
    assert execution.reason is not None


def test_a_call_of_exit_is_not_taken_for_success(tmp_path):
    """After exit() the kernel is gone, and the report says so."""
    execution = run(tmp_path, "exit()", "print('on')")
    assert execution.ending is Ending.KERNEL_DIED
    assert statuses(execution) == ["ok", "not_run"]
    assert "exit()" in execution.reason.text


def test_a_call_of_exit_at_the_very_end_harms_nobody(tmp_path):
    """Nothing was left to run."""
    assert run(tmp_path, "print('done')", "exit()").ending is Ending.COMPLETED


@on_a_clock
def test_input_fails_at_once(tmp_path):
    """Nobody is there to answer; the cell says so instead of waiting."""
    execution = run(tmp_path, "name = input('?')", "print('on')")
    assert statuses(execution) == ["error", "ok"]
    assert execution.cells[0].error == "StdinNotImplementedError"
    assert execution.cells[0].seconds < 5


def test_chatty_output_is_cut_and_the_notebook_goes_on(tmp_path):
    """Over a megabyte a cell's output is cut with a line that says so."""
    execution = run(tmp_path, "for _ in range(300): print('x' * 10_000)", "print('on')")
    assert execution.ending is Ending.COMPLETED
    assert 1 << 20 <= len(shown(tmp_path)) < (1 << 20) + 200
    assert "[The grader keeps 1 MB" in shown(tmp_path)
    assert shown(tmp_path, 1) == "on\n"


@on_a_clock
@pytest.mark.parametrize(
    "flood",
    [
        "while True: print('x' * 1000)",
        "print('x' * (100 << 20))",
        "import os\nwhile True: os.write(1, b'x' * 65536)",
        "from IPython.display import display\nwhile True: display(1)",
    ],
    ids=["prints", "one print", "descriptor", "displays"],
)
def test_a_flood_of_output_ends_the_notebook(tmp_path, flood):
    """Far too much output is an ending, and costs the grader neither its memory nor its time."""
    execution = run(tmp_path, flood, "print('on')", limits=limits(cell_output_mb=4, cell_messages=2000))
    assert execution.ending is Ending.OUTPUT_LIMIT
    assert statuses(execution)[1] == "not_run"
    assert (tmp_path / "out" / "executed.ipynb").stat().st_size < 2 << 20
    assert execution.seconds < 40


def test_a_progress_bar_is_kept_as_it_looks_at_last(tmp_path):
    """Carriage returns and backspaces rewrite the line, as on a terminal."""
    run(tmp_path, "for i in range(500): print('\\b' * 9 + f'\\rstep {i}', end='')\nprint()")
    assert shown(tmp_path) == "step 499\n"


def test_the_notebook_does_not_steer_its_own_run(tmp_path):
    """Tags that skip or excuse a cell, and the name of a kernel, have no effect."""
    cells = [new_code_cell("print('ran')"), new_code_cell("1 / 0")]
    cells[0].metadata.tags = ["skip-execution"]
    cells[1].metadata.tags = ["raises-exception"]
    notebook = new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "no-such-kernel", "display_name": "?", "language": "r"}
    path = tmp_path / "work.ipynb"
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    execution = run_notebook(Job(notebook=path, out=tmp_path / "out", profile=FULL, limits=LIMITS, probe=False))
    assert statuses(execution) == ["ok", "error"]
    assert shown(tmp_path) == "ran\n"


def test_files_handed_in_lie_beside_the_notebook_as_writable_copies(tmp_path):
    """A module can be imported, data read and changed; the original stays as it was."""
    (tmp_path / "helper.py").write_text("value = 7\n", encoding="utf-8")
    data = tmp_path / "данные.csv"
    data.write_text("1,2\n", encoding="utf-8")
    code = "import helper\nopen('данные.csv', 'a').write('3')\nprint(helper.value, open('данные.csv').read())"
    execution = run(
        tmp_path, code, "open('нет.csv')", files=(("helper.py", tmp_path / "helper.py"), ("данные.csv", data))
    )
    assert shown(tmp_path) == "7 1,2\n3\n"
    assert execution.cells[1].error == "FileNotFoundError"
    assert data.read_text(encoding="utf-8") == "1,2\n"


@pytest.mark.parametrize("unsealed", [False, True])
def test_files_in_sub_folders_keep_their_place(tmp_path, unsealed):
    """A package and a data file below the notebook's folder are found where they were at home."""
    for name, content in {"parts/helper.py": "value = 7\n", "data/deep/x.csv": "1,2\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    files = tuple((name, tmp_path / name) for name in ("parts/helper.py", "data/deep/x.csv"))
    code = "from parts import helper\nprint(helper.value, open('data/deep/x.csv').read())"
    run(tmp_path, code, files=files, unsealed=unsealed)
    assert shown(tmp_path) == "7 1,2\n\n"


@pytest.mark.parametrize("place", ["../out.py", "/etc/passwd", "a/../../b", ""])
def test_a_file_is_never_placed_outside_the_work_folder(tmp_path, place):
    """A place that leads elsewhere fails the job before anything runs."""
    execution = run(tmp_path, "print(1)", files=((place, tmp_path / "work.ipynb"),))
    assert execution.ending is Ending.INTERNAL_ERROR
    assert "work folder" in str(execution.reason.values)


def test_files_with_names_that_are_no_utf_8_are_opened(tmp_path):
    """A Cyrillic name from an old archive, in bytes of cp1251, serves as notebook and as file beside it."""
    notebook = write_notebook(
        tmp_path / os.fsdecode("задание.ipynb".encode("cp1251")), "import os\nprint(os.listdir())"
    )
    data = tmp_path / os.fsdecode("данные.csv".encode("cp1251"))
    data.write_text("1,2\n", encoding="utf-8")
    job = Job(notebook=notebook, files=((data.name, data),), out=tmp_path / "out", profile=FULL, limits=LIMITS)
    assert run_notebook(job).ending is Ending.COMPLETED
    assert shown(tmp_path) == f"{[data.name]}\n"


@on_a_clock
def test_installing_a_package_ends_quickly_and_is_no_error(tmp_path):
    """Without a network pip gives up at once; what is installed is simply there."""
    execution = run(tmp_path, "!pip install --quiet no-such-package-here", "%pip install numpy")
    assert statuses(execution) == ["ok", "ok"]
    assert execution.cells[0].seconds < 15


def test_the_trace_is_bounded(tmp_path):
    """What is written to the probe's pipe beyond the limit is drained and dropped."""
    helper = (
        "import os\ndef _link(n):\n    try: return os.readlink('/proc/self/fd/' + n)\n    except OSError: return ''"
    )
    notebook = write_notebook(
        tmp_path / "work.ipynb",
        helper,
        "pipes = [int(n) for n in os.listdir('/proc/self/fd') if 'pipe' in _link(n)]",
        "for fd in pipes:\n    try:\n        for _ in range(40): os.write(fd, b'x' * 65535 + b'\\n')\n    except OSError: pass",
    )
    run_notebook(Job(notebook=notebook, out=tmp_path / "out", profile=FULL, limits=limits(trace_mb=1)))
    assert (tmp_path / "out" / "trace.jsonl").stat().st_size == 1 << 20


def _unreadable(folder: Path, content: bytes) -> Execution:
    path = folder / "work.ipynb"
    path.write_bytes(content)
    return run_notebook(Job(notebook=path, out=folder / "out", profile=FULL, limits=LIMITS))


GOOD = nbformat.writes(new_notebook(cells=[new_code_cell("print('ж')")]))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (GOOD.encode()[:-40], "damaged"),
        (b"[1, 2]", "list of cells"),
        (b'{"cells": [1, 2]}', "not a Jupyter notebook"),
        (b"[" * 200_000, "deep"),
        (b"\xff\xfa\x00", "UTF-8"),
        (b'{"nbformat": 9, "cells": []}', "format version"),
    ],
)
def test_a_file_that_is_no_notebook_says_what_it_is(tmp_path, content, word):
    """Each kind of wrong file has its own reason, and none is an error of ours."""
    execution = _unreadable(tmp_path, content)
    assert execution.ending is Ending.UNREADABLE
    assert word in execution.reason.text.format(**execution.reason.values)


def test_a_zip_archive_is_named_as_one(tmp_path):
    """A ZIP file renamed to .ipynb gets advice to unpack it."""
    with zipfile.ZipFile(tmp_path / "work.zip", "w") as archive:
        archive.writestr("a.ipynb", GOOD)
    assert "ZIP" in _unreadable(tmp_path, (tmp_path / "work.zip").read_bytes()).reason.text


def test_a_notebook_without_code_is_empty(tmp_path):
    """Blank cells alone are not worth a kernel."""
    execution = run(tmp_path, "  ", "\n")
    assert execution.ending is Ending.EMPTY


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_other_encodings_are_read(tmp_path, encoding):
    """Editors on Windows add marks and use UTF-16."""
    assert _unreadable(tmp_path, GOOD.encode(encoding)).ending is Ending.COMPLETED
    assert shown(tmp_path) == "ж\n"


def test_notebooks_of_format_3_are_read(tmp_path):
    """Ten-year-old files have worksheets and `input` instead of `source`."""
    cell = {"cell_type": "code", "input": ["print('old')"], "language": "python", "metadata": {}, "outputs": []}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell], "metadata": {}}]}
    assert _unreadable(tmp_path, json.dumps(old).encode()).ending is Ending.COMPLETED
    assert shown(tmp_path) == "old\n"


@pytest.mark.parametrize(
    "damaged",
    [
        "text",
        None,
        {"cell_type": "code", "source": None},
        {"cell_type": "code", "source": [None, 1]},
        {"cell_type": ["code"], "source": "x"},
        {"cell_type": "code", "source": "", "metadata": None, "outputs": None},
        {"cell_type": "code", "source": "", "metadata": {}, "outputs": ["text", {"output_type": "stream", "text": 1}]},
        {"cell_type": "markdown", "source": "", "attachments": None},
        {},
    ],
)
@pytest.mark.parametrize("minor", [2, 5, None])
def test_one_damaged_cell_does_not_cost_the_notebook(tmp_path, damaged, minor):
    """What of a cell cannot be read is left out; the cells around it are there."""
    whole = {"cell_type": "code", "source": ["print(1)"]}  # without metadata, outputs and execution count
    raw = {"nbformat": 4, "nbformat_minor": minor, "metadata": {}, "cells": [whole, damaged, whole]}
    path = tmp_path / "work.ipynb"
    path.write_text(json.dumps(raw), encoding="utf-8")
    assert [source for _, source in code_cells(read_notebook(path))] == ["print(1)", "print(1)"]


def test_a_damaged_cell_of_a_notebook_of_format_3_costs_only_itself(tmp_path):
    """Worksheets are mended like cells."""
    whole = {"cell_type": "code", "input": ["print(1)"]}
    damaged = [None, {"cell_type": "code", "input": None}, {"cell_type": "heading", "level": None, "source": None}]
    raw = {"nbformat": 3, "worksheets": [None, {"cells": [*damaged, whole]}]}
    path = tmp_path / "work.ipynb"
    path.write_text(json.dumps(raw), encoding="utf-8")
    assert [source for _, source in code_cells(read_notebook(path))] == ["print(1)"]


def test_several_notebooks_run_at_once_from_several_threads(tmp_path):
    """Each call has its own process; results do not mix, and short-lived threads do not take kernels along."""

    def one(number: int) -> str:
        folder = tmp_path / str(number)
        folder.mkdir()
        run(folder, f"import time; time.sleep(1); print({number})")
        return shown(folder)

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(one, range(3))) == ["0\n", "1\n", "2\n"]


def _start_drive(folder: Path) -> tuple[threading.Thread, list[Execution], psutil.Process]:
    """Run a notebook that sleeps, in a thread; returns the process that drives it once its cell runs."""
    results: list[Execution] = []
    before = {process.pid for process in psutil.Process().children()}
    thread = threading.Thread(target=lambda: results.append(run(folder, "import time; time.sleep(60)")))
    thread.start()
    for _ in range(300):
        drives = [process for process in psutil.Process().children() if process.pid not in before]
        if drives and any("kernel.py" in " ".join(words_of(p)) for p in below(drives[0].pid)):
            time.sleep(2)
            return thread, results, drives[0]
        time.sleep(0.1)
    raise AssertionError("the kernel did not start")


def test_killing_the_driving_process_leaves_nothing_behind(tmp_path):
    """A kill -9 takes the sandbox along within a second, and is an error of ours in the record."""
    thread, results, drive = _start_drive(tmp_path)
    family = below(drive.pid)
    assert family
    drive.send_signal(signal.SIGKILL)
    assert running_after(family, 5) == []
    thread.join(20)
    assert results[0].ending is Ending.INTERNAL_ERROR


@pytest.mark.parametrize("milliseconds", [0, 4, 8, 15, 25, 40, 1500])
def test_the_end_of_the_caller_is_the_end_of_the_kernel(tmp_path, milliseconds):
    """When the grader is killed, the driving process takes the kernel along, however far that has come up."""
    job = Job(notebook=write_notebook(tmp_path / "work.ipynb", "import time; time.sleep(60)"), out=tmp_path / "out",
              profile=FULL, limits=LIMITS, probe=False)  # fmt: skip
    code = f"from pathlib import PosixPath; from grader.execute import *; from grader.records import *; run_notebook({job!r})"
    adopt_orphans()  # whatever is left behind becomes a child of ours
    before = below(os.getpid())
    caller = subprocess.Popen([sys.executable, "-c", code], env=os.environ)
    deadline = time.monotonic() + 30
    while not any(name_of(child) == "bwrap" for child in below(caller.pid)) and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(milliseconds / 1000)
    family = below(caller.pid)
    caller.kill()
    caller.wait()
    assert running_after(family, 20) == []
    assert [p for p in below(os.getpid()) if p not in before and p not in family and runs(p)] == []


def test_without_a_seal_a_notebook_runs_too_and_says_so(tmp_path):
    """The unsealed way has the same folders and the same result."""
    (tmp_path / "helper.py").write_text("value = 7\n", encoding="utf-8")
    execution = run(
        tmp_path, "import helper\nprint(helper.value)", unsealed=True, files=(("helper.py", tmp_path / "helper.py"),)
    )
    assert (execution.ending, execution.seal, shown(tmp_path)) == (Ending.COMPLETED, "none", "7\n")


@pytest.mark.slow
def test_tensorflow_trains_in_the_sandbox_and_is_traced(tmp_path):
    """A small model fits within the default memory, and the probe's trace comes out."""
    code = (
        "import numpy as np, keras\nx = np.random.rand(64, 4); y = (x.sum(1) > 2).astype(int)\n"
        "m = keras.Sequential([keras.layers.Dense(4, activation='relu'), keras.layers.Dense(1, activation='sigmoid')])\n"
        "m.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])\n"
        "h = m.fit(x, y, epochs=2, verbose=2)\nprint(len(h.history['loss']))"
    )
    notebook = write_notebook(tmp_path / "work.ipynb", code)
    execution = run_notebook(
        Job(notebook=notebook, out=tmp_path / "out", profile=FULL, limits=Limits(cell_seconds=150))
    )
    assert statuses(execution) == ["ok"]
    assert len(execution.trace.fits) == 1
