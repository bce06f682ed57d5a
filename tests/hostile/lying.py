"""Kernels that lie to whoever listens: forged, malformed and missing messages, and notebooks that would steer a run."""

from __future__ import annotations

from grader.records import Ending
from tests.hostile.case import Attack

_FORGE = """
import time
kernel = get_ipython().kernel
parent, session, iopub = kernel.get_parent(), kernel.session, kernel.iopub_thread
def forge(kind, content, **parts):
    message = session.msg(kind, content={}, parent=parent)
    message['content'] = content
    message.update(parts)
    packed = [session.pack(message[part]) for part in ('header', 'parent_header', 'metadata', 'content')]
    iopub.send_multipart([b'topic', b'<IDS|MSG>', session.sign(packed), *packed])
"""

LYING = (
    Attack(name="forges-nonsense", says="still", cells=(_FORGE + (
        "for bad in [], None, 7, 'text', {'data': []}:\n"
        "    for kind in 'display_data', 'status', 'stream', 'error': forge(kind, bad)\n"
        "for message in [b'nonsense'], [b'<IDS|MSG>']: iopub.send_multipart(message)\nprint('still')"), "print('on')")),
    Attack(name="claims-to-be-idle-and-floods", ending=Ending.OUTPUT_LIMIT, limits={"cell_output_mb": 4}, cells=(_FORGE + (
        "forge('status', {'execution_state': 'idle'})\ntime.sleep(1)\n"
        "while True: forge('stream', {'name': 'stdout', 'text': 'x' * (1 << 20)})"), "print('on')")),
    Attack(name="claims-to-be-idle-and-loops", limits={"cell_seconds": 2}, statuses=("timed_out", "ok"), within=2, cells=(
        _FORGE + "forge('status', {'execution_state': 'idle'})\nwhile True: pass", "print('on')")),
    Attack(name="answers-without-a-status", statuses=("error", "ok"), cells=(_FORGE + (
        "send = session.send\n"
        "def lie(stream, kind, *rest, **named):\n"
        "    return send(stream, kind, *([{}, *rest[1:]] if kind == 'execute_reply' else rest), **named)\n"
        "session.send = lie"), "session.send = send")),
    Attack(name="loses-its-output-channel", cells=("get_ipython().kernel.iopub_socket = None", "1")),
    Attack(name="loses-its-standard-output", limits={"cell_seconds": 3}, statuses=("ok", "ok"), cells=(
        "import sys; sys.stdout = sys.stderr = open('/dev/null', 'w')", "print('x')")),
    Attack(name="answers-for-another-cell", says="real", cells=(_FORGE + (
        "forge('stream', {'name': 'stdout', 'text': 'for nobody'}, parent_header={'msg_id': 'other'})\nprint('real')"),)),
    Attack(name="writes-our-files", says="done", cells=(
        ("import json\nfor name in 'outcome.json', 'result.json', 'results.json', 'grades.csv', 'executed.ipynb':\n"
        "    open(name, 'w').write(json.dumps({'ending': 'completed', 'earned': 100, 'status': 'graded'}))\nprint('done')"),)),
    Attack(name="replaces-the-interpreter-in-its-path", says="done", cells=(
        ("import os\nfor name in 'python', 'python3', 'bwrap', 'prlimit', 'sh':\n"
        "    open(name, 'w').write('#!/bin/sh\\necho STOLEN'); os.chmod(name, 0o755)\n"
        "os.environ['PATH'] = os.getcwd()\nprint('done')"), "print('on')")),
    Attack(name="prints-terminal-codes", says="done", cells=("print('\\x1b]0;owned\\x07\\x1b[2Jdone')",)),
)  # fmt: skip
