"""Which device a trainer gets, who waits for whom, and what becomes of a training that memory does not suffice for."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.clock import Clock
from grader.drive import run as drive
from grader.errors import MachineError, TrainerError, UsageError
from grader.recipe import recipe_of
from grader.records import Limits, TrainingLimits
from grader.sandbox import Bubblewrap
from grader.train import Hardware, TrainerPool, hardware_of, require_backend, visible_gpus
from grader.train import hardware as hardware_module
from grader.train import worker as worker_module
from grader.train.hardware import Gpu, Place
from grader.train.slots import Slots
from tests.recipes import dense, fitted, inputs, mnist_rows, model, sequential
from tests.test_sandbox import needs_seal
from tests.test_train import FULL, TRAIN_ROWS, dense_recipe, mnist, words  # noqa: F401 - mnist is a fixture

LARGE, SMALL = Gpu(id="0", memory_mb=80_000), Gpu(id="1", memory_mb=8_000)


def test_the_device_option_names_gpus_by_number():
    """`auto` takes what there is, `cpu` nothing, `gpu:1` the second; what is not there is refused with what is."""
    here = (LARGE, SMALL)
    assert hardware_of("auto", "jax", here) == Hardware(backend="jax", gpus=here)
    assert hardware_of("auto", "jax", ()) == hardware_of("cpu", "jax", here) == Hardware(backend="jax")
    assert hardware_of("gpu", "jax", here).required
    assert hardware_of("gpu:1", "jax", here).gpus == (SMALL,)
    for wrong, told in [("gpu:2", "0, 1"), ("gpu:-1", "0, 1"), ("cpu:0", "auto, cpu"), ("tpu", "auto, cpu")]:
        with pytest.raises(UsageError, match=told):
            hardware_of(wrong, "jax", here)
    with pytest.raises(MachineError, match="grader doctor"):
        hardware_of("gpu", "jax", ())


def test_a_backend_that_is_not_here_is_refused_before_anything_is_started():
    """In one sentence with the command that installs it, and without importing it."""
    require_backend("tensorflow")
    with pytest.raises(
        MachineError,
        match=r"torchless is not installed here; in the grader's checkout: pip install -e '.\[torchless\]'",
    ):
        require_backend("torchless")


def test_gpus_are_those_the_system_shows(monkeypatch):
    """Numbered as CUDA does, limited by its own variable, with name and memory where the driver tells them."""
    nodes = tuple(Path("/dev", name) for name in ("nvidia0", "nvidia3", "nvidiactl", "nvidia-uvm"))
    monkeypatch.setattr(hardware_module, "gpu_devices", lambda: nodes)
    told = "0, GPU-a, NVIDIA H100, 81559\n1, GPU-b, NVIDIA L4, [N/A]\nsomething else\n"
    monkeypatch.setattr(hardware_module, "_told_by_driver", lambda: hardware_module.read_driver(told))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert [(gpu.id, gpu.name, gpu.memory_mb) for gpu in visible_gpus()] == [
        ("0", "NVIDIA H100", 81559),
        ("1", "NVIDIA L4", None),
    ]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-b, MIG-7")
    assert [gpu.id for gpu in visible_gpus()] == ["GPU-b", "MIG-7"]


def test_a_trainer_is_told_its_device_and_its_share():
    """On the processor no GPU is to be seen; on a GPU memory is taken as needed, up to the share."""
    assert Place().environment == {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    told = Place(gpu=LARGE, share=0.25).environment
    assert (told["CUDA_VISIBLE_DEVICES"], told["GRADER_GPU_SHARE"], told["GRADER_GPU_MB"]) == ("0", "0.250", "20000")
    assert told["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    assert told["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"


def test_trainers_spread_over_gpus_as_memory_allows():
    """Six trainers on two GPUs: three and, where memory is scarce, two; the emptier device comes first."""
    slots = Slots(Hardware(gpus=(LARGE, SMALL)), workers=6)
    lent = [slots.shared() for _ in range(5)]
    places = [one.__enter__() for one in lent]
    assert [place.gpu.id for place in places].count("0") == 3
    assert [place.gpu.id for place in places][:2] == ["0", "1"]
    assert places[0].share == pytest.approx(0.3)
    assert places[1].share == pytest.approx(0.45)
    assert slots._free() == []


def test_alone_means_that_the_others_have_gone_and_nobody_comes():
    """Who wants a device alone waits for those at work on it; others wait until it is done, or go elsewhere."""
    slots, told = Slots(Hardware(), workers=2), []
    first = slots.shared()
    first.__enter__()

    def alone():
        with slots.alone(None):
            told.append("alone")
            time.sleep(0.1)
            told.append("done")

    def late():
        with slots.shared():
            told.append("late")

    threads = [threading.Thread(target=alone), threading.Thread(target=late)]
    threads[0].start()
    time.sleep(0.1)
    threads[1].start()
    time.sleep(0.1)
    assert told == []
    first.__exit__(None, None, None)
    for thread in threads:
        thread.join(5)
    assert told == ["alone", "done", "late"]


def wide(units=7_000):
    """A recipe whose estimate stays within a gigabyte, and whose training does not fit beside TensorFlow in one."""
    config = sequential(inputs(784), dense(units, "relu"), dense(units, "relu"), dense(10, "softmax"))
    return recipe_of(fitted(**mnist_rows(TRAIN_ROWS), batch_size=32, epochs=1), model(config))


def test_what_memory_does_not_suffice_for_is_tried_once_more_alone_and_then_left_to_a_person(mnist, monkeypatch):  # noqa: F811
    """The trainer's own allocation fails, for real, twice; the outcome says so, is not kept, and judges nobody."""
    alone, lend = [], Slots.alone
    monkeypatch.setattr(Slots, "alone", lambda self, device: alone.append(device) or lend(self, device))
    bounds = TrainingLimits(memory_mb=1_000, parameters=100_000_000)
    with TrainerPool(bounds=bounds, cache=None, workers=2) as pool:
        training = pool.train(wide(), mnist, FULL, seed=0)
        assert pool._idle == []  # what ran out of memory is not used again
        assert pool.train(dense_recipe(units=4, epochs=1), mnist, FULL, seed=0).outcome == "trained"
    assert (training.outcome, training.test_accuracy) == ("failed", None), training.reason
    # TensorFlow says so itself, or falls over where even its own C++ gets no memory: chance decides which.
    assert (alone, "memory did not suffice" in words(training)) in [([None], True), ([], False)]
    assert alone or "ended twice" in words(training)


def test_a_process_that_the_system_killed_for_memory_gets_a_second_try(mnist):  # noqa: F811
    """What the second try gives is the training, as if nothing had been."""
    with TrainerPool(bounds=TrainingLimits(), cache=None) as pool:
        pool.train(dense_recipe(units=8), mnist, FULL, seed=0)
        victim, found = pool._idle[0], []
        thread = threading.Thread(
            target=lambda: found.append(pool.train(dense_recipe(units=512, epochs=60), mnist, FULL, seed=0))
        )
        thread.start()
        time.sleep(1)
        os.kill(victim._running.pid, signal.SIGKILL)
        thread.join(120)
    assert [one.outcome for one in found] == ["trained"]


def test_a_gpu_that_was_asked_for_and_cannot_be_used_is_a_fault_of_the_machine(mnist):  # noqa: F811
    """Never trained on the processor in silence."""
    hardware = Hardware(gpus=(LARGE,), required=True)
    with (
        TrainerPool(bounds=TrainingLimits(), cache=None, hardware=hardware) as pool,
        pytest.raises(TrainerError, match="sees no GPU"),
    ):
        pool.train(dense_recipe(units=4), mnist, FULL, seed=0)


HARMLESS = next((path for path in (Path("/dev/fuse"), Path("/dev/hwrng"), Path("/dev/kmsg")) if path.exists()), None)
"""A device node that a sandbox has none of, in the place of a GPU's."""
LOOK = f"""
import os, stat
print("seen" if os.path.exists("{HARMLESS}") else "unseen", os.environ.get("CUDA_VISIBLE_DEVICES"))
print("driver" if os.path.isdir("/sys/class") else "no driver")
"""


@needs_seal
@pytest.mark.skipif(HARMLESS is None, reason="there is no device node here to show")
@pytest.mark.parametrize(("gpu", "told"), [(True, ["seen None", "driver"]), (False, ["unseen -1", "no driver"])])
def test_a_kernel_sees_the_nodes_of_a_gpu_only_when_that_was_asked_for(tmp_path, monkeypatch, gpu, told):
    """`--kernel-device gpu` shows the nodes and what their driver looks up; without it there is neither."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(drive, "gpu_devices", lambda: (HARMLESS,))
    nbformat.write(new_notebook(cells=[new_code_cell(LOOK)]), tmp_path / "work.ipynb")
    drive.run_job(
        drive.DriveJob(
            notebook=tmp_path / "work.ipynb", files={}, out=tmp_path, datasets={}, known=(), quick_steps=None,
            limits=Limits(), unsealed=False, probe=False, shims=False, gpu=gpu,
        ),
        Clock(),
    )  # fmt: skip
    [cell] = nbformat.read(tmp_path / "executed.ipynb", 4).cells
    assert "".join(output["text"] for output in cell.outputs).split("\n")[:2] == told


@needs_seal
@pytest.mark.skipif(HARMLESS is None, reason="there is no device node here to show")
def test_a_trainer_on_a_gpu_sees_its_nodes_and_one_on_the_processor_does_not(mnist, monkeypatch):  # noqa: F811
    """The nodes are opened to the one process that has a place on a GPU."""
    monkeypatch.setattr(worker_module, "gpu_devices", lambda: (HARMLESS,))
    for place, seen in ((Place(), False), (Place(gpu=LARGE), True)):
        room = worker_module._room(Bubblewrap(), {}, TrainingLimits(), place)
        with room as inside:
            look = f"import os; print(os.path.exists('{HARMLESS}'))"
            argv = [sys.executable, "-c", look]
            running = inside.start(argv, {"PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE)
            assert running.popen.communicate(timeout=60)[0].split() == [str(seen).encode()]
