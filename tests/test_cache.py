"""The cache of trainings on disk: whole files only, bounded, safe among processes."""

import dataclasses
import errno
import hashlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict

import pytest
from click.testing import CliRunner

from grader.cli.root import group
from grader.errors import UsageError
from grader.records import Training, TrainingOutcome
from grader.train.cache import Cache, cache_at, key_of, read_training
from grader.train.shared import SharedCache


def training(seed: int = 1) -> Training:
    return Training(
        recipe="r" * 64, seed=seed, dataset="mnist", fingerprint="f", profile="quick", device="cpu", outcome=TrainingOutcome.TRAINED,
        history={"loss": (0.5, 0.25)}, test_accuracy=0.9, num_test=2000,
    )  # fmt: skip


def test_what_is_kept_is_found_unchanged(tmp_path):
    """A training comes back as it was; another key finds nothing."""
    cache = Cache(tmp_path)
    cache.keep(key_of(seed=1), training())
    assert cache.find(key_of(seed=1)) == training()
    assert cache.find(key_of(seed=2)) is None
    assert cache.size().trainings == 1


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "rubbish"])
def test_a_damaged_file_is_a_miss_and_is_mended_by_the_next_training(tmp_path, harm):
    """The checksum tells; nobody is graded by half a file."""
    cache, key = Cache(tmp_path), key_of(seed=1)
    cache.keep(key, training())
    [file] = tmp_path.rglob("*.training")
    content = file.read_bytes()
    damaged = {
        "cut": content[:-10],
        "flipped": content.replace(b"0.9", b"0.8"),
        "empty": b"",
        "rubbish": b"\xff" * 100,
    }
    file.write_bytes(damaged[harm])
    assert cache.find(key) is None
    cache.keep(key, training())
    assert cache.find(key) == training()


def test_what_came_of_a_training_is_one_of_a_closed_list():
    """A word that we do not know is no answer; the known ones are written as they are."""
    plain = asdict(training())
    text = json.dumps(plain)
    assert read_training(text) == training()
    assert json.loads(text)["outcome"] == "trained"
    with pytest.raises(ValueError, match="outcome"):
        read_training(json.dumps(plain | {"outcome": "splendid"}))


@pytest.mark.parametrize(
    "body", [b"7", b"[" * 100_000, b"{}", json.dumps(dataclasses.asdict(training()) | {"seed": "1"}).encode()]
)
def test_a_whole_file_that_holds_no_training_is_a_miss(tmp_path, body):
    """Types are what they are written as: a seed in quotes is none."""
    cache, key = Cache(tmp_path), key_of(seed=1)
    cache.keep(key, training())
    [file] = tmp_path.rglob("*.training")
    file.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    assert cache.find(key) is None


def test_the_state_of_a_model_is_kept_beside_its_training_and_checked_too(tmp_path):
    """A training without a state still judges; a state that was harmed is none; both count as one training."""
    cache, with_state, without = Cache(tmp_path), key_of(seed=1), key_of(seed=2)
    cache.keep(with_state, training(), b"weights")
    cache.keep(without, training())
    assert (cache.find_state(with_state), cache.find_state(without)) == (b"weights", None)
    assert cache.find(without) == training()
    assert cache.size().trainings == 2
    [file] = tmp_path.rglob("*.state")
    file.write_bytes(file.read_bytes()[:-1] + b"z")
    assert cache.find_state(with_state) is None
    assert cache.find(with_state) == training()


def test_the_least_used_go_first_when_the_cache_is_full(tmp_path):
    """A training that was used lately outlives one that was written later and never asked for."""
    Cache(tmp_path).keep(key_of(seed=0), training())
    one = Cache(tmp_path).size().bytes
    cache = Cache(tmp_path, limit_bytes=5 * one)
    for seed in range(1, 5):
        cache.keep(key_of(seed=seed), training())
    for age, seed in enumerate([0, 1, 2, 3, 4]):
        file = tmp_path / key_of(seed=seed)[:2] / f"{key_of(seed=seed)}.training"
        os.utime(file, (time.time() - 100 + age, time.time() - 100 + age))
    assert cache.find(key_of(seed=0)) is not None
    cache.keep(key_of(seed=5), training())
    assert cache.size().bytes <= 5 * one
    assert cache.find(key_of(seed=0)) is not None
    assert cache.find(key_of(seed=1)) is None
    assert cache.find(key_of(seed=5)) is not None


def test_a_cache_that_may_only_be_read_is_of_use(tmp_path, monkeypatch):
    """Where the time of the last use cannot be noted, what is kept is found all the same."""
    Cache(tmp_path).keep(key_of(seed=1), training())

    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    assert Cache(tmp_path).find(key_of(seed=1)) == training()


def test_many_processes_write_and_read_at_once_and_one_is_killed(tmp_path):
    """Whatever is found is whole, within the limit, whoever is killed in the middle of writing."""
    code = f"""
import sys
from tests.test_cache import training
from grader.train.cache import Cache, key_of
from pathlib import Path
cache = Cache(Path({str(tmp_path)!r}), limit_bytes=20_000)
print("ready", flush=True)
for number in range(int(sys.argv[1])):
    key = key_of(seed=number % 40)
    found = cache.find(key)
    assert found in (None, training())
    cache.keep(key, training())
"""
    root = str(__import__("pathlib").Path(__file__).parents[1])
    start = [sys.executable, "-c", code]
    endless = subprocess.Popen([*start, "1000000000"], cwd=root, stdout=subprocess.PIPE)
    others = [subprocess.Popen([*start, "300"], cwd=root, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert endless.stdout is not None
    assert endless.stdout.readline() == b"ready\n"
    time.sleep(0.5)
    endless.send_signal(signal.SIGKILL)
    endless.wait()
    endless.stdout.close()
    assert [process.wait(120) for process in others] == [0, 0]
    cache = Cache(tmp_path)
    assert cache.size().trainings > 0
    # Each process throws away on its own; together they may be over by what one writes at a time.
    assert cache.size().bytes <= 20_000 + 3 * 1_000
    assert all(cache.find(key_of(seed=seed)) in (None, training()) for seed in range(40))


def test_threads_share_one_cache(tmp_path):
    """Writing from many threads loses nothing while there is room."""
    cache = Cache(tmp_path)
    threads = [threading.Thread(target=cache.keep, args=(key_of(seed=n), training(n))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [cache.find(key_of(seed=n)) for n in range(20)] == [training(n) for n in range(20)]


def test_the_command_counts_and_clears(tmp_path, monkeypatch):
    """`grader cache info` says what is there in the reader's language, `clear` throws it away."""
    monkeypatch.setenv("GRADER_HOME", str(tmp_path))
    Cache(tmp_path / "cache" / "trainings").keep(key_of(seed=1), training())
    told = CliRunner().invoke(group, ["cache", "info", "--lang", "en"]).output
    assert "trainings kept: 1," in told
    assert "0 МиБ из 2\u00a0048 МиБ" in CliRunner().invoke(group, ["cache", "info"]).output
    assert str(tmp_path) in told
    assert "1" in CliRunner().invoke(group, ["cache", "clear"]).output
    assert Cache(tmp_path / "cache" / "trainings").size().trainings == 0


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_machines_share_trainings_at_a_url(tmp_path, kind):
    """What one machine keeps another one finds, and has on its own disk from then on; what was harmed is a miss."""
    url = f"file://{tmp_path}/far" if kind == "file" else "memory://far"
    one, key = cache_at(tmp_path / "one", url), key_of(seed=1)
    one.keep(key, training(), b"weights")
    two = cache_at(tmp_path / "two", url)
    assert (two.find(key), two.find_state(key)) == (training(), b"weights")
    assert Cache(tmp_path / "two").find(key) == training()
    assert two.find(key_of(seed=2)) is None
    SharedCache(url).write(f"{key}.training", b"0" * 64 + b"\n{}")
    assert cache_at(tmp_path / "three", url).find(key) is None


def test_a_place_that_does_not_answer_costs_no_training(tmp_path):
    """A file where a folder should be: nothing is found, nothing is kept there, and this machine's cache goes on."""
    (tmp_path / "far").write_text("")
    cache, key = cache_at(tmp_path / "here", f"file://{tmp_path}/far"), key_of(seed=1)
    assert cache.find(key) is None
    cache.keep(key, training())
    assert cache.find(key) == training()


def test_what_cannot_be_at_a_url_is_refused_in_one_line(tmp_path, monkeypatch):
    """No URL, no such kind of URL, no library for it; and a run's folder, whose ledger needs locks."""
    for url, told in [("here", "write a URL"), ("nosuch://x", "nosuch"), ("s3://bucket/x", "s3fs")]:
        if url.startswith("s3") and importlib.util.find_spec("s3fs"):
            continue
        with pytest.raises(UsageError, match=told):
            SharedCache(url)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(UsageError, match=r"pip install -e .\.\[url\]"):
        SharedCache("file:///x")
    refused = CliRunner().invoke(group, ["grade", str(tmp_path), "-o", "s3://bucket/run"]).exception
    assert isinstance(refused, UsageError)
    assert "file system with locks" in str(refused)
