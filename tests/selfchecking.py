"""Runs the cells of a notebook with the self-check watching, in a process of its own, and asks it at the end."""

import json
import os
import subprocess
import sys
from pathlib import Path

from grader.datasets import DataStore
from grader.drive.notebook import code_cells, read_notebook

ROOT = Path(__file__).parent.parent

_SCRIPT = """
import json, sys
from pathlib import Path
facts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
from grader.inside.probe.colab import install_colab, install_shell
from grader.inside.probe.data import install_data
from grader.inside.probe.session import Session
aside = Session(fd=None, data=Path(facts["data"]), quick_steps=None)
install_colab(aside)
install_shell(aside, shell)
import keras
install_data(aside)
if facts["early"]:
    from grader.selfcheck.watch import observed
    observed().budget = facts["steps"]
for source in facts["cells"]:
    shell.run_cell(source, store_history=True)
from grader.selfcheck import check, check_all
from grader.language import Language
say = Language("en").say
look = check_all(lang="en")
out = {"said": say(look.said), "models": [[one.name, one.cell, say(one.role)] for one in look.models], "tasks": {}}
for task in look.tasks:
    out["tasks"][task.task] = {
        "cell": task.cell,
        "later": [say(one) for one in task.later],
        "accuracy": [say(one) for one in task.accuracy],
        "findings": {one.id: [one.verdict.value, *map(say, (one.title, one.expected, one.found, one.advice))]
                     for one in task.findings},
    }
Path(sys.argv[1]).with_name("look.json").write_text(json.dumps(out), "utf-8")
"""


def data_folder(folder):
    """The samples under the names by which notebooks know them."""
    home = folder / "data"
    home.mkdir(exist_ok=True)
    for name in ("mnist", "cifar10"):
        if not (home / name).exists():
            (home / name).symlink_to(DataStore().choose(name, "sample").folder)
    return home


def look_at(notebook, beside, folder, *, steps=120, early=True, timeout=500):
    """What `selfcheck.all()` finds after the notebook's cells have run, as plain JSON."""
    cells = notebook if isinstance(notebook, list) else [source for _, source in code_cells(read_notebook(notebook))]
    work = folder / "work"
    work.mkdir()
    for place, file in beside:
        (work / place).parent.mkdir(parents=True, exist_ok=True)
        (work / place).write_bytes(Path(file).read_bytes())
    facts = {"cells": cells, "data": str(data_folder(folder)), "steps": steps, "early": early}
    (folder / "facts.json").write_text(json.dumps(facts), "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(folder / "facts.json")],
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "-1",
            "MPLBACKEND": "Agg",
            "IPYTHONDIR": str(folder / "ipython"),
        },
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "look.json").read_text("utf-8"))
