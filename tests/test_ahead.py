"""Kernels that are sealed and started before their notebook is known."""

import json
import time

import psutil
import pytest

from grader.drivers import Ahead, suits_ahead
from grader.execute import Job, _as_json, run_notebook
from grader.records import Ending, Limits, Profile
from tests.test_execute import statuses, write_notebook
from tests.test_sandbox import needs_seal

FULL = Profile(name="full")
LOOK = "import sys  # for keras\nprint('tensorflow' in vars(sys)['mod' 'ules'], len(In), sorted(set(globals()) & {'keras', 'tensorflow'}))"
WARM, COLD = "True 2 []\n", "False 2 []\n"


def job_of(folder, *sources, files=()):
    folder.mkdir()
    notebook = write_notebook(folder / "work.ipynb", *sources)
    return Job(notebook=notebook, files=files, out=folder / "out", profile=FULL, limits=Limits(cell_seconds=150))


def shown(job):
    cells = json.loads((job.out / "executed.ipynb").read_text())["cells"]
    return ["".join("".join(one.get("text", "")) for one in cell["outputs"]) for cell in cells]


def drivers():
    """The driving processes below us."""
    found = []
    for one in psutil.Process().children(recursive=True):
        try:
            if "grader.drive" in one.cmdline():
                found.append(one)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def ahead():
    with Ahead(1) as ahead:
        yield ahead


@needs_seal
@pytest.mark.slow
def test_the_next_notebook_finds_a_kernel_that_has_imported_tensorflow_and_nothing_else(ahead, tmp_path):
    """The first one gets its own; the second one waits for no import, counts from 1 and finds no names or files."""
    ahead.expect(1)
    first = job_of(tmp_path / "a", LOOK, "open('left behind', 'w').close(); open('/tmp/left', 'w').close(); mine = 1")
    assert statuses(run_notebook(first, ahead=ahead)) == ["ok", "ok"]
    assert len(drivers()) == 1
    ahead.passed()
    second = job_of(tmp_path / "b", LOOK, "import os; print(os.listdir(), os.listdir('/tmp'), 'mine' in globals())")
    execution = run_notebook(second, ahead=ahead)
    assert (execution.ending, statuses(execution)) == (Ending.COMPLETED, ["ok", "ok"])
    assert shown(first)[0] == COLD
    assert shown(second) == [WARM, "[] [] False\n"]
    assert execution.trace.versions["tensorflow"]
    assert not drivers()


@needs_seal
@pytest.mark.slow
def test_a_notebook_that_could_tell_gets_a_kernel_of_its_own(ahead, tmp_path):
    """Variables set before the import, files of its own and notebooks without Keras go the cold way; one waits on."""
    ahead.expect(1)
    helper = tmp_path / "helper.py"
    helper.write_text("")
    unfit = [
        job_of(tmp_path / "a", "import os; os.environ['KERAS_BACKEND'] = 'tensorflow'", LOOK),
        job_of(tmp_path / "b", LOOK, files=(("helper.py", helper),)),
        job_of(tmp_path / "c", LOOK.replace("keras", "torch").replace("tensorflow", "torch")),
    ]
    for job in unfit:
        assert run_notebook(job, ahead=ahead).ending is Ending.COMPLETED
        assert shown(job)[-1].startswith("False")
    (waiting,) = drivers()
    ahead.expect(0)
    fit = job_of(tmp_path / "d", LOOK)
    run_notebook(fit, ahead=ahead)
    assert shown(fit) == [WARM]
    assert not waiting.is_running()


@needs_seal
@pytest.mark.slow
def test_a_waiting_kernel_that_was_lost_costs_its_notebook_nothing(ahead, tmp_path):
    """Whether the kernel or its driver ended while it waited, the notebook runs, in another one."""
    for name, victim in (
        ("kernel", lambda driver: driver.children(recursive=True)),
        ("driver", lambda driver: [driver]),
    ):
        ahead.expect(1)
        run_notebook(job_of(tmp_path / f"{name} first", "pass"), ahead=ahead)
        ahead.expect(0)
        (driver,) = drivers()
        wait_for_kernel(driver)
        for process in victim(driver):
            process.kill()
        time.sleep(0.5)
        job = job_of(tmp_path / name, LOOK)
        assert run_notebook(job, ahead=ahead).ending is Ending.COMPLETED
        assert shown(job) == [COLD]


def wait_for_kernel(driver):
    deadline = time.monotonic() + 60
    while not any("kernel.py" in " ".join(one.cmdline()) for one in driver.children(recursive=True)):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@needs_seal
def test_at_the_end_nobody_waits_and_nothing_is_started_for_nobody(tmp_path):
    """As many wait as notebooks are to come, at most as many as may run at once; closing ends them all."""
    standing = _as_json(job_of(tmp_path / "a", LOOK), None) | {"notebook": "", "out": "", "files": []}
    with Ahead(2) as ahead:
        assert ahead.take(standing, suited=True, linked=False) is None
        assert not drivers()
        ahead.expect(5)
        assert ahead.take(standing, suited=False, linked=False) is None
        assert len(drivers()) == 2
    assert not drivers()
    ahead.expect(5)
    assert ahead.take(standing, suited=True, linked=False) is None
    assert not drivers()


@pytest.mark.parametrize(
    ("source", "suited"),
    [
        ("import keras", True),
        ("from tensorflow.keras import layers", True),
        ("import pandas", False),
        ("import keras, os\nos.environ['TF_X'] = '1'", False),
        ("%env CUDA_VISIBLE_DEVICES=0\nimport keras", False),
        ("%set_env A=1\nimport keras", False),
        ("import os; os.putenv('A', 'b'); import keras", False),
        ("%tensorflow_version 2.x\nimport tensorflow", False),
        ("import sys; sys.path.insert(0, 'lib'); import keras", False),
        ("keras.config.set_backend('x') # keras backend = jax", False),
    ],
)
def test_what_counts_before_an_import_is_seen_in_the_source(source, suited, tmp_path):
    """Environment variables and whatever else decides what an import does."""
    assert suits_ahead(write_notebook(tmp_path / "work.ipynb", source)) is suited


def test_a_notebook_that_is_not_there_suits_nobody(tmp_path):
    """Running it says why."""
    assert not suits_ahead(tmp_path / "none.ipynb")
