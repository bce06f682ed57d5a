"""The doctor's table, on this very machine."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from grader import doctor
from grader.language import Language
from grader.records import Limits
from grader.sandbox import PROMISES, PromiseResult
from grader.train.hardware import Gpu
from grader.workbook import load_workbook
from tests.test_cli import grader


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What `grader doctor` prints here."""
    done = grader("doctor", "--lang", "en", home=tmp_path_factory.mktemp("home"), timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_doctor_finds_what_is_here(told):
    """Python, TensorFlow with Keras, memory and the sandbox have a line each."""
    for name in ("Python", "TensorFlow", "Keras", "Memory and processors", "Sandbox (bubblewrap)"):
        assert name in told


def test_the_doctor_asks_for_as_much_memory_as_a_notebook_may_use(monkeypatch):
    """By the limit itself, which is the shipped workbook's; both READMEs ask for the same."""
    limit = Limits().memory_mb
    assert load_workbook().limits.memory_mb == limit
    for free, ok in ((limit - 100, False), (limit + 100, True)):
        monkeypatch.setattr(psutil, "virtual_memory", lambda free=free: SimpleNamespace(available=free << 20))
        found = doctor._memory()
        assert found.ok is ok
        assert ok or f"may use up to {limit // 1024} GiB" in Language("en").say(found.remedy)
    for readme, words in (("README.md", "GB of free memory for each"), ("README.ru.md", "ГБ свободной памяти на каж")):
        assert f"{limit // 1024} {words}" in (Path(__file__).parent.parent / readme).read_text("utf-8")


def test_every_promise_of_the_sandbox_is_kept(told):
    """One line a promise, all kept on the machine the tests run on."""
    assert told.count(": kept") == len(PROMISES)
    assert "broken" not in told


def test_the_sandbox_alone_can_be_asked_for(tmp_path):
    """`grader doctor --sandbox` prints its promises and nothing else, in Russian as well."""
    done = grader("doctor", "--sandbox", home=tmp_path, timeout=100, lang="ru")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": да\n") == len(PROMISES)
    assert "Python" not in done.stdout


def test_a_broken_promise_says_what_it_means():
    """Whoever grades reads what was found, and what a notebook could do with it; what cannot be tried is no fault."""
    promise = PROMISES[0]
    broken = doctor._promise(PromiseResult(promise.name, promise.otherwise, "broken", "a local port answers"))
    assert (broken.ok, broken.needed) == (False, True)
    assert "не проверяйте" in Language("ru").say(broken.remedy).lower()
    absent = doctor._promise(PromiseResult(promise.name, promise.otherwise, "not applicable"))
    assert (absent.ok, absent.needed) == (False, False)


def test_what_is_missing_comes_with_how_to_get_it(told):
    """A data set that is not here is named with the command that brings it."""
    assert "grader data fetch mnist, or grader data add mnist FILE" in told


def test_the_doctor_says_which_workbook_is_read(told, tmp_path, monkeypatch):
    """A checkout's own files, or a copy on which edits of the checkout have no effect."""
    root = Path(__file__).parent.parent
    assert f"Workbook, references and templates: in {root}\n" in told
    monkeypatch.setattr(doctor, "shipped", lambda name: tmp_path / "assets" / name)
    copied = Language("en").say(doctor._files().found)
    assert copied.startswith(f"in {tmp_path / 'assets'}, an installed copy.")
    assert copied.endswith("pip install -e .")


def test_only_who_wants_a_cluster_is_sent_for_ray(monkeypatch):
    """Ray's version where it is installed; without it nothing is wrong, and the pip line is there."""
    for version, found in (("2.50.0", "2.50.0, for --engine ray"), (None, "not installed; only --engine ray needs it")):
        monkeypatch.setattr(doctor, "_version", lambda package, version=version: version)
        check = doctor._cluster()
        assert (Language("en").say(check.found), check.needed) == (found, False)
        assert (check.remedy is None) is (version is not None)


def test_without_tensorflow_the_doctor_says_what_to_install(monkeypatch):
    """No TensorFlow is a fault, with the pip line that mends it."""
    monkeypatch.setattr(doctor, "_version", lambda package: None)
    check = doctor._tensorflow()
    assert not check.ok
    assert check.needed
    assert "pip install -e '.[cpu]'" in check.remedy.text, "a plain install would end the editable one"
    libraries = doctor._notebook_libraries()
    assert "opencv-python-headless" in libraries.found.values["names"]
    assert libraries.remedy.values["extra"] == "kernel"


@pytest.mark.parametrize(
    ("gpus", "device", "said", "well"),
    [
        ((), "cpu", "none; training runs on the processor", True),
        (
            (Gpu(id="0", name="NVIDIA H100", memory_mb=81559), Gpu(id="1")),
            "gpu",
            "0: NVIDIA H100, 81559 MB, 1: 1;",
            True,
        ),
        ((Gpu(id="0", name="NVIDIA L4"),), "cpu", "0: NVIDIA L4;", False),
    ],
)
def test_gpus_and_what_each_backend_computes_on_have_a_line(monkeypatch, gpus, device, said, well):
    """A backend that does not see the GPU is told how to be installed with CUDA; without a GPU that is no fault."""
    monkeypatch.setattr(doctor, "visible_gpus", lambda: gpus)
    monkeypatch.setattr(doctor, "_version", lambda package: "1.0")
    monkeypatch.setattr(doctor, "_device_of", lambda backend: device)
    line, english = doctor._gpus(), Language("en")
    assert (line.ok, line.needed, said in english.say(line.found)) == (bool(gpus), False, True)
    backends = list(doctor._backends())
    assert [one.ok for one in backends] == [well] * 3
    assert [english.say(one.remedy).rpartition(" ")[2] for one in backends if one.remedy] == (
        [] if well else ["'.[gpu]'", "'jax[cuda12]'", "torch"]
    )
