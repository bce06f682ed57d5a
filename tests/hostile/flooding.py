"""Attacks on memory, disk, processes and on whoever reads what a notebook prints."""

from __future__ import annotations

from grader.records import Ending
from tests.hostile.case import Attack

_TIGHT = {"cell_output_mb": 4, "cell_messages": 2000}
_AFTER = "print('after')"
_CUT = ("error", "not_run")


def _floods(name: str, code: str, **limits: int) -> Attack:
    """Give an attack whose output ends the notebook."""
    return Attack(name=name, cells=(code, _AFTER), ending=Ending.OUTPUT_LIMIT, limits={**_TIGHT, **limits})


def _bounded(name: str, code: str, says: str, *, fails: bool = True, **limits: int) -> Attack:
    """Give an attack that meets a limit inside its cell; the next one runs."""
    return Attack(
        name=name, cells=(code, _AFTER), statuses=("error" if fails else "ok", "ok"), says=says, limits=limits
    )


FLOODING = (
    _floods("prints-for-ever", "while True: print('x' * 1000)"),
    _floods("prints-once-and-much", "print('x' * (100 << 20))", memory_mb=2048),
    _floods("writes-past-python", "import os\nwhile True: os.write(1, b'x' * 65536)"),
    _floods("shows-for-ever", "from IPython.display import display\nwhile True: display(1)"),
    _floods("shows-a-huge-page", "from IPython.display import HTML\nHTML('<p>' * (40 << 20))"),
    _floods("updates-for-ever", "from IPython.display import display\nhandle = display('x', display_id=True)\nwhile True: handle.update('x' * 1000)"),
    _floods("raises-a-huge-error", "raise ValueError('x' * (100 << 20))", memory_mb=2048),
    _floods("shell-prints-for-ever", "!yes"),
    _floods("child-prints-for-ever", "import subprocess; subprocess.run(['yes', 'x' * 1000])"),
    _floods("opens-comms-for-ever", "from comm import create_comm\nwhile True: create_comm(target_name='x', data={'x': 'x' * 1000})"),
    _floods("many-cells-print", "for _ in range(900): print('x' * 1000)", notebook_output_mb=0),
    Attack(name="floods-the-trace", probe=True, limits={"trace_mb": 1}, says="written", cells=(
        ("import os, stat\nwritten = 0\nfor fd in range(3, 200):\n    try:\n"
        "        if stat.S_ISFIFO(os.fstat(fd).st_mode) and 'pipe' in os.readlink(f'/proc/self/fd/{fd}'):\n"
        "            os.set_blocking(fd, False)\n"
        "            for _ in range(300): written += os.write(fd, b'x' * 65535 + b'\\n')\n"
        "    except OSError: pass\nprint('written', written)"),)),
    _bounded("takes-memory-at-once", "import numpy as np; np.ones(1 << 29)", "MemoryError"),
    _bounded("takes-memory-by-steps", "held = []\nwhile True: held.append(bytearray(20 << 20))", "MemoryError"),
    Attack(name="shares-memory-among-processes", ending=Ending.OUT_OF_MEMORY, statuses=_CUT, limits={"memory_mb": 300},
           says="MB of memory", within=3, cells=(
        ("import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n        held = b'x' * (150 << 20)\n        time.sleep(60)\n"
        "time.sleep(60)"), _AFTER)),
    Attack(name="writes-to-what-it-shares", ending=Ending.OUT_OF_MEMORY, statuses=_CUT, limits={"memory_mb": 300},
           says="MB of memory", within=3, cells=(
        ("import os, time\nheld = bytearray(120 << 20)\nfor _ in range(12):\n    if os.fork() == 0:\n"
        "        time.sleep(1)\n        for at in range(0, len(held), 4096): held[at] = 1\n        time.sleep(60)\n"
        "time.sleep(60)"), _AFTER)),
    _bounded("seems-to-weigh-much", "import os, time\nheld = bytearray(120 << 20)\n"
             "for _ in range(12):\n    if os.fork() == 0: time.sleep(3); os._exit(0)\ntime.sleep(2)", "after",
             fails=False, memory_mb=300),
    _bounded("forks-without-end", "import os, time\nwhile True:\n    if os.fork() == 0: time.sleep(60); os._exit(0)", "BlockingIOError|temporarily"),
    _bounded("starts-threads-without-end", "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(5,), daemon=True).start()", "can't start new thread"),
    _bounded("fills-its-folder", "for n in range(100): open(f'{n}', 'wb').write(bytes(1 << 20))", "No space left"),
    _bounded("fills-the-temporary-folder", "for n in range(100): open(f'/tmp/{n}', 'wb').write(bytes(1 << 20))", "No space left"),
    _bounded("fills-shared-memory", "for n in range(100): open(f'/dev/shm/{n}', 'wb').write(bytes(1 << 20))", "No space left"),
    _bounded("writes-one-huge-file", "import os\nwith open('x', 'wb') as file:\n    while True: file.write(bytes(1 << 20))", "No space left|too large"),
    _bounded("opens-files-without-end", "held = [open('/dev/null') for _ in range(2000)]", "Too many open files"),
    Attack(name="makes-files-without-end", ending=Ending.OUTPUT_LIMIT, statuses=_CUT, limits={"scratch_files": 2000},
           says="more than 2000 files", cells=("import os\nn = 0\nwhile True:\n    n += 1\n    os.mkdir(f'/tmp/{n}')", _AFTER)),
)  # fmt: skip
