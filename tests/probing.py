"""Runs small scripts under the probe, in processes of their own, over small made-up data sets."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np

from grader.inside.rowhash import row_hashes
from grader.known import KNOWN

ROOT = Path(__file__).parent.parent
SHAPES = {"mnist": (28, 28), "cifar10": (32, 32, 3)}
TOLD = [one.for_kernel() for one in KNOWN.values()]


def make_data(folder, num_train=300, num_test=100):
    """Write data sets of random images, laid out as the real ones are."""
    random = np.random.default_rng(7)
    for name, shape in SHAPES.items():
        home = folder / name
        home.mkdir(parents=True)
        for split, count in (("train", num_train), ("test", num_test)):
            images = random.integers(0, 256, (count, *shape), dtype=np.uint8)
            labels = random.integers(0, 10, count).astype(np.uint8)
            np.save(home / f"x_{split}.npy", images)
            np.save(home / f"y_{split}.npy", labels[:, None] if name == "cifar10" else labels)
            np.save(home / f"{split}_hash.npy", row_hashes(images))
        (home / "dataset.json").write_text(json.dumps({"name": name, "edition": "sample", "fingerprint": "0"}))
    return folder


HEAD = """
import os, sys
sys.path.insert(0, {root!r})
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
from pathlib import Path
def cell(source, silent=False):
    result = shell.run_cell(source, store_history=True)
if {probe}:
    from grader.inside import probe as _probe
    _probe.install(
        fd={fd}, data={data!r} and Path({data!r}), quick_steps={quick}, shims={shims}, datasets={known!r}
    )
if {ipython}:
    from IPython.core.interactiveshell import InteractiveShell
    shell = InteractiveShell.instance()
"""
TAIL = """
if {probe}:
    _probe.finish()
"""


def run(script, *, data=None, quick=None, probe=True, ipython=False, shims=False, timeout=240):
    """Run a script, under the probe or without; gives its events and what it printed."""
    read, write = os.pipe()
    names = {
        "root": str(ROOT),
        "fd": write,
        "data": str(data or ""),
        "quick": quick,
        "probe": probe,
        "ipython": ipython,
        "shims": shims,
        "known": TOLD,
    }
    source = HEAD.format(**names) + textwrap.dedent(script) + TAIL.format(**names)
    with (
        os.fdopen(read, encoding="utf-8") as pipe,
        subprocess.Popen(
            [sys.executable, "-c", source],
            pass_fds=[write],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        os.close(write)
        import threading

        lines = []
        reader = threading.Thread(target=lambda: lines.extend(pipe))
        reader.start()
        out, err = process.communicate(timeout=timeout)
        reader.join(10)
    assert process.returncode == 0, err[-3000:]
    return [json.loads(line) for line in lines], out
