"""What a class costs against a plain loop that only runs it: ``python -m benchmarks.cohort [EPOCHS2 EPOCHS3]``.

Twenty-four notebooks answer tasks 2 and 3 with six distinct recipes: every recipe four times, under other names, with
cells cut elsewhere and other seeds. All figures come from one call: first nbclient, one notebook after the other as
``jupyter execute`` would (one of each recipe is run; its copies count at the same seconds), then the grader, with a
cache of its own that is empty at first. Needs the full MNIST (``grader data add mnist FILE``). With the workbook's
epochs (20 and 5) it takes about half an hour; fewer epochs make the grader's share look larger.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from grader.datasets import DataStore
from grader.places import data_home, shipped

COPIES = 4
LOAD = """import keras
from keras import layers
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape({shape}).astype("float32") / 255
x_test = x_test.reshape({test_shape}).astype("float32") / 255"""
DENSE = (
    """{model} = keras.Sequential([layers.Dense({size}, activation="relu"), layers.Dense(10, activation="softmax")])"""
)
CONV = """inputs = keras.Input((28, 28, 1))
x = inputs
for filters in ({size}, {size}, 64, 64):
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
x = layers.Conv2D(128, 3, padding="same", activation="relu")(x)
{model} = keras.Model(inputs, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))"""
COMPILE = """{model}.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])"""
FIT = "{history} = {model}.fit(x_train, y_train, epochs={epochs}, batch_size=64, verbose=2)"
EVALUATE = "print({model}.evaluate(x_test, y_test, verbose=0))"
FROM_DISK = """import keras, numpy
def _load(folder={folder!r}):
    x, y, u, v = (numpy.load(f"{{folder}}/{{name}}.npy") for name in ("x_train", "y_train", "x_test", "y_test"))
    return (x, y), (u, v)
keras.datasets.mnist.load_data = _load
"""
"""For the plain loop, which has no data sets of its own and no network."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One distinct recipe."""

    task: str
    size: int
    epochs: int

    def cells(self, copy: int) -> list[str]:
        """Return the notebook of one of its students."""
        dense = self.task == "task2"
        names = {"model": ("model", "net", "netz", "my_cnn")[copy % 4], "history": ("h", "history")[copy % 2]}
        shapes = ("(60000, 784)", "(10000, 784)") if dense else ("(60000, 28, 28, 1)", "(10000, 28, 28, 1)")
        load = LOAD.format(shape=shapes[0], test_shape=shapes[1])
        seed = f"keras.utils.set_random_seed({copy})"
        build = (DENSE if dense else CONV).format(size=self.size, **names)
        compiled, fit = COMPILE.format(**names), FIT.format(epochs=self.epochs, **names)
        evaluate = EVALUATE.format(**names)
        return (
            [load, seed, build, compiled, fit, evaluate]
            if copy % 2
            else [load, f"{seed}\n{build}\n{compiled}", fit, evaluate]
        )


def main() -> None:
    """Write the class, run it plainly, grade it, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("epochs", type=int, nargs="*", default=[20, 5])
    epochs = parser.parse_args().epochs
    answers = [Answer(task="task2", size=size, epochs=epochs[0]) for size in (512, 256, 384)]
    answers += [Answer(task="task3", size=size, epochs=epochs[1]) for size in (16, 24, 32)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["GRADER_HOME"] = str(_home(folder / "home"))
        plain = [_plainly(folder, answer) for answer in answers]
        _one(folder, answers[0], plain[0])
        _class(folder, answers, COPIES * sum(plain))


def _home(home: Path) -> Path:
    """Make a home with the data sets of this machine and an empty cache."""
    home.mkdir()
    (home / "data").symlink_to(data_home())
    return home


def _write(path: Path, cells: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True)
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
    return path


def _plainly(folder: Path, answer: Answer) -> float:
    """Return the seconds that nbclient takes for a notebook."""
    disk = FROM_DISK.format(folder=DataStore().choose("mnist", "full").folder)
    first, *rest = answer.cells(0)
    path = _write(folder / f"plain-{answer.task}-{answer.size}" / "work.ipynb", [disk + first, *rest])
    begun = time.monotonic()
    NotebookClient(nbformat.read(path, 4), timeout=None, resources={"metadata": {"path": str(path.parent)}}).execute()
    seconds = time.monotonic() - begun
    _say(f"nbclient alone: {answer.task}, {answer.size} units or filters: {seconds:.1f} s")
    return seconds


def _one(folder: Path, answer: Answer, plain: float) -> None:
    """Grade a notebook never seen before, then three of students with the same recipe, in one call."""
    for copy in range(COPIES):
        _write(folder / "one" / f"student{copy}" / "work.ipynb", answer.cells(copy))
    run = folder / "run-one"
    graded = _grade(folder / "one", run, "--jobs", "1", "--tasks", "task2")
    first, *others = graded.students
    _say("")
    _ratio("a notebook never seen before, against nbclient", first, plain, "<= 1.15")
    _ratio("the same recipe from the next students, median", statistics.median(others), plain, "<= 0.083, <= 6 s")
    for title, student in (("never seen before", "student0"), ("the same recipe", "student2")):
        _say(f"  of {title}: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in _shares(run, student)))
    begun = time.monotonic()
    subprocess.run([sys.executable, "-m", "grader", "report", str(run)], check=True, stdout=subprocess.DEVNULL)
    _say(f"  reporting on all four, in a call of its own: {time.monotonic() - begun:.1f} s")


def _shares(run: Path, student: str) -> Iterator[tuple[str, float]]:
    """Yield what the time of a student's notebook went to, from its record."""
    place = next((run / "record" / "students").glob(f"{student}*")) / "notebook-0"
    outcome = json.loads((place / "outcome.json").read_text())
    events = [json.loads(line) for line in (place / "trace.jsonl").read_text().splitlines()]
    fits = [event for event in events if event["event"] == "fit"]
    seconds = {cell["number"]: cell["seconds"] for cell in outcome["cells"]}
    trained = sum(fit["seconds"] for fit in fits)
    evaluated = sum(seconds[event["cell"]] for event in events if event["event"] == "evaluate")
    yield "start of the kernel", outcome["seconds"] - sum(seconds.values())
    yield "import and data", seconds[1]
    yield "recognition", sum(seconds[fit["cell"]] - fit["seconds"] for fit in fits)
    yield "training or waiting for it", trained
    yield "evaluation", evaluated


def _class(folder: Path, answers: Sequence[Answer], plain: float) -> None:
    """Grade the whole class, then again with one rubric changed."""
    for number, answer in enumerate(answers):
        for copy in range(COPIES):
            _write(folder / "class" / f"{copy}-{number}" / "work.ipynb", answer.cells(copy))
    shutil.rmtree(folder / "home" / "cache")
    run = folder / "run-class"
    graded = _grade(folder / "class", run, "--tasks", "task2,task3")
    _say("")
    _say(f"24 notebooks: {graded.run['trainings_run']} trainings, {graded.run['trainings_shared']} answers on record")
    _ratio("the class, against a serial loop that only runs it", graded.seconds, plain, "<= 0.333")
    _say(f"{'most memory of the host process':52}{graded.megabytes:8.0f} MB{'':15}goal <= 400 MB")
    workbook = folder / "workbook"
    shutil.copytree(shipped("assignments"), workbook, ignore=shutil.ignore_patterns("demo"))
    shutil.copytree(shipped("reference") / "results", workbook / "reference" / "results")
    _grade(folder / "class", run, "--tasks", "task2,task3", "--workbook", str(workbook))
    task, whole = workbook / "task2.toml", workbook / "workbook.toml"
    task.write_text(task.read_text("utf-8").replace("points = 4", "points = 5"), "utf-8")
    whole.write_text("points = 101\n" + whole.read_text("utf-8"), "utf-8")
    again = _grade(folder / "class", run, "--tasks", "task2,task3", "--workbook", str(workbook))
    trained = again.run["trainings_run"]
    _say(f"{'again with one rubric changed':52}{again.seconds:8.1f} s, {trained} trainings   goal <= 5 s")


@dataclass(frozen=True, kw_only=True)
class _Graded:
    seconds: float
    megabytes: float
    run: dict[str, Any]
    students: list[float]
    """Seconds of each, in the order in which they were done."""


def _grade(work: Path, run: Path, *options: str) -> _Graded:
    """Call the grader; its process alone is weighed, not what it starts."""
    command = [sys.executable, "-m", "grader", "grade", str(work), "-o", str(run), "--data", "full", "--lang", "en"]
    log = run.with_suffix(".jsonl")
    log.unlink(missing_ok=True)
    begun = time.monotonic()
    process = subprocess.Popen(
        [*command, "--json-log", str(log), *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak = [0.0]
    threading.Thread(target=_weigh, args=(process.pid, peak), daemon=True).start()
    told, _ = process.communicate()
    if process.returncode:
        raise SystemExit(told[-3000:])
    seconds = time.monotonic() - begun
    done = [one for one in map(json.loads, log.read_text("utf-8").splitlines()) if one["event"] == "done"]
    return _Graded(
        seconds=seconds,
        megabytes=peak[0],
        run=json.loads((run / "results.json").read_text("utf-8"))["run"],
        students=[one["seconds"] for one in done],
    )


def _weigh(pid: int, peak: list[float]) -> None:
    """Note the most memory a process has held, until it ends (proc(5), VmHWM)."""
    try:
        while True:
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
            held = [int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")]
            peak[0] = max([peak[0], *held])
            time.sleep(0.1)
    except OSError:
        return


def _ratio(what: str, ours: float, plain: float, goal: str) -> None:
    _say(f"{what:52}{ours:8.1f} s /{plain:8.1f} s = {ours / plain:.3f}   goal {goal}")


def _say(line: str) -> None:
    """Print at once: it takes its time."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
