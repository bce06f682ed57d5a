"""``python -m grader.drive JOB.json``: ends, and the sandbox with it, as soon as standard input is closed.

With ``--ahead`` the first line of standard input is a job that has no notebook yet; the second names the file of the
one that has. Between them, and after, the parent may stop the notebook's clock and let it go on.
"""

from __future__ import annotations

import atexit
import os
import queue
import sys
import threading
from pathlib import Path

from grader.clock import Clock
from grader.drive.family import adopt_orphans, kill_family
from grader.drive.run import DriveJob, run_ahead, run_job
from grader.drivers import process

_EXIT_SECONDS = 5


def main() -> None:
    """Run the job named on the command line, as long as whoever asked for it is there."""
    adopt_orphans()
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    clock = Clock()
    threading.Thread(target=_follow_parent, args=(orders, clock), daemon=True).start()
    if sys.argv[1] == "--ahead":
        standing = DriveJob.parse(orders.get())
        run_ahead(standing, lambda: DriveJob.read(Path(os.fsdecode(orders.get().strip(b"\n")))), clock)
    else:
        run_job(DriveJob.read(Path(sys.argv[1])), clock)
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is written; neither threads that wait on a pipe of a killed kernel nor what is due at exit keep us.
    fuse = threading.Timer(_EXIT_SECONDS, os._exit, (0,))
    fuse.daemon = True
    fuse.start()
    atexit._run_exitfuncs()
    os._exit(0)


def _follow_parent(orders: queue.SimpleQueue[bytes], clock: Clock) -> None:
    """Take orders, stop the clock when told to, and end when the parent does."""
    for line in sys.stdin.buffer:
        match line:
            case process.STOP:
                clock.stop()
            case process.GO_ON:
                clock.go_on()
            case _:
                orders.put(line)
    # Not an exit in good order: whatever state we are in, the kernel goes, and we do.
    kill_family()
    os._exit(1)


if __name__ == "__main__":
    main()
