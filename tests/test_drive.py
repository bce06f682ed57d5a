"""nbclient against kernels that lie: real, sealed kernels whose notebooks forge, break or flood their connection."""

from __future__ import annotations

import inspect
import json
import os
import resource
import threading
from pathlib import Path

import nbclient.exceptions
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.clock import Clock
from grader.drive.client import CLIENT_FAILURES
from grader.drive.outputs import Outputs
from grader.drive.run import DriveJob, run_job
from grader.drive.tracepipe import TracePipe
from grader.drive.wire import NUM_BYTES, TolerantSession
from grader.execute import Job, _as_json
from grader.records import CellStatus, Ending
from tests.test_execute import FULL, LIMITS, limits, needs_seal, run, shown, statuses, write_notebook
from tests.timing import on_a_clock

KEY = b"k" * 64
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
FORGERY = """
import time
kernel = get_ipython().kernel
parent, session, iopub = kernel.get_parent(), kernel.session, kernel.iopub_thread

def forge(kind, content, **parts):
    message = session.msg(kind, content={}, parent=parent)
    message['content'] = content
    message.update(parts)
    packed = [session.pack(message[part]) for part in ('header', 'parent_header', 'metadata', 'content')]
    return [b'topic', b'<IDS|MSG>', session.sign(packed), *packed]
"""


def test_every_way_in_which_nbclient_gives_up_has_a_meaning():
    """A new nbclient that raises something else is noticed here; its two signals for itself never come out."""
    raised = {kind for _, kind in inspect.getmembers(nbclient.exceptions, inspect.isclass)
              if issubclass(kind, Exception) and kind.__module__ == nbclient.exceptions.__name__}  # fmt: skip
    signals = {nbclient.exceptions.CellControlSignal, nbclient.exceptions.CellExecutionComplete}
    assert raised - signals <= set(CLIENT_FAILURES)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"no delimiter"],
        [b"<IDS|MSG>"],
        [b"<IDS|MSG>", b"", b"{}", b"{}", b"{}", b"{}"],
        [b"<IDS|MSG>", b"forged", b"{}", b"{}", b"{}", b"{}"],
        [b"<IDS|MSG>", None, b"[]", b"{}", b"{}", b"{}"],
        [b"<IDS|MSG>", None, b'{"msg_id": "", "msg_type": 1}', b"{}", b"{}", b"{}"],
        [b"<IDS|MSG>", None, b'{"msg_id": "", "msg_type": "status"}', b"7", b"{}", b"{}"],
        [b"<IDS|MSG>", None, b'{"msg_id": "", "msg_type": "status"}', b"{}", b"{}", b"[]"],
        [b"<IDS|MSG>", None, b'{"msg_id": "", "msg_type": "status"}', b"{}", b"{}", b"[" * 100_000],
    ],
)
def test_a_malformed_message_is_an_empty_one(parts):
    """It has the shapes that nbclient trusts, belongs to no request, and is weighed all the same."""
    session = TolerantSession(key=KEY)
    signed = [session.sign(parts[2:]) if part is None else part for part in parts]
    message = session.deserialize(session.feed_identities(signed)[1])
    assert (message["msg_type"], message["parent_header"], message["content"]) == ("", {}, {})
    assert message[NUM_BYTES] > 0 or len(parts) < 2


@pytest.mark.parametrize("metadata", [None, {}, {"a": [1]}])
@pytest.mark.parametrize("data", [{}, {"text/plain": 7, "x": None}, {"text/json": {}, "application/a+json": [{}]}])
def test_what_is_kept_is_a_valid_notebook(data, metadata):
    """Outputs are not checked one by one as they come, so what is kept is valid whatever came."""
    outputs = Outputs()
    for kind in ("display_data", "execute_result"):
        outputs.take(kind, {"data": data, "metadata": metadata, "execution_count": -3})
    outputs.take("error", {"ename": 1, "evalue": None, "traceback": [2]})
    outputs.take("stream", {"name": "stderr", "text": ["x"]})
    nodes = json.loads(json.dumps(outputs.nodes()))
    nbformat.validate(new_notebook(cells=[new_code_cell("", outputs=nodes)]))


def test_what_tensorflow_tells_of_the_machine_is_not_kept():
    """In whatever pieces it comes; errors and the student's own words stay."""
    log = (
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        "I0000 00:00:1796047729.529417   27769 port.cc:153] oneDNN custom operations are on.\n"
    )
    outputs = Outputs()
    for piece in (log[:40], log[40:120], log[120:]):
        outputs.take("stream", {"name": "stderr", "text": piece})
    outputs.take("stream", {"name": "stdout", "text": log})
    outputs.take("stream", {"name": "stderr", "text": f"WARNING: mine\n{log}E0000 00:00:1.5 7 a.cc:1] failed\n"})
    kept = [(node.name, node.text) for node in outputs.nodes()]
    assert kept == [("stdout", log), ("stderr", "WARNING: mine\nE0000 00:00:1.5 7 a.cc:1] failed\n")]


@needs_seal
def test_an_import_of_keras_shows_nothing(tmp_path):
    """As in Colab: a report is no place for the log of a library."""
    execution = run(tmp_path, "import keras\nprint(int(keras.ops.sum(keras.ops.ones(3))))")
    assert (statuses(execution), shown(tmp_path, 0)) == (["ok"], "3\n")


@needs_seal
def test_forged_messages_neither_end_nor_stop_a_run(tmp_path):
    """Signed with the right key and wrong in every part, they are dropped; a copy of a message is dropped too."""
    code = FORGERY + (
        "twin = forge('stream', {'name': 'stdout', 'text': 'once '})\n"
        "for bad in [], None, 7, 'text', {'data': []}, {'transient': {'display_id': []}, 'data': {}}:\n"
        "    for kind in 'display_data', 'update_display_data', 'status', 'stream', 'error', 'comm_open', 'clear_output':\n"
        "        if kind != 'clear_output' or not isinstance(bad, dict): iopub.send_multipart(forge(kind, bad))\n"
        "    for part in 'header', 'parent_header', 'metadata':\n"
        "        iopub.send_multipart(forge('stream', {'name': 'stdout', 'text': 'x'}, **{part: bad}))\n"
        "for message in twin, twin, [b'nonsense'], [b'<IDS|MSG>']: iopub.send_multipart(list(message))\n"
        "print('still')"
    )
    execution = run(tmp_path, code, "print('on')")
    assert (execution.ending, statuses(execution)) == (Ending.COMPLETED, ["ok", "ok"])
    assert (shown(tmp_path, 0), shown(tmp_path, 1)) == ("xxonce still\n", "on\n")


@needs_seal
def test_a_reply_without_a_status_is_no_success(tmp_path):
    """An empty answer costs the cell, not the run."""
    code = FORGERY + (
        "send = session.send\n"
        "def lie(stream, kind, *rest, **named):\n"
        "    return send(stream, kind, *([{}, *rest[1:]] if kind == 'execute_reply' else rest), **named)\n"
        "session.send = lie"
    )
    execution = run(tmp_path, code, "session.send = send", "1")
    assert execution.ending is Ending.COMPLETED
    assert [cell.status for cell in execution.cells] == [CellStatus.ERROR, CellStatus.OK, CellStatus.OK]


@needs_seal
def test_a_cell_that_claims_to_be_idle_is_watched_on(tmp_path):
    """Nobody waits for its output any more, and still it may not fill our memory."""
    code = FORGERY + (
        "iopub.send_multipart(forge('status', {'execution_state': 'idle'}))\ntime.sleep(1)\n"
        "while True: iopub.send_multipart(forge('stream', {'name': 'stdout', 'text': 'x' * (1 << 20)}))"
    )
    execution = run(tmp_path, code, "print('on')", limits=limits(cell_output_mb=4))
    assert execution.ending is Ending.OUTPUT_LIMIT
    assert statuses(execution)[1] == "not_run"


@needs_seal
def test_a_burst_of_output_arrives_in_full(tmp_path):
    """We read as fast as a kernel writes: ZeroMQ drops what does not fit in its queues."""
    execution = run(tmp_path, "from IPython.display import display\nfor i in range(3000): display(i)", "print('on')")
    assert execution.ending is Ending.COMPLETED
    outputs = nbformat.read(tmp_path / "out" / "executed.ipynb", as_version=4).cells[0].outputs
    assert [int(output.data["text/plain"]) for output in outputs] == list(range(3000))


@on_a_clock
@needs_seal
def test_a_kernel_that_hangs_up_ends_the_notebook(tmp_path):
    """It runs on and hears nothing any more; the cell that waits for it is told apart from those after it."""
    code = (
        "import os, socket, stat, threading, time\ndef hang_up():\n    time.sleep(1)\n"
        "    for fd in range(3, 100):\n"
        "        try:\n"
        "            if stat.S_ISSOCK(os.fstat(fd).st_mode): os.close(fd)\n"
        "        except OSError: pass\n"
        "    time.sleep(60)\n"
        "threading.Thread(target=hang_up).start()"
    )
    execution = run(tmp_path, code, "time.sleep(60)", "print('on')")
    assert execution.ending in {Ending.OUTPUT_LIMIT, Ending.KERNEL_DIED}
    assert statuses(execution) == ["ok", "error", "not_run"]
    assert execution.seconds < 25


@on_a_clock
@needs_seal
def test_a_cell_that_cannot_be_sent_ends_the_notebook(tmp_path):
    """Between two cells the kernel hangs up on the channel for requests only: we do not wait for it to come back."""
    code = (
        "import os, socket, stat, time\nsession = get_ipython().kernel.session\nsend = session.send\n"
        "def hang_up(stream, kind, *rest, **named):\n    sent = send(stream, kind, *rest, **named)\n"
        "    if kind == 'execute_reply':\n        time.sleep(0.5)\n"
        "        for fd in range(3, 100):\n"
        "            try:\n"
        "                end = socket.socket(fileno=os.dup(fd))\n"
        "                end.getpeername()\n"
        "                if str(end.getsockname()).endswith('s-1'): end.shutdown(socket.SHUT_RDWR)\n"
        "            except OSError: pass\n"
        "        time.sleep(0.5)\n"
        "    return sent\n"
        "session.send = hang_up"
    )
    execution = run(tmp_path, code, "1", "2")
    assert execution.ending is Ending.OUTPUT_LIMIT
    assert statuses(execution) == ["ok", "error", "not_run"]
    assert execution.cells[1].seconds < 1


def written_through(pipe, content):
    """Write to the pipe as a kernel does; whether it could."""
    writer = threading.Thread(target=lambda: [os.write(pipe.write_fd, content) for _ in range(8)], daemon=True)
    writer.start()
    writer.join(30)
    return not writer.is_alive()


@needs_full
def test_a_kernel_does_not_wait_for_a_full_disk():
    """What cannot be stored is read all the same, and why is known."""
    with TracePipe(64) as pipe:
        pipe.store(Path("/dev/full"))
        assert written_through(pipe, b"x" * (1 << 17))
        assert "No space left" in str(pipe.finish())


def test_a_line_that_the_disk_took_in_part_is_a_fault(tmp_path):
    """A write may be short without an error; the next one tells."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with TracePipe(64) as pipe:
        os.write(pipe.write_fd, b"x" * 100)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60, before[1]))
        try:
            pipe.store(tmp_path / "trace.jsonl")
            fault = pipe.finish()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert ((tmp_path / "trace.jsonl").stat().st_size, fault is not None) == (60, True)


@needs_full
def test_a_trace_that_cannot_be_stored_is_the_machines_fault(tmp_path):
    """The notebook runs to its end, and its ending blames nobody who handed it in."""
    write_notebook(
        tmp_path / "work.ipynb",
        "import os, stat\n"
        "for fd in range(3, 100):\n"
        "    try:\n"
        "        if stat.S_ISFIFO(os.fstat(fd).st_mode): os.write(fd, b'x' * 1_000_000)\n"
        "    except OSError: pass",
    )
    (tmp_path / "trace.jsonl").symlink_to("/dev/full")
    job = Job(notebook=tmp_path / "work.ipynb", out=tmp_path, profile=FULL, limits=LIMITS, unsealed=True)
    run_job(DriveJob.parse(json.dumps(_as_json(job, None)).encode()), Clock())
    outcome = json.loads((tmp_path / "outcome.json").read_text())
    assert (outcome["ending"], outcome["cells"][0]["status"]) == ("internal_error", "ok")
