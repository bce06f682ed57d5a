"""A Ray cluster of two nodes on this machine: the same grades as without, also when a node is lost in the middle."""

import importlib.util
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.engine import EngineConfig, actors
from grader.engine.payload import datasets_here, pack, run_payload, unpack
from grader.errors import DataError, MachineError, TrainerError, UsageError
from grader.execute import Job, run_notebook
from grader.records import DataSet, Ending, Limits, Profile, TrainingLimits
from tests.test_batch import TASK1

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install -e '.[cluster]'"
)

STORIES = {
    "anna": TASK1,
    "boris": TASK1.replace("model", "net"),
    "vera": TASK1.replace("128", "64"),
    "gleb": "x = 1\nprint(undefined)",
    "dina": "import os\nos._exit(3)",
    "egor": TASK1.replace('"softmax"', '"sigmoid"'),
}


COUNT = int(os.environ.get("CLUSTER_SUBMISSIONS", len(STORIES)))
"""How many hand in where a node is lost; more of them tell the same stories."""


def hand_in(folder, count=6):
    for number, (name, source) in zip(range(count), itertools.cycle(STORIES.items()), strict=False):
        place = folder / f"{name}-{number}"
        place.mkdir(parents=True)
        nbformat.write(new_notebook(cells=[new_code_cell(source)]), place / "work.ipynb")
    return folder


def grade(folder, out, home, *more, **how):
    command = [
        "grade",
        folder,
        "-o",
        out,
        "--tasks",
        "task1",
        "--profile",
        "quick",
        "--data",
        "sample",
        "--lang",
        "en",
        *more,
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "grader", *map(str, command)],
        env={**os.environ, "GRADER_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **how,
    )


def graded(out):
    """What a run came to, without what tells the two engines apart: times, and which node was quicker."""
    found = json.loads((out / "results.json").read_text())["submissions"]
    return {
        one["student"]: (one["status"], {name: (t["earned"], t["in_review"]) for name, t in one["tasks"].items()})
        for one in found
    }


def trainings_run(out):
    return json.loads((out / "results.json").read_text())["run"]["trainings_run"]


@pytest.fixture(scope="module")
def graded_here(tmp_path_factory):
    """A class, and its run on this machine alone."""
    root = tmp_path_factory.mktemp("here")
    folder = hand_in(root / "class", COUNT)
    local = grade(folder, root / "local", root / "home")
    told, _ = local.communicate(timeout=80 * COUNT)
    assert local.returncode == 0, told
    return folder, root / "local"


@pytest.fixture
def cluster():
    """Two raylets, one processor each; the first is the head."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.second = made.add_node(num_cpus=1)
    made.wait_for_nodes()
    yield made
    made.shutdown()


@needs_ray
@pytest.mark.slow
def test_a_node_lost_in_the_middle_changes_no_grade(tmp_path, cluster, graded_here):
    """Notebooks and trainings of the lost node begin again on the other one; the results are those of one machine."""
    folder, local = graded_here
    seconds = 80 * COUNT
    log = tmp_path / "log"
    running = grade(
        folder, tmp_path / "ray", tmp_path / "other", "--engine", "ray", "--address", cluster.address, "--json-log", log
    )
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and running.poll() is None:
        if log.exists() and log.read_text().count('"done"') > COUNT // 3 - 1:
            break
        time.sleep(0.2)
    assert running.poll() is None, "the node is to be lost in the middle"
    cluster.remove_node(cluster.second, allow_graceful=False)
    told, _ = running.communicate(timeout=seconds)
    assert running.returncode == 0, told
    assert graded(tmp_path / "ray") == graded(local)
    assert {one[0] for one in graded(tmp_path / "ray").values()} >= {"kernel_died"}
    assert trainings_run(tmp_path / "ray") == trainings_run(local) > 0


@needs_ray
@pytest.mark.slow
def test_a_cluster_fills_a_shared_cache_with_each_training_once(tmp_path, cluster, graded_here):
    """What is on its way is waited for, on whatever node it is; another machine that grades then trains nothing."""
    folder, local = graded_here
    shared = tmp_path / "shared"
    how = ("--engine", "ray", "--address", cluster.address, "--shared-cache", shared.as_uri())
    for name in ("one", "other"):
        running = grade(folder, tmp_path / name, tmp_path / f"{name}-home", *how)
        told, _ = running.communicate(timeout=80 * COUNT)
        assert running.returncode == 0, told
        assert graded(tmp_path / name) == graded(local)
    assert trainings_run(tmp_path / "one") == len(list(shared.glob("*.training"))) == trainings_run(local) > 0
    assert trainings_run(tmp_path / "other") == 0


@needs_ray
@pytest.mark.slow
def test_a_driver_that_is_lost_is_resumed(tmp_path, cluster):
    """`grader resume` knows the engine and the address, and grades what is left."""
    folder, log = hand_in(tmp_path / "class"), tmp_path / "log"
    running = grade(
        folder, tmp_path / "run", tmp_path / "home", "--engine", "ray", "--address", cluster.address, "--json-log", log
    )
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and not (log.exists() and '"done"' in log.read_text()):
        time.sleep(0.2)
    running.kill()
    running.wait()
    resumed = subprocess.run(
        [sys.executable, "-m", "grader", "resume", str(tmp_path / "run"), "--summary", "-"],
        env={**os.environ, "GRADER_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert resumed.returncode == 0, resumed.stderr
    summary = json.loads(resumed.stdout.splitlines()[-1])
    assert (summary["unfinished"], summary["unchanged"] + summary["graded"]) == (0, len(STORIES))
    assert summary["unchanged"] > 0


def job(folder, source="print(open('table.csv').read())"):
    nbformat.write(new_notebook(cells=[new_code_cell(source)]), folder / "work.ipynb")
    (folder / "table.csv").write_text("a,b")
    return Job(
        notebook=folder / "work.ipynb",
        files=(("table.csv", folder / "table.csv"),),
        out=folder / "out",
        profile=Profile(name="quick", steps=4),
        limits=Limits(),
    )


def test_a_notebook_runs_elsewhere_as_it_does_here(tmp_path):
    """Its files travel with it, and what it leaves comes back, also when nothing of either is on the other machine."""
    payload = pack(job(tmp_path))
    for file in tmp_path.iterdir():
        file.rename(tmp_path.parent / f"{tmp_path.name}-{file.name}")
    there = unpack(run_payload(payload, None), payload.job)
    assert (there.ending, [cell.error for cell in there.cells]) == (Ending.COMPLETED, [""])
    assert (tmp_path / "out" / "executed.ipynb").is_file()


def test_a_link_travels_as_nothing(tmp_path):
    """What is no plain file is not read on the machine that grades, whatever it leads to."""
    asked = job(tmp_path)
    (tmp_path / "table.csv").unlink()
    (tmp_path / "table.csv").symlink_to("/etc/passwd")
    assert list(pack(asked).contents) == [asked.notebook]
    there = unpack(run_payload(pack(asked), None), asked)
    assert there.ending is run_notebook(asked).ending
    assert "root:" not in "".join(path.read_text() for path in asked.out.iterdir())


def test_other_data_on_a_node_is_a_fault(tmp_path, monkeypatch):
    """Nobody is graded on data that the machine that grades does not have."""
    monkeypatch.setenv("GRADER_HOME", str(tmp_path))
    elsewhere = DataSet(
        name="binary20", edition="sample", fingerprint="f", folder="/nowhere", num_train=1, num_test=1, source="drawn"
    )
    with pytest.raises(DataError, match="other data"):
        datasets_here([elsewhere])


class FakeRay:
    """Stands in for Ray: actors that start, or do not, one after the other as ``starts`` says; then as the last one."""

    def __init__(self, *starts):
        self.starts, self.begun = starts, 0
        self.exceptions = SimpleNamespace(RayError=RayLossError, RayTaskError=RayFaultError)

    def remote(self, kind):
        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=lambda *_: self._actor()))

    def _actor(self):
        starts = self.starts[min(self.begun, len(self.starts) - 1)]
        self.begun += 1
        return SimpleNamespace(
            __ray_ready__=SimpleNamespace(remote=lambda: starts), platform=SimpleNamespace(remote=lambda: "here")
        )

    def get(self, answer):
        if not answer:
            raise RayLossError("a library is missing on the node")
        return answer

    def kill(self, actor):
        pass


class RayLossError(Exception):
    pass


class RayFaultError(RayLossError):
    pass


def asked(ray, monkeypatch, trainers=1):
    """Ask a scheduler twice what is trained on, and return what it says or raises within a while."""
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(actors, "_AGAIN_SECONDS", 0.001)
    config = EngineConfig(bounds=TrainingLimits(), cache=None, datasets=())
    before = set(threading.enumerate())
    scheduler = actors.TrainingScheduler(config, actors.TrainerResources(trainers=trainers))
    with ThreadPoolExecutor(2) as pool:
        told = [pool.submit(scheduler.platform) for _ in range(2)]
        done, _ = wait(told, timeout=20)
        ray.starts = (True,)  # those who still wait go home, and nobody tries for ever
        while set(threading.enumerate()) - before - pool._threads:
            time.sleep(0.01)
    return {one.exception() or one.result() for one in done}


def test_whoever_asks_a_cluster_whose_trainers_do_not_start_is_told(monkeypatch):
    """All who wait, with what Ray says of it, and not after one that did not start."""
    for trainers in (1, 3):
        faults = asked(FakeRay(False), monkeypatch, trainers)
        assert len(faults) == 2
        for fault in faults:
            assert isinstance(fault, TrainerError)
            assert f"{5 * trainers} in a row did not (a library is missing on the node)" in str(fault)


def test_a_trainer_that_starts_after_some_that_did_not_is_asked(monkeypatch):
    """A node may be slow in coming up."""
    assert asked(FakeRay(False, False, True), monkeypatch) == {"here"}
    assert asked(FakeRay(True, False), monkeypatch, trainers=2) == {"here"}


@needs_ray
def test_a_cluster_that_is_not_there_is_said_in_one_line():
    """Also a device that Ray is to choose."""
    from grader.engine.cluster import _trainer_resources, ray_engine

    config = EngineConfig(bounds=TrainingLimits(), cache=None, datasets=())
    with pytest.raises(UsageError, match="ray start --head"), ray_engine(config, "127.0.0.1:1"):
        pass
    with pytest.raises(UsageError, match="Ray chooses"):
        _trainer_resources(EngineConfig(bounds=TrainingLimits(), cache=None, datasets=(), device="gpu:0"), {"GPU": 2})
    with pytest.raises(MachineError, match="no node"):
        _trainer_resources(EngineConfig(bounds=TrainingLimits(), cache=None, datasets=(), device="gpu"), {"CPU": 8.0})
    assert _trainer_resources(config, {"GPU": 2.0, "CPU": 8.0}).trainers == 8
    assert _trainer_resources(config, {"GPU": 2.0, "CPU": 8.0}).gpus == 0.25
