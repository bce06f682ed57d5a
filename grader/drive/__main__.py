"""``python -m grader.drive JOB.json``: ends, and the sandbox with it, as soon as standard input is closed.

With ``--ahead`` the first line of standard input is a job that has no notebook yet; the second names the file of the
one that has.
"""

from __future__ import annotations

import atexit
import os
import queue
import sys
import threading
from pathlib import Path

from grader.drive.family import adopt_orphans, kill_family
from grader.drive.run import DriveJob, run_ahead, run_job

_EXIT_SECONDS = 5


def main() -> None:
    """Run the job named on the command line, as long as whoever asked for it is there."""
    adopt_orphans()
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_end_with_parent, args=(orders,), daemon=True).start()
    if sys.argv[1] == "--ahead":
        run_ahead(DriveJob.parse(orders.get()), lambda: DriveJob.read(Path(os.fsdecode(orders.get().strip(b"\n")))))
    else:
        run_job(DriveJob.read(Path(sys.argv[1])))
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is written; neither threads that wait on a pipe of a killed kernel nor what is due at exit keep us.
    fuse = threading.Timer(_EXIT_SECONDS, os._exit, (0,))
    fuse.daemon = True
    fuse.start()
    atexit._run_exitfuncs()
    os._exit(0)


def _end_with_parent(orders: queue.SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        orders.put(line)
    # Not an exit in good order: whatever state we are in, the kernel goes, and we do.
    kill_family()
    os._exit(1)


if __name__ == "__main__":
    main()
