"""A lecturer's own workbook, calibrated and graded with as CONTRIBUTING.md says, by the real commands."""

import re
import shlex
from pathlib import Path

import nbformat
import pytest

from grader.ledger import Ledger
from grader.reference import load_record
from tests.test_cli import grader

GUIDE = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text("utf-8")
SECTION = GUIDE.split("## Calibrating a workbook of your own")[1].split("\n## ")[0]


def notebook(path, *, units=64, rate=0.001):
    """Write the guide's notebook, or one of another width or learning rate."""
    path.parent.mkdir(parents=True, exist_ok=True)
    (code,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    assert "Dense(64" in code
    assert "Adam(0.001)" in code
    cells = [nbformat.v4.new_code_cell(code.replace("Dense(64", f"Dense({units}").replace("0.001", str(rate)))]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def files():
    """The files that the guide shows, by name."""
    return dict(re.findall(r"`mine/([a-z0-9]+\.toml)`:\n\n```toml\n(.*?)```", SECTION, re.DOTALL))


@pytest.mark.slow
def test_a_workbook_of_ones_own_is_calibrated_and_graded_with(tmp_path):
    """Check, record, show and grade: a like solution passes, one that hardly learns fails, with three trainings."""
    mine, home = tmp_path / "mine", tmp_path / "home"
    mine.mkdir()
    assert sorted(files()) == ["task1.toml", "workbook.toml"]
    for name, text in files().items():
        (mine / name).write_text(text, "utf-8")
    notebook(mine / "reference" / "toy.ipynb")
    notebook(tmp_path / "class" / "able.ipynb", units=70)
    notebook(tmp_path / "class" / "slow.ipynb", rate=0.000001)
    (commands,) = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
    said = []
    for line in commands.splitlines():
        words = [word.replace("mine", str(mine)) for word in shlex.split(line)[1:]]
        words = [str(tmp_path / word) if word in ("class/", "run/") else word for word in words]
        done = grader(*words, home=home, timeout=500, lang="ru")
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    record = load_record(mine / "reference" / "results" / "toy-sample-full-cpu.json")
    assert [one.seed for one in record.trainings] == [1, 2, 3, 4, 5]
    assert re.search(r"toy\s+5\s+0,9", said[2])
    results = {result.student: result.tasks[0] for result in Ledger(tmp_path / "run").results()}
    assert {name: task.earned for name, task in results.items()} == {"able": 10, "slow": 4}
    assert len(results["able"].accuracy.trainings) == 1
    assert len(results["slow"].accuracy.trainings) == 3
    assert results["slow"].accuracy.band.count == 5
