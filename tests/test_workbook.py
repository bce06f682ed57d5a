"""The lecturer's files: read whole, complained about whole."""

import shutil
import subprocess
import sys

import pytest

from grader.criteria import KINDS
from grader.errors import WorkbookError
from grader.places import shipped
from grader.workbook import json_schema, load_workbook


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped workbook to spoil."""
    for path in shipped("assignments").glob("*.toml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def spoil(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def complaint(folder):
    with pytest.raises(WorkbookError) as caught:
        load_workbook(folder)
    return str(caught.value)


def test_the_shipped_workbook_is_sound():
    """Four tasks, 100 points, every reference listed."""
    book = load_workbook()
    assert [task.id for task in book.tasks] == ["task1", "task2", "task3", "task4"]
    assert book.points == 100
    assert book.profiles["quick"].steps == 120
    assert book.profiles["full"].steps is None


def test_reading_it_loads_nothing_heavy():
    """`grader --help` must answer at once."""
    code = "import sys, grader.workbook as w; w.load_workbook(); print({'numpy', 'keras', 'pandas', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "set()"


MISTAKES = {
    "a misspelt key": (
        "task3.toml",
        "exactly = 5\n\n[[criteria]]",
        "exacty = 5\n\n[[criteria]]",
        "exacty is not known here; did you mean exactly?",
    ),
    "points that are true": (
        "task1.toml",
        "points = 4",
        "points = true",
        "points is true; write a whole number, as in  points = 2",
    ),
    "half a point": ("task1.toml", "points = 4", "points = 4.5", "points is 4.5; write a whole number"),
    "no points": ("task1.toml", "points = 4\n", "", "points is missing"),
    "points of nothing": ("task1.toml", "points = 4", "points = 0", "points is 0; write a whole number from 1 up"),
    "an unknown kind": (
        "task3.toml",
        'kind = "evaluated"',
        'kind = "evaluatd"',
        "no criterion is called 'evaluatd'; did you mean evaluated?",
    ),
    "an id used twice": ("task3.toml", 'id = "poolings"', 'id = "convolutions"', "id = 'convolutions' is used 2 times"),
    "an unknown layer": ("task3.toml", 'layer = "MaxPooling2D"', 'layer = "MaxPoling2D"', "did you mean MaxPooling2D?"),
    "an unknown activation": ("task1.toml", 'activation = "tanh"', 'activation = "tahn"', "did you mean tanh?"),
    "an unknown reference": ("task2.toml", 'reference = "task2"', 'reference = "tsk2"', "did you mean task2?"),
    "a reference on other data": (
        "task2.toml",
        'reference = "task2"',
        'reference = "task4"',
        "reference 'task4' is on cifar10, the task on mnist",
    ),
    "an unknown data set": ("task2.toml", 'dataset = "mnist"', 'dataset = "mnits"', "did you mean mnist?"),
    "a sum that is not 100": ("task1.toml", "points = 4", "points = 5", "21 + 20 + 30 + 30 = 101 points, expected 100"),
    "advice in one language": ("task1.toml", '\nen = "The task asks', '\nxx = "The task asks', "advice.en is missing"),
    "a sign with points": ("task1.toml", 'name = "adam"', 'name = "adam"\npoints = 1', "points has no meaning here"),
    "two bounds that exclude": ("task2.toml", "exactly = 64", "at_least = 64\nat_most = 32", "nothing can meet both"),
    "no bounds": ("task2.toml", "exactly = 64\n", "", "no bounds are given"),
    "a word not in the list": ("task3.toml", 'on = "test"', 'on = "tests"', 'write one of "test", "train" or "any"'),
    "TOML that breaks off": ("task2.toml", "[title]", "[title", "this is not TOML: "),
    "a task without a file": ("workbook.toml", '"task4"]', '"task5"]', "task5.toml: there is no such file"),
    "a limit of nothing": ("workbook.toml", "memory_mb = 6144", "memory_mb = 0", "limits.memory_mb is 0"),
    "a misspelt limit": (
        "workbook.toml",
        "scratch_mb",
        "scrach_mb",
        "limits.scrach_mb is not known here; did you mean scratch_mb?",
    ),
    "a figure in percent": ("workbook.toml", "figure = 0.991", "figure = 99.1", "figure is 99.1; write a share"),
    "no quick profile": ("workbook.toml", "[profiles.quick]", "[profiles.swift]", "there is no [profiles.quick]"),
    "a margin that is not a number": ("task3.toml", "margin = 0.01", "margin = nan", "margin is"),
}


@pytest.mark.parametrize("case", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_file_and_what_to_write(case, folder):
    """Each complaint says where, what was found and what to write."""
    name, old, new, expected = case
    spoil(folder, name, old, new)
    text = complaint(folder)
    assert expected in text
    assert (name if "no such file" not in expected else "task5.toml") in text or "workbook.toml" in text


def test_a_folder_without_a_workbook_is_said_to_be_none(tmp_path):
    """One sentence about what is missing, and nothing about other files that may lie there."""
    (tmp_path / "pyproject.toml").write_text("[project]")
    assert complaint(tmp_path).startswith(f"{tmp_path}: there is no workbook.toml in this folder; ")


def test_all_mistakes_of_all_files_come_at_once(folder):
    """One call, every complaint: nobody mends files one error at a time."""
    spoil(folder, "task1.toml", "points = 4", "points = true")
    spoil(folder, "task1.toml", 'activation = "tanh"', 'activation = "tahn"')
    spoil(folder, "task3.toml", 'kind = "evaluated"', 'kind = "evaluatd"')
    spoil(folder, "workbook.toml", "scratch_mb", "scrach_mb")
    text = complaint(folder)
    assert [part in text for part in ("points is true", "tahn", "evaluatd", "scrach_mb")] == [True] * 4
    assert "task1.toml: criteria 3 (layer)" in text


def test_a_sound_mistake_free_file_beside_a_broken_one_is_not_blamed(folder):
    """A broken file does not make the sum of points a second complaint."""
    spoil(folder, "task1.toml", "points = 4", "points = 0")
    assert len(complaint(folder).splitlines()) == 1


def test_another_total_is_allowed_when_the_workbook_says_so(folder):
    """`points = N` in workbook.toml replaces 100."""
    spoil(folder, "task1.toml", "points = 4", "points = 5")
    spoil(folder, "workbook.toml", 'id = "keras-basics"', 'id = "keras-basics"\npoints = 101')
    assert load_workbook(folder).points == 101


def test_the_schema_of_a_task_knows_every_kind():
    """Editors complete every criterion and its settings."""
    offered = [
        one["properties"]["kind"]["const"] for one in json_schema("task")["properties"]["criteria"]["items"]["oneOf"]
    ]
    assert offered == list(KINDS)


@pytest.mark.parametrize("cls", KINDS.values(), ids=KINDS)
def test_every_kind_explains_itself(cls):
    """A criterion has a sentence and an example of its own."""
    assert cls.__doc__
    assert not cls.__doc__.startswith(f"{cls.__name__}(")
    assert ">>>" in cls.__doc__
