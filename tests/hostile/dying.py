"""Kernels that end, hang or cut themselves off: each way has its ending, and what ran before it counts."""

from __future__ import annotations

from grader.records import Ending
from tests.hostile.case import Attack

_BEFORE, _AFTER = "print('before')", "print('after')"
_TIMED_OUT = ("ok", "timed_out", "ok")
_STUCK = ("ok", "timed_out", "not_run")
_GONE = ("ok", "error", "not_run")
_TWO = {"cell_seconds": 2}


def _dies(name: str, code: str, says: str = "kernel ended") -> Attack:
    """Give an attack that ends its kernel at once."""
    return Attack(
        name=name, cells=(_BEFORE, code, _AFTER), ending=Ending.KERNEL_DIED, statuses=_GONE, says=says, within=0
    )


def _hangs(name: str, code: str) -> Attack:
    """Give an attack that an interrupt ends, so that the next cell runs."""
    return Attack(name=name, cells=(_BEFORE, code, _AFTER), statuses=_TIMED_OUT, says="after", limits=_TWO, within=2)


def _hangs_for_good(name: str, code: str) -> Attack:
    """Give an attack that no interrupt ends."""
    return Attack(
        name=name, cells=(_BEFORE, code, _AFTER), ending=Ending.TIMED_OUT, statuses=_STUCK,
        says="could not be stopped", limits=_TWO, within=2,
    )  # fmt: skip


def _goes_on(name: str, code: str, says: str = "after", *, fails: bool = False) -> Attack:
    """Give an attack that harms its own cell at most."""
    return Attack(
        name=name, cells=(_BEFORE, code, _AFTER), statuses=("ok", "error", "ok") if fails else None, says=says
    )


_CLOSE_SOCKETS = """
import os, stat, time
for fd in range(3, 200):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode): os.close(fd)
    except OSError: pass
time.sleep(60)
"""

DYING = (
    _dies("ends-its-process", "import os; os._exit(0)"),
    _dies("crashes", "import ctypes; ctypes.string_at(0)"),
    _dies("aborts", "import os; os.abort()"),
    _dies("kills-itself", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
    _dies("recurses-without-end", "import sys; sys.setrecursionlimit(1 << 30)\nclass A:\n    def __repr__(self): return repr(self)\nrepr(A())"),
    _dies("executes-another-program", "import os; os.execv('/bin/true', ['true'])"),
    Attack(name="calls-exit", cells=(_BEFORE, "exit()", _AFTER), ending=Ending.KERNEL_DIED,
           statuses=("ok", "ok", "not_run"), says=r"exit\(\)"),
    Attack(name="shuts-its-kernel-down", cells=(_BEFORE, "get_ipython().kernel.do_shutdown(False)\nimport asyncio, os, threading\nthreading.Timer(1, os._exit, (0,)).start()", "import time; time.sleep(30)"),
           ending=Ending.KERNEL_DIED, says="kernel ended"),
    Attack(name="closes-its-sockets", cells=(_BEFORE, _CLOSE_SOCKETS, _AFTER), ending=Ending.OUTPUT_LIMIT,
           statuses=_GONE, or_ending=Ending.KERNEL_DIED, says="connection|kernel ended", within=0),
    Attack(name="destroys-its-context", cells=(_BEFORE, "import threading, time, zmq\nthreading.Thread(target=lambda: get_ipython().kernel.shell_stream.socket.context.destroy(0), daemon=True).start()\ntime.sleep(60)", _AFTER),
           ending=Ending.OUTPUT_LIMIT, statuses=_GONE, or_ending=Ending.KERNEL_DIED, says="connection|kernel ended", within=0),
    Attack(name="closes-every-descriptor", cells=(_BEFORE, "import os; os.closerange(0, 4096)", _AFTER),
           ending=Ending.KERNEL_DIED, says="kernel ended", within=0),
    _hangs("loops", "while True: pass"),
    _hangs("sleeps", "import time; time.sleep(1000)"),
    _hangs("waits-for-a-shell-loop", "!while true; do :; done"),
    _hangs("waits-for-a-bash-cell", "%%bash\nsleep 1000"),
    _hangs("waits-for-a-process", "import subprocess; subprocess.run(['sleep', '1000'])"),
    _hangs("swallows-one-interrupt", "try:\n    while True: pass\nexcept KeyboardInterrupt: pass\nwhile True: pass"),
    _hangs_for_good("ignores-interrupts", "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"),
    _hangs_for_good("swallows-every-interrupt", "import signal; signal.signal(signal.SIGINT, lambda *_: None)\nwhile True: pass"),
    _hangs_for_good("holds-the-interpreter", "import itertools; sum(itertools.repeat(0))"),
    _hangs_for_good("stops-itself", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"),
    Attack(name="uses-up-the-notebooks-time", cells=("import time; time.sleep(1.5)",) * 4, ending=Ending.TIMED_OUT,
           statuses=None, says="all cells together", limits={"notebook_seconds": 3}),
    Attack(name="uses-up-the-processors", cells=(_BEFORE, "import os, time\nfor _ in range(3):\n    if os.fork() == 0:\n        while True: pass\ntime.sleep(60)", _AFTER),
           ending=Ending.TIMED_OUT, statuses=_STUCK, says="processor time", limits={"cpu_seconds": 4}),
    _goes_on("leaves-a-thread", "import threading, time; threading.Thread(target=time.sleep, args=(1000,)).start()"),
    _goes_on("leaves-a-child", "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(999) # @MARK@'], start_new_session=True)"),
    _goes_on("leaves-a-daemon", "import os, sys, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(999) # @MARK@'])\n    os._exit(0)\nos.wait()"),
    _goes_on("raises-system-exit", "raise SystemExit(0)", fails=True),
    _goes_on("recurses", "def f(): return f()\nf()", "RecursionError", fails=True),
    _goes_on("asks-for-input", "input('password: ')", "StdinNotImplementedError", fails=True),
    _goes_on("interrupts-itself", "import os, signal; os.kill(os.getpid(), signal.SIGINT)\nimport time; time.sleep(1)", fails=True),
    _goes_on("sleeps-at-its-end", "import atexit, time; atexit.register(time.sleep, 1000)"),
    _goes_on("closes-its-output", "import os; os.close(1); os.close(2)"),
)  # fmt: skip
