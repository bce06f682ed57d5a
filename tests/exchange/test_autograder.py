"""The grader as Gradescope's autograder: what it finds, what it leaves, and what it never leaves."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.exchange import archives

SCRIPTS = Path(__file__).parents[2] / "grader" / "exchange" / "autograder"
GRADER = Path(__file__).parents[2] / ".venv" / "bin" / "grader"


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_the_scripts_are_programs_a_shell_can_read(name):
    """Gradescope calls both by these names."""
    assert os.access(SCRIPTS / name, os.X_OK)
    subprocess.run(["bash", "-n", SCRIPTS / name], check=True)
    assert (SCRIPTS / name).read_bytes().startswith(b"#!/usr/bin/env bash\n")


def autograded(root, program, **environment):
    """Run the autograder in a folder as Gradescope lays it out."""
    return subprocess.run(
        ["bash", SCRIPTS / "run_autograder"],
        env={**os.environ, "AUTOGRADER": str(root), "GRADER": str(program), **environment},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def laid_out(root, files):
    archives.folder({"submission_metadata.json": json.dumps(archives.METADATA)} | files, root)
    (root / "results").mkdir()
    (root / "results" / "results.json").write_text('{"score": 100}')
    return root


def program(path, text):
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(("text", "said"), [("exit 70", "code 70"), ("sleep 60", "code 124"), ("exit 69", "code 69")])
def test_without_a_grade_there_are_no_results(text, said, tmp_path):
    """A fault, a time that is up, no sandbox: the autograder fails visibly, and no older result is left for a grade."""
    root = laid_out(tmp_path / "a", {"submission/lab.ipynb": archives.NOTEBOOK})
    done = autograded(root, program(tmp_path / "grader", text), GRADER_SECONDS="1", GRADER_SANDBOX="always")
    assert done.returncode == 1
    assert said in done.stderr
    assert not (root / "results" / "results.json").exists()


def test_the_call_is_one_the_command_line_takes(tmp_path):
    """Options of the script reach the grader, first grading, then the export to where Gradescope reads."""
    root = laid_out(tmp_path / "a", {"submission/lab.ipynb": archives.NOTEBOOK})
    record = program(tmp_path / "grader", f'echo "$@" >> {tmp_path}/calls')
    done = autograded(root, record, GRADER_OPTIONS="--tasks task1", GRADER_MAXIMUM="10")
    assert done.returncode == 0, done.stderr
    grade, export = (tmp_path / "calls").read_text().splitlines()
    assert grade.startswith(f"grade {root} --from gradescope -o ")
    assert grade.endswith("--profile quick --jobs 1 --lang en --tasks task1")
    assert export.endswith(f"--to gradescope -o {root}/results/results.json --maximum 10")


@pytest.mark.slow
@pytest.mark.skipif(not GRADER.is_file(), reason="the grader is not installed in .venv")
def test_a_submission_is_graded_as_gradescope_calls_for_it(tmp_path):
    """From metadata and files to a results.json with what to hand in instead; nothing of it is stubbed."""
    root = laid_out(tmp_path / "a", {"submission/report.pdf": "%PDF"})
    done = autograded(root, GRADER)
    assert done.returncode == 0, done.stderr
    content = json.loads((root / "results" / "results.json").read_text())
    assert "A copy for reading was handed in" in content["output"]
    assert not any("score" in test for test in content["tests"])
