"""A cohort, graded by the real command on notebooks that cost little: no network is trained here."""

import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.batch import Settings, bands_of
from grader.batch.preflight import uncalibrated
from grader.datasets import DataStore
from grader.known import KNOWN
from grader.ledger import Ledger, SubmissionInput
from grader.measure import Measurer
from grader.places import data_home, shipped
from grader.records import DataSet, Platform
from grader.runlog import RunCounts
from grader.runlog import summary as summary_of
from grader.workbook import load_workbook
from tests.processes import below, running_after


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Six submissions, each with its own trouble."""
    root = tmp_path_factory.mktemp("cohort")

    def student(name, *cells):
        (root / name).mkdir()
        nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), root / name / "work.ipynb")

    student("about-tables", "import numpy as np", "print(np.arange(3).sum())")
    student(
        "fails-in-the-middle", "x = 1", "print(undefined)", "import tensorflow_nothing", "tensorflow_nothing.start()"
    )
    student("kills-itself", "import os", "os._exit(3)", "print('never')")
    student("no-code")
    (root / "broken.ipynb").write_text('{"cells": [')
    (root / "sent-a-pdf").mkdir()
    (root / "sent-a-pdf" / "report.pdf").write_bytes(b"%PDF-1.4")
    return root


ROOT = Path(__file__).parent.parent
QUICKLY = ("--tasks", "task1", "--profile", "quick", "--data", "sample", "--jobs", "2")


def call(home, *arguments):
    """Run ``grader`` as a lecturer would."""
    return subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "GRADER_HOME": str(home)},
        check=False,
    )


def grade(cohort, out, home, *more):
    """Run ``grader grade`` on the first task, quickly."""
    return call(home, "grade", cohort, "-o", out, *QUICKLY, "--workbook", home / "workbook", *more)


def submissions(out):
    """What a run says of its submissions, as programs read it."""
    return json.loads((out / "results.json").read_text())["submissions"]


def summary(done):
    """The summary that a call has printed last."""
    return json.loads(done.stdout.splitlines()[-1])


def written(out):
    """When each notebook's trace was written."""
    return {path.parent: path.stat().st_mtime_ns for path in out.glob("record/students/*/*/outcome.json")}


@pytest.fixture(scope="module")
def graded(cohort, tmp_path_factory):
    """The cohort, graded once by a workbook of its own: new reference trainings must not change the rubric here."""
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("runs") / "run"
    for name in ("mnist", "cifar10", "binary20"):
        DataStore().choose(name, "sample")
    (home / "data").symlink_to(data_home())
    shutil.copytree(ROOT / "assignments", home / "workbook", ignore=shutil.ignore_patterns("demo"))
    shutil.copytree(ROOT / "reference" / "results", home / "workbook" / "reference" / "results")
    done = grade(cohort, out, home, "--lang", "en", "--json-log", home / "log")
    assert done.returncode == 0, done.stderr
    return out, home, done


def test_every_submission_ends_in_one_status_and_the_exit_code_is_0(graded):
    """Students' trouble is in the results, not in the exit code; nobody is lost."""
    out, _, _ = graded
    found = {one["student"]: one["status"] for one in submissions(out)}
    assert found == {
        "about-tables": "other_workbook",
        "broken": "unreadable",
        "fails-in-the-middle": "review",
        "kills-itself": "kernel_died",
        "no-code": "empty",
        "sent-a-pdf": "unreadable",
    }


def test_grades_csv_leaves_empty_what_waits_for_a_person(graded):
    """A column a task, whole points where all is decided, nothing where something is in review."""
    out, _, _ = graded
    rows = {row["student"]: row for row in csv.DictReader((out / "grades.csv").open(encoding="utf-8"))}
    assert list(rows["no-code"]) == ["student", "status", "task1", "total", "max"]
    assert (rows["no-code"]["task1"], rows["no-code"]["total"], rows["no-code"]["max"]) == ("0", "0", "20")
    assert (rows["broken"]["task1"], rows["broken"]["total"]) == ("", "")


def test_each_page_explains_what_happened(graded):
    """The student page names the failing cell, the missing library, the file that is no notebook."""
    out, _, _ = graded
    pages = {path.name: path.read_text(encoding="utf-8") for path in (out / "students").iterdir()}
    assert "undefined" in pages["fails-in-the-middle.html"]
    assert "tensorflow_nothing" in pages["fails-in-the-middle.html"]
    assert "report.pdf" in pages["sent-a-pdf.html"]
    assert "os._exit" in pages["kills-itself.html"]


def test_submissions_are_worked_on_side_by_side_and_followed_by_machines(graded):
    """With two jobs the second begins before the first is done; each line of the log is one event of the run."""
    _, home, _ = graded
    events = [json.loads(line) for line in (home / "log").read_text().splitlines()]
    kinds = [one["event"] for one in events]
    assert kinds.count("started") == kinds.count("done") == 6
    assert kinds.index("done") > [i for i, kind in enumerate(kinds) if kind == "started"][1]
    done = next(one for one in events if one["event"] == "done" and one["student"] == "kills-itself")
    assert (done["status"], done["earned"], done["in_review"], done["max"], done["reused"]) == (
        "kernel_died",
        0,
        20,
        20,
        False,
    )


# -- what survives, and what is not done again --------------------------------------------------------------------


def test_killed_in_the_middle_and_resumed_it_ends_with_the_same(graded, cohort, tmp_path):
    """After kill -9 `grader resume` knows what was asked for, grades what is left and nothing twice."""
    undisturbed, home, _ = graded
    out, log = tmp_path / "run", tmp_path / "log"
    command = [sys.executable, "-m", "grader", "grade", cohort, "-o", out, *QUICKLY, "--lang", "en", "--json-log", log]
    command += ["--workbook", home / "workbook"]
    with subprocess.Popen(
        [*map(str, command)],
        env={**os.environ, "GRADER_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and '"done"' not in (log.read_text() if log.exists() else ""):
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
        running.wait()
    finished = [one for one in Ledger(out).standings() if one.status is not None]
    assert 0 < len(finished) < 6
    assert "grader resume" in call(home, "show", out, "--lang", "en").stdout
    resumed = summary(call(home, "resume", out, "--summary", "-"))
    assert (resumed["unchanged"], resumed["graded"], resumed["unfinished"]) == (len(finished), 6 - len(finished), 0)
    assert submissions(out) == submissions(undisturbed)
    assert not list(out.glob("record/students/*/running-*"))


def test_a_changed_rubric_is_answered_from_the_traces(graded, cohort, tmp_path):
    """Other points: everybody is judged anew, and no notebook is run."""
    out, home, _ = graded
    shutil.copytree(out, tmp_path / "run")
    shutil.copytree(home / "workbook", tmp_path / "workbook")
    task = tmp_path / "workbook" / "task1.toml"
    task.write_text(task.read_text("utf-8").replace("points = 4", "points = 5"), "utf-8")
    rest = tmp_path / "workbook" / "workbook.toml"
    rest.write_text("points = 103\n" + rest.read_text("utf-8"), "utf-8")
    before = written(tmp_path / "run")
    done = grade(cohort, tmp_path / "run", home, "--workbook", tmp_path / "workbook", "--summary", "-")
    assert (summary(done)["graded"], summary(done)["unchanged"]) == (6, 0), done.stderr
    assert written(tmp_path / "run") == before
    assert {one["tasks"]["task1"]["max"] for one in submissions(tmp_path / "run")} == {23}


def interrupted(ledger, **asked):
    """Leave a run as a call does that asks for something else, and is interrupted before it has graded anybody."""
    ledger.write_run(replace(ledger.run(), **asked))
    ledger.collect(
        [SubmissionInput(student=one.student, files=one.files, digest="other") for one in ledger.standings()]
    )


def test_a_run_says_what_its_grades_were_asked_for_and_not_what_an_interrupted_call_wanted(graded, cohort, tmp_path):
    """Called as at first after another call was interrupted, nothing is graded anew, and the pages say so rightly."""
    out, home, _ = graded
    shutil.copytree(out, tmp_path / "run")
    ledger = Ledger(tmp_path / "run")
    before = ledger.run()
    interrupted(ledger, profile="full", tasks=("task1", "task2"), started="2000-01-01T00:00:00+00:00")
    done = grade(cohort, tmp_path / "run", home, "--lang", "en", "--if-changed", "--summary", "-")
    assert (summary(done)["unchanged"], summary(done)["changed"]) == (6, True), done.stderr
    after = ledger.run()
    assert (after.profile, after.tasks, after.datasets) == ("quick", ("task1",), before.datasets)
    assert json.loads((tmp_path / "run" / "results.json").read_text())["run"]["profile"] == "quick"
    grade(cohort, tmp_path / "run", home, "--lang", "en")
    assert (ledger.run().started, ledger.run().seconds) == (after.started, after.seconds), "nothing was asked anew"


def test_tasks_choose_what_is_judged_and_not_what_a_notebook_finds(graded, tmp_path):
    """A notebook that answers all tasks has its data under `--tasks` too; other tasks are then answered without a run."""
    _, home, _ = graded
    (tmp_path / "class").mkdir()
    cells = ["from tensorflow import keras", "print(keras.datasets.mnist.load_data()[0][0].shape)"]
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), tmp_path / "class" / "anna.ipynb")
    done = grade(tmp_path / "class", tmp_path / "run", home)
    assert done.returncode == 0, done.stderr
    ledger = Ledger(tmp_path / "run")
    assert [cell.status.value for cell in ledger.results()[0].notebooks[0].cells] == ["ok", "ok"]
    assert [data.name for data in ledger.run().datasets] == ["binary20"]
    before = written(tmp_path / "run")
    assert grade(tmp_path / "class", tmp_path / "run", home, "--tasks", "task1,task2,task4").returncode == 0
    assert [task.task for task in ledger.results()[0].tasks] == ["task1", "task2", "task4"]
    assert [data.name for data in ledger.run().datasets] == ["binary20", "mnist", "cifar10"]
    assert written(tmp_path / "run") == before


def measuring(workbook, bands, datasets, *, profile="full", backend="tensorflow"):
    """Everything that tells what can be decided; nothing is trained."""
    return Measurer(
        trainer=None,
        bands=bands,
        datasets=datasets,
        profile=workbook.profiles[profile],
        platform=Platform(keras="3.1", backend=backend),
    )


MEASURES = "example3,example4,task1,task2"
"""What accuracies of the bundled tasks are held against."""


@pytest.mark.parametrize(
    ("recorded", "data", "tasks", "helps"),
    [
        ([("sample", "quick")], "auto", "task1, task2, task3, task4", "--profile quick (a preview)"),
        ([("sample", "full"), ("full", "full")], "auto", "task2, task3, task4", "grader data fetch mnist"),
        ([("full", "full")], "sample", "task1, task2, task3, task4", "--data auto"),
        ([], "auto", "task1, task2, task3, task4", f"grader reference run --profile full --only {MEASURES}"),
    ],
)
def test_accuracies_that_nothing_recorded_decides_are_named_before_anything_runs(
    recorded, data, tasks, helps, tmp_path, monkeypatch
):
    """Whoever grades in full on the samples hears at once what will wait for them, and what they can do."""
    monkeypatch.setenv("GRADER_HOME", str(tmp_path))  # no real data are installed there
    workbook = load_workbook()
    bands = bands_of(workbook)
    prints = {(one.trainings[0].dataset, one.edition): one.trainings[0].fingerprint for one in bands.records}
    bands.records = tuple(
        one
        for one in bands.records
        if one.conditions[:2] in recorded  # and of the samples in full only what notebooks draw themselves
        and (one.conditions[:2] != ("sample", "full") or one.trainings[0].dataset == "binary20")
    )
    datasets = {
        name: DataSet(
            name=name, edition="sample", fingerprint=prints[name, "sample"], folder="", num_train=1, num_test=1
        )
        for name in ("binary20", "mnist", "cifar10")
    }
    measurer = measuring(workbook, bands, datasets)
    settings = Settings(workbook=workbook, tasks=workbook.tasks, profile="full", data=data, jobs=1, language="en")
    told = uncalibrated(settings, measurer)
    commands = str(told.values["commands"])
    assert helps in commands.split(", ")
    assert "grader reference run --profile full" in commands, "a preview does not replace the final grades"
    assert told.values["tasks"] == tasks
    first = replace(settings, tasks=workbook.tasks[:1])
    assert (uncalibrated(first, measurer) is None) is (("sample", "full") in recorded)
    assert "grader data fetch cifar10" not in commands  # what is recorded is a copy nobody can download


def test_records_of_other_real_data_are_given_up_only_where_they_are_in_the_way(tmp_path, monkeypatch):
    """CIFAR-10 as its authors publish it is not the copy on record: the advice is to record it anew, task 3 is decided."""
    monkeypatch.setenv("GRADER_HOME", str(tmp_path))
    workbook = load_workbook()
    bands = bands_of(workbook)
    prints = {one.trainings[0].dataset: one.fingerprint for one in bands.records if one.edition == "full"}
    assert prints["mnist"] == KNOWN["mnist"].fingerprint
    datasets = {
        name: DataSet(name=name, edition="full", fingerprint=print_, folder="", num_train=1, num_test=1)
        for name, print_ in (("mnist", prints["mnist"]), ("cifar10", "as published"))
    }
    measurer = measuring(workbook, bands, datasets)
    settings = Settings(workbook=workbook, tasks=workbook.tasks[1:], profile="full", data="full", jobs=1, language="en")
    told = uncalibrated(settings, measurer)
    assert told.values["tasks"] == "task4"
    record = "grader reference run --profile full --data full --only example4"
    assert str(told.values["commands"]) == f"{record} --restart"
    bands.records = tuple(one for one in bands.records if one.reference != "example4")
    assert str(uncalibrated(settings, measurer).values["commands"]) == record


def test_a_gpu_without_records_is_told_of_the_processors(tmp_path, monkeypatch):
    """Where GPUs are taken by default, the way to the limits on record is named first."""
    monkeypatch.setenv("GRADER_HOME", str(tmp_path))
    workbook = load_workbook()
    bands = bands_of(workbook)
    prints = {one.trainings[0].dataset: one.fingerprint for one in bands.records if one.edition == "full"}
    mnist = DataSet(name="mnist", edition="full", fingerprint=prints["mnist"], folder="", num_train=1, num_test=1)
    measurer = measuring(workbook, bands, {"mnist": mnist})
    settings = Settings(
        workbook=workbook, tasks=workbook.tasks[1:3], profile="full", data="full", jobs=1, language="en"
    )
    assert uncalibrated(settings, measurer) is None
    gpu = replace(measurer, platform=replace(measurer.platform, device="gpu"))
    assert str(uncalibrated(settings, gpu).values["commands"]).split(", ")[0] == "--device cpu"


def test_the_advice_to_record_repeats_how_the_run_was_asked_for(tmp_path, monkeypatch):
    """Trainings on another backend, or for another workbook, would calibrate nothing."""
    monkeypatch.setenv("GRADER_HOME", str(tmp_path))
    mine = tmp_path / "my workbook"
    shutil.copytree(shipped("assignments"), mine, ignore=shutil.ignore_patterns("demo"))
    workbook = load_workbook(mine)
    mnist = DataSet(name="mnist", edition="sample", fingerprint="f", folder="", num_train=1, num_test=1)
    measurer = measuring(workbook, bands_of(workbook), {"mnist": mnist}, profile="quick", backend="jax")
    settings = Settings(
        workbook=workbook,
        tasks=workbook.tasks[1:3],
        profile="quick",
        data="sample",
        jobs=1,
        language="en",
        backend="jax",
        device="cpu",
    )
    assert str(uncalibrated(settings, measurer).values["commands"]) == (
        f"grader reference run --profile quick --workbook '{mine}' --data sample --backend jax --device cpu "
        "--only example3,task2"
    )


def test_the_summary_names_a_report_only_where_there_is_one(tmp_path):
    """A scheduler that opens what the summary names after an interruption finds it, or finds none named."""
    asked = {"total": 1, "code": 130, "error": "interrupted", "changed": True, "doubtful": 0}
    assert summary_of(tmp_path, RunCounts(), **asked)["report"] is None
    (tmp_path / "index.html").touch()
    assert summary_of(tmp_path, RunCounts(), **asked)["report"] == str(tmp_path / "index.html")


def test_another_keras_needs_a_word_before_grades_are_mixed(graded, cohort, tmp_path):
    """Exit code 78 names what has changed; `--changed keep` leaves those grades, and the report warns of the mixture."""
    out, home, _ = graded
    shutil.copytree(out, tmp_path / "run")
    with sqlite3.connect(tmp_path / "run" / "record" / "ledger.sqlite") as database:
        database.execute("UPDATE conditions SET facts = json_set(facts, '$.keras', '2.15.0')")
        database.execute("UPDATE conditions SET digest = 'old'")
        database.execute("UPDATE submission SET conditions = 'old' WHERE student != 'no-code'")
    database.close()
    refused = grade(cohort, tmp_path / "run", home, "--summary", "-")
    assert (refused.returncode, summary(refused)["exit_code"]) == (78, 78)
    assert "keras 2.15.0" in refused.stderr
    kept = grade(cohort, tmp_path / "run", home, "--changed", "keep", "--summary", "-")
    assert summary(kept)["unchanged"] == 6, kept.stderr
    assert "keras 2.15.0 / 3" in (tmp_path / "run" / "results.json").read_text()


def test_final_grades_become_a_preview_only_if_that_is_meant(graded, cohort, tmp_path):
    """The quick profile after the full one is refused, and the run can still be resumed; with a word it is done."""
    out, home, _ = graded
    shutil.copytree(out, tmp_path / "run")
    ledger = Ledger(tmp_path / "run")
    ledger.write_run(replace(ledger.run(), profile="full"))
    ledger.write_request({"profile": "full"})
    refused = grade(cohort, tmp_path / "run", home, "--lang", "en", "--summary", "-")
    assert (refused.returncode, summary(refused)["changed"]) == (78, False)
    assert "replace them by a preview" in refused.stderr
    assert ledger.request() == {"profile": "full"}
    assert grade(cohort, tmp_path / "run", home, "--changed", "regrade").returncode == 0
    assert ledger.run().profile == "quick"


def test_a_run_that_is_being_written_is_busy(graded, cohort):
    """The second grader ends at once with its own exit code, and the first is not disturbed."""
    out, home, _ = graded
    with Ledger(out).opened():
        refused = grade(cohort, out, home, "--summary", "-")
    assert (refused.returncode, summary(refused)["exit_code"]) == (75, 75)
    assert "этот прогон сейчас записывает другой процесс (процесс " in summary(refused)["error"]


def test_a_scheduled_run_does_nothing_while_nothing_changes(graded, cohort):
    """With `--if-changed` neither pages nor grades are touched, and the summary says so."""
    out, home, _ = graded
    before = (out / "index.html").stat().st_mtime_ns
    done = grade(cohort, out, home, "--lang", "en", "--if-changed", "--summary", "-")
    assert (done.returncode, summary(done)["changed"]) == (0, False), done.stderr
    assert (out / "index.html").stat().st_mtime_ns == before
    assert (len(done.stdout.splitlines()), done.stderr) == (1, ""), "cron writes a mail of every line"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_at_once_and_takes_everything_along(number, cohort, graded, tmp_path):
    """Exit code 130 within seconds, one line, no process left, nothing unpacked left; the run can be resumed."""
    _, home, _ = graded
    room = tmp_path / "room"
    room.mkdir()
    given = shutil.make_archive(str(tmp_path / "class"), "zip", cohort)
    command = [sys.executable, "-m", "grader", "grade", given, "-o", tmp_path / "run", *QUICKLY]
    with subprocess.Popen(
        [*map(str, command), "--summary", str(tmp_path / "summary.json")],
        env={**os.environ, "GRADER_HOME": str(home), "TMPDIR": str(room)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not list(tmp_path.glob("run/record/students/*/running-*")):
            time.sleep(0.05)
        started = below(running.pid)
        assert list(room.glob("grader-handed-in-*"))
        running.send_signal(number)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert not list(room.glob("grader-handed-in-*"))
    assert json.loads((tmp_path / "summary.json").read_text())["exit_code"] == 130
    assert f"grader resume {tmp_path / 'run'}" in said
    assert "Traceback" not in said
    assert running_after(started, 60) == []
    assert Ledger(tmp_path / "run").request()["tasks"] == "task1"


def test_called_again_it_grades_only_what_changed(graded, cohort):
    """What is recorded is taken as it is; a changed notebook is run and graded anew."""
    out, home, _ = graded
    before = written(out)
    nbformat.write(new_notebook(cells=[new_code_cell("y = 2")]), cohort / "no-code" / "work.ipynb")
    done = grade(cohort, out, home, "--if-changed", "--summary", "-")
    assert (summary(done)["graded"], summary(done)["unchanged"], summary(done)["changed"]) == (1, 5, True), done.stderr
    assert ": 5 из 6" in done.stderr, "with something to do, all is said"
    assert {place.parent.name for place, then in written(out).items() if before[place] != then} == {"no-code"}


TASK1 = """
import numpy as np
from tensorflow import keras
x, y = np.random.rand(1000, 20), np.random.randint(2, size=(1000, 1))
model = keras.Sequential([keras.layers.Dense(128, activation="tanh"), keras.layers.Dense(1, activation="softmax")])
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=10, batch_size=32)
print(model.evaluate(x, y))
"""


@pytest.mark.slow
def test_a_changed_rubric_trains_nothing(tmp_path):
    """A trained answer is scored by other points from the run alone: on a machine whose cache knows nothing."""
    (tmp_path / "class" / "anna").mkdir(parents=True)
    nbformat.write(new_notebook(cells=[new_code_cell(TASK1)]), tmp_path / "class" / "anna" / "work.ipynb")
    for name in ("before", "after"):
        shutil.copytree(ROOT / "assignments", tmp_path / name / "workbook", ignore=shutil.ignore_patterns("demo"))
        shutil.copytree(ROOT / "reference" / "results", tmp_path / name / "workbook" / "reference" / "results")
    task, rest = (tmp_path / "after" / "workbook" / name for name in ("task1.toml", "workbook.toml"))
    task.write_text(task.read_text("utf-8").replace("points = 4", "points = 5"), "utf-8")
    rest.write_text("points = 103\n" + rest.read_text("utf-8"), "utf-8")
    for name, trained in (("before", True), ("after", False)):
        done = grade(tmp_path / "class", tmp_path / "run", tmp_path / name)
        assert done.returncode == 0, done.stderr
        run = json.loads((tmp_path / "run" / "results.json").read_text())["run"]
        assert bool(run["trainings_run"]) is trained
    assert submissions(tmp_path / "run")[0]["tasks"]["task1"]["earned"] > 10
