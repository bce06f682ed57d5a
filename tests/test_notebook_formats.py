"""Notebooks of every format there has been since 2013 are read to the same cells."""

import json

import pytest

from grader.drive.notebook import code_cells, read_notebook

SOURCES = ["import keras\nx = 1\n", "%matplotlib inline\nprint(x)"]


def cell(source, minor, at):
    """A code cell as format 4 has it, with an id where its minor version asks for one."""
    made = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    return made | ({"id": f"c{at}"} if minor >= 5 else {})


def format_3(sources):
    """A notebook of IPython 1 to 2."""
    cells = [
        {"cell_type": "code", "input": one.splitlines(True), "outputs": [], "language": "python", "collapsed": False}
        for one in sources
    ]
    heading = {"cell_type": "heading", "level": 2, "source": ["Task"], "metadata": {}}
    return {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": [heading, *cells], "metadata": {}}],
    }


@pytest.mark.parametrize("minor", range(6))
def test_every_minor_version_of_format_4_is_read(tmp_path, minor):
    """4.0 to 4.5, sources as text or as lines."""
    cells = [cell(SOURCES[0], minor, 0), cell(SOURCES[1].splitlines(True), minor, 1)]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": minor}))
    assert [source for _, source in code_cells(read_notebook(path))] == SOURCES


def test_format_3_is_read(tmp_path):
    """Worksheets, inputs and headings become cells of today."""
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(format_3(SOURCES)))
    notebook = read_notebook(path)
    assert [source for _, source in code_cells(notebook)] == SOURCES
    assert notebook.cells[0].cell_type == "markdown"
