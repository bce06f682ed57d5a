"""Warnings of libraries, as a student reads them in a cell's output."""

import warnings
from pathlib import Path

from grader.inside.probe import warned


def test_a_warning_at_a_call_that_we_stand_between_names_the_notebook_s_line(monkeypatch):
    """A library warns about its caller, which is a file of ours; the student reads the own line."""
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    warned.point_at_the_notebook()
    calls = str(Path(warned.__file__).parent.parent / "shims" / "calls.py")
    cell = compile("x = 1\nsaid = show(calls)\nother = show('keras/dense.py')", "cell-3.py", "exec")
    found = {
        "__name__": "__main__",
        "calls": calls,
        "show": lambda at: warnings.formatwarning("old", UserWarning, at, 21),
    }
    exec(cell, found)
    assert found["said"].startswith("cell-3.py:2: UserWarning: old")
    assert found["other"].startswith("keras/dense.py:21: UserWarning: old")
