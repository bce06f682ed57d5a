"""Kernels that are sealed and started before their notebook is known."""

import contextlib
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from grader.datasets import DataStore
from grader.drivers import WarmPool, suits_warm_kernel
from grader.execute import Job, _as_json, run_notebook
from grader.records import Ending, Limits, Profile
from grader.sandbox.seal import most_threads
from grader.sandbox.seccomp import syscall_filter
from tests import sameness
from tests.lessons import LESSONS
from tests.processes import below, running_after, words_of
from tests.sameness import traced
from tests.test_execute import statuses, write_notebook
from tests.test_sandbox import needs_seal

FULL = Profile(name="full")
LOOK = "import sys  # for keras\nprint('tensorflow' in vars(sys)['mod' 'ules'], len(In), sorted(set(globals()) & {'keras', 'tensorflow'}))"
WARM, COLD = "True 2 []\n", "False 2 []\n"


def job_of(folder, *sources, files=()):
    folder.mkdir()
    notebook = write_notebook(folder / "work.ipynb", *sources)
    return Job(notebook=notebook, files=files, out=folder / "out", profile=FULL, limits=Limits(cell_seconds=150))


def without_notebook(job):
    """What a kernel is started for before it is known which notebook it will run."""
    return _as_json(job, None) | {"notebook": "", "out": "", "files": []}


def shown(job):
    cells = json.loads((job.out / "executed.ipynb").read_text())["cells"]
    return ["".join("".join(one.get("text", "")) for one in cell["outputs"]) for cell in cells]


def drivers():
    """The driving processes below us."""
    return [one for one in below(os.getpid()) if "grader.drive" in words_of(one)]


@pytest.fixture
def warm_pool():
    with WarmPool(1) as warm_pool:
        yield warm_pool


@needs_seal
@pytest.mark.slow
def test_the_next_notebook_finds_a_kernel_that_has_imported_tensorflow_and_nothing_else(warm_pool, tmp_path):
    """The first one gets its own; the second one waits for no import, counts from 1 and finds no names or files."""
    warm_pool.expect(1)
    first = job_of(tmp_path / "a", LOOK, "open('left behind', 'w').close(); open('/tmp/left', 'w').close(); mine = 1")
    assert statuses(run_notebook(first, warm_pool=warm_pool)) == ["ok", "ok"]
    assert len(drivers()) == 1
    warm_pool.passed()
    second = job_of(tmp_path / "b", LOOK, "import os; print(os.listdir(), os.listdir('/tmp'), 'mine' in globals())")
    execution = run_notebook(second, warm_pool=warm_pool)
    assert (execution.ending, statuses(execution)) == (Ending.COMPLETED, ["ok", "ok"])
    assert shown(first)[0] == COLD
    assert shown(second) == [WARM, "[] [] False\n"]
    assert execution.trace.versions["tensorflow"]
    assert not drivers()


@needs_seal
@pytest.mark.slow
def test_a_notebook_that_could_tell_gets_a_kernel_of_its_own(warm_pool, tmp_path):
    """Variables set before the import, files of its own and notebooks without Keras go the cold way; one waits on."""
    warm_pool.expect(1)
    helper = tmp_path / "helper.py"
    helper.write_text("")
    unfit = [
        job_of(tmp_path / "a", "import os; os.environ['KERAS_BACKEND'] = 'tensorflow'", LOOK),
        job_of(tmp_path / "b", LOOK, files=(("helper.py", helper),)),
        job_of(tmp_path / "c", LOOK.replace("keras", "torch").replace("tensorflow", "torch")),
    ]
    for job in unfit:
        assert run_notebook(job, warm_pool=warm_pool).ending is Ending.COMPLETED
        assert shown(job)[-1].startswith("False")
    (waiting,) = drivers()
    warm_pool.expect(0)
    fit = job_of(tmp_path / "d", LOOK)
    run_notebook(fit, warm_pool=warm_pool)
    assert shown(fit) == [WARM]
    assert not waiting.is_running()


@needs_seal
@pytest.mark.slow
def test_a_waiting_kernel_that_was_lost_costs_its_notebook_nothing(warm_pool, tmp_path):
    """Whether the kernel or its driver ended while it waited, the notebook runs, in another one."""
    for name, victim in (
        ("kernel", lambda driver: driver.children(recursive=True)),
        ("driver", lambda driver: [driver]),
    ):
        warm_pool.expect(1)
        run_notebook(job_of(tmp_path / f"{name} first", "pass"), warm_pool=warm_pool)
        warm_pool.expect(0)
        (driver,) = drivers()
        wait_for_kernel(driver)
        for process in victim(driver):
            with contextlib.suppress(psutil.NoSuchProcess):  # it went with its parent
                process.kill()
        time.sleep(0.5)
        job = job_of(tmp_path / name, LOOK)
        assert run_notebook(job, warm_pool=warm_pool).ending is Ending.COMPLETED
        assert shown(job) == [COLD]


def wait_for_kernel(driver):
    deadline = time.monotonic() + 60
    while not any("kernel.py" in " ".join(one.cmdline()) for one in driver.children(recursive=True)):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@needs_seal
def test_at_the_end_nobody_waits_and_nothing_is_started_for_nobody(tmp_path):
    """As many wait as notebooks are to come, at most as many as may run at once; closing ends them all."""
    standing = without_notebook(job_of(tmp_path / "a", LOOK))
    with WarmPool(2) as warm_pool:
        assert warm_pool.take(standing, suited=True, linked=False) is None
        assert not drivers()
        warm_pool.expect(5)
        assert warm_pool.take(standing, suited=False, linked=False) is None
        assert len(drivers()) == 2
    assert not drivers()
    warm_pool.expect(5)
    assert warm_pool.take(standing, suited=True, linked=False) is None
    assert not drivers()


def waiting_kernels(how_many):
    """The processes of sealed kernels that wait below us, once so many are up."""
    deadline = time.monotonic() + 60
    found = []
    while len(found) < how_many:
        assert time.monotonic() < deadline
        found = []
        for driver in drivers():
            found += [one for one in below(driver.pid) if "kernel.py" in " ".join(words_of(one)[:2])]
        time.sleep(0.05)
    return found


@needs_seal
@pytest.mark.skipif(syscall_filter() is None, reason="no system call filter for this processor")
def test_a_kernel_is_sealed_and_limited_while_it_waits(warm_pool, tmp_path):
    """Before any line of a notebook: no rights, no new ones, the filter of system calls, and the limits of its job."""
    limits = Limits(memory_mb=1234, scratch_mb=56, processes=78)
    standing = without_notebook(job_of(tmp_path / "a", LOOK))
    warm_pool.expect(1)
    warm_pool.take(standing | {"limits": dataclasses.asdict(limits)}, suited=False, linked=False)
    (kernel,) = waiting_kernels(1)
    state = Path(f"/proc/{kernel.pid}/status").read_text()
    assert {"Seccomp:\t2", "NoNewPrivs:\t1", "CapEff:\t" + "0" * 16, "CapBnd:\t" + "0" * 16} <= set(state.splitlines())
    bounds = dict(re.findall(r"^Max (.*?)  +(\S+)", Path(f"/proc/{kernel.pid}/limits").read_text(), re.MULTILINE))
    assert int(bounds["data size"]) == 1234 << 20
    assert int(bounds["file size"]) == 56 << 20
    assert int(bounds["processes"]) == most_threads(limits)
    assert (bounds["open files"], bounds["core file size"]) == ("1024", "0")


WAITS = """
import sys, time
from grader.drivers import WarmPool
with WarmPool(2) as warm_pool:
    warm_pool.expect(2)
    warm_pool.take(__import__("json").loads(sys.argv[1]), suited=False, linked=False)
    print("waiting", flush=True)
    time.sleep(60)
"""


@needs_seal
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_those_that_wait_end_with_the_grader(blow, tmp_path):
    """However it ends: no process and no file of theirs is left."""
    standing = without_notebook(job_of(tmp_path / "a", LOOK))
    place = tmp_path / "temporary"
    place.mkdir()
    grader = subprocess.Popen(
        [sys.executable, "-c", WAITS, json.dumps(standing)],
        env={**os.environ, "TMPDIR": str(place)}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    grader.stdout.readline()
    assert len(waiting_kernels(2)) == 2
    family = below(grader.pid)
    grader.send_signal(blow)
    left = running_after(family, 20)
    assert grader.wait(20) != 0
    assert left == []
    assert list(place.iterdir()) == []


DRAWS = """
import json, os, random, numpy as np, keras, tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1)  # refused once anything has been computed
def draws():
    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    return [random.random(), float(np.random.rand()), float(tf.random.uniform(())), layer.kernel.numpy().tolist()]
free, name = [*draws(), os.urandom(8).hex(), hash("a")], keras.layers.Dense(1).name
keras.utils.set_random_seed(7)
print(json.dumps([free, [draws(), name]]))
"""


@needs_seal
@pytest.mark.slow
def test_chance_is_a_kernels_own_and_a_seed_gives_what_it_gives_in_any(tmp_path):
    """Two that waited side by side draw other numbers, other weights and other hashes; seeded, all draw the same."""
    jobs = [job_of(tmp_path / name, DRAWS, "open('of a notebook', 'x')\nimport os; os.listdir()") for name in "abc"]
    run_notebook(jobs[0])
    with WarmPool(2) as warm_pool, ThreadPoolExecutor(2) as pool:
        warm_pool.expect(2)
        warm_pool.take(without_notebook(jobs[1]), suited=False, linked=False)
        warm_pool.expect(0)
        assert all(pool.map(lambda job: statuses(run_notebook(job, warm_pool=warm_pool)) == ["ok", "ok"], jobs[1:]))
    assert [json.loads((job.out / "outcome.json").read_text())["ahead"] for job in jobs] == [False, True, True]
    told = [json.loads(shown(job)[0].splitlines()[-1]) for job in jobs]  # the lines before are TensorFlow's
    assert all(len({json.dumps(one) for one in same}) == 3 for same in zip(*(free for free, _ in told), strict=True))
    assert told[0][1] == told[1][1] == told[2][1]


SURROUNDINGS = """
import json, os, re, keras, tensorflow
here = getattr(os, 'env' 'iron')  # written so that it is not found
first = open('/proc/self/env' 'iron').read().split(chr(0))
opened = [os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}')]
print(json.dumps([sorted(re.sub('[0-9]+', '#', one) for one in all) for all in (first, map(str, here.items()), opened)]))
here['T' 'F_NUM_INTRAOP_THREADS'] = '1'
print(sorted(os.listdir('/proc/self/task')) != [], os.listdir('/tmp'), [n for n in os.listdir('/proc') if n.isdigit()])
"""


@needs_seal
@pytest.mark.slow
def test_a_kernel_that_waited_shows_what_a_cold_one_shows(tmp_path):
    """Whoever hides that they set variables sees the same environment, descriptors, files and processes as in any."""
    jobs = [job_of(tmp_path / name, SURROUNDINGS) for name in "ab"]
    run_notebook(jobs[0])
    with WarmPool(1) as warm_pool:
        warm_pool.expect(1)
        warm_pool.take(without_notebook(jobs[1]), suited=False, linked=False)
        run_notebook(jobs[1], warm_pool=warm_pool)
    assert [json.loads((job.out / "outcome.json").read_text())["ahead"] for job in jobs] == [False, True]
    waited, cold = ([line for one in shown(job) for line in one.splitlines()[-2:]] for job in jobs[::-1])
    assert waited == cold


@needs_seal
@pytest.mark.slow
@pytest.mark.parametrize("name", ["task3-saved-and-loaded", "task1-misspelt-activation"])
def test_a_lesson_runs_the_same_in_a_kernel_that_waited(name, tmp_path):
    """Trace, cells, outputs and errors are those of a cold kernel, but for what chance decides."""
    (lesson,) = (one for one in LESSONS if one.name == name)
    cold, waited = (
        Job(
            notebook=lesson.submission.notebooks[0].path,
            out=tmp_path / place,
            datasets=tuple(DataStore().choose(name, "sample") for name in ("mnist", "binary20")),
            profile=Profile(name="quick", steps=2),
            limits=Limits(),
        )
        for place in ("cold", "waited")
    )
    alone = run_notebook(cold)
    with WarmPool(1) as warm_pool:
        warm_pool.expect(1)
        warm_pool.take(without_notebook(waited), suited=False, linked=False)
        execution = run_notebook(waited, warm_pool=warm_pool)
    assert json.loads((waited.out / "outcome.json").read_text())["ahead"]
    assert traced(execution) == traced(alone)
    assert sameness.shown(waited.out) == sameness.shown(cold.out)


@needs_seal
@pytest.mark.slow
@pytest.mark.parametrize("end", ["import os; os._exit(0)", "while True: pass", "import keras; raise SystemExit"])
def test_a_kernel_serves_one_notebook_however_that_ends(end, warm_pool, tmp_path):
    """A crash, a loop, an exit: its process is gone, and the next notebook meets nothing of it."""
    first = job_of(tmp_path / "a", f"import keras\nmine = open('/tmp/mine', 'x')\n{end}")
    first = dataclasses.replace(first, limits=Limits(cell_seconds=2))
    second = dataclasses.replace(
        job_of(tmp_path / "b", "# keras\nimport os; print('mine' in globals(), os.listdir('/tmp'))"),
        limits=first.limits,
    )
    warm_pool.expect(1)
    warm_pool.take(without_notebook(first), suited=False, linked=False)
    waiting_kernels(1)
    (before,) = drivers()
    run_notebook(first, warm_pool=warm_pool)
    assert not before.is_running()
    warm_pool.expect(0)
    run_notebook(second, warm_pool=warm_pool)
    assert shown(second) == ["False []\n"]
    assert [json.loads((job.out / "outcome.json").read_text())["ahead"] for job in (first, second)] == [True, True]


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
        ("get_ipython().run_line_magic('env', 'A=1'); import keras", False),
        ("import os; os.unsetenv('A'); import keras", False),
        ("from dotenv import load_dotenv; load_dotenv(); import keras", False),
        ("open('/home/student/.keras/keras.json', 'w').write('{}'); import keras", False),
        ("%tensorflow_version 2.x\nimport tensorflow", False),
        ("import sys; sys.path.insert(0, 'lib'); import keras", False),
        ("keras.config.set_backend('x') # keras backend = jax", False),
    ],
)
def test_what_counts_before_an_import_is_seen_in_the_source(source, suited, tmp_path):
    """Environment variables and whatever else decides what an import does."""
    assert suits_warm_kernel(write_notebook(tmp_path / "work.ipynb", source)) is suited


def test_a_huge_notebook_is_not_read_on_this_side_of_the_wall(tmp_path):
    """What would fill our memory gets a kernel of its own, whatever it says."""
    huge = tmp_path / "huge.ipynb"
    huge.write_bytes(b"import keras")
    assert suits_warm_kernel(huge)
    os.truncate(huge, 1 << 26)
    assert not suits_warm_kernel(huge)


def test_a_notebook_that_is_not_there_suits_nobody(tmp_path):
    """Running it says why."""
    assert not suits_warm_kernel(tmp_path / "none.ipynb")
