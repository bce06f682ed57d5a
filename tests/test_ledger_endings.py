"""What a run on disk is worth after kill -9 and after a power cut."""

import signal
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from grader.ledger import Ledger, executions, store
from grader.ledger.disks import flush, is_of_this_machine
from grader.records import Stage, Verdict
from tests import sample_results
from tests.test_ledger import executed, wanted

WRITER = """
import sys
from pathlib import Path
from grader.ledger import Ledger
from tests import sample_results
ledger = Ledger(Path(sys.argv[1]))
with ledger.opened():
    for number in range(10_000):
        ledger.write(sample_results.submission(f"student-{number}", digest="d1"))
        print(number, flush=True)
"""


@pytest.fixture
def ledger(tmp_path):
    """An empty ledger."""
    return Ledger(tmp_path / "run")


def pragma(ledger, name, **how):
    with ledger._store.writing(**how) as database:
        return database.execute(f"PRAGMA {name}").fetchone()[0]


def power_cut(ledger):
    """Leave the run as a grader does that had no time to say goodbye."""
    lock = ledger.folder / "lock"
    lock.write_text(lock.read_text().splitlines()[0])


@pytest.mark.parametrize("shared_disk", [False, True])
def test_nothing_is_lost_that_was_recorded_before_kill_9(tmp_path, shared_disk):
    """Every result whose recording came to its end is there for the next process, on a disk of any kind."""
    elsewhere = "import grader.ledger.store as s; s.is_of_this_machine = lambda folder: False\n" if shared_disk else ""
    with subprocess.Popen(
        [sys.executable, "-c", elsewhere + WRITER, tmp_path / "run"], stdout=subprocess.PIPE, text=True
    ) as running:
        for line in running.stdout:
            if line == "20\n":
                break
        running.send_signal(signal.SIGKILL)
        said = [20, *map(int, running.stdout.read().split())]
    found = {one.student for one in Ledger(tmp_path / "run").results()}
    assert found >= {f"student-{number}" for number in range(said[-1] + 1)}


def test_a_grader_at_work_does_not_wait_for_its_own_disk(ledger, monkeypatch):
    """A write-ahead log while it works, which others can read along with; one file when it has ended."""
    monkeypatch.setattr(store, "is_of_this_machine", lambda folder: True)
    with ledger.opened():
        ledger.collect(wanted("anna"))
        assert (pragma(ledger, "journal_mode"), pragma(ledger, "synchronous")) == ("wal", 1)
        code = "import sys, pathlib; from grader.ledger import Ledger\nprint(Ledger(pathlib.Path(sys.argv[1])).standings())"
        told = subprocess.run([sys.executable, "-c", code, ledger.out], capture_output=True, text=True, check=True)
        assert "anna" in told.stdout
    assert pragma(ledger, "journal_mode") == "delete"
    assert sorted(path.name for path in ledger.folder.iterdir()) == ["ledger.sqlite", "lock"]


def test_a_disk_that_others_may_read_keeps_the_rollback_journal(ledger, monkeypatch):
    """A log in shared memory would tell another machine half of what is there."""
    monkeypatch.setattr(store, "is_of_this_machine", lambda folder: False)
    with ledger.opened():
        assert (pragma(ledger, "journal_mode"), pragma(ledger, "synchronous")) == ("delete", 2)


def test_a_decision_of_the_lecturers_waits_for_the_disk(ledger, monkeypatch):
    """Nobody can take it again from what lies elsewhere, so not even a power cut takes it back."""
    monkeypatch.setattr(store, "is_of_this_machine", lambda folder: True)
    result, asked, writing = sample_results.submission("anna", digest="d1"), [], store.Store.writing

    def watched(self, **how):
        asked.append(how)
        return writing(self, **how)

    with ledger.opened():
        ledger.write(result)
        assert pragma(ledger, "synchronous", to_disk=True) == 2
        monkeypatch.setattr(store.Store, "writing", watched)
        task = result.tasks[0]
        criterion = f"{task.task}/{task.findings[0].id}"
        ledger.decisions.decide(result, criterion, Verdict.PASSED, points=None, because="seen", author="me")
        ledger.decisions.take_back("anna", criterion, author="me")
    assert asked[:2] == [{"to_disk": True}, {"to_disk": True}]


def test_a_reader_does_not_hold_up_the_end_of_a_run(ledger, monkeypatch):
    """Who looks at the run while it ends keeps the log alive; the ledger is whole, and the next grader tidies up."""
    monkeypatch.setattr(store, "is_of_this_machine", lambda folder: True)
    monkeypatch.setattr(store, "_JOURNAL_WAIT_MS", 10)
    with ledger.opened():
        ledger.collect(wanted("anna"))
        reader = sqlite3.connect(ledger.folder / "ledger.sqlite", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM submission").fetchall()
    assert pragma(ledger, "journal_mode") == "wal"
    reader.close()
    with ledger.opened():
        assert [one.student for one in ledger.standings()] == ["anna"]
    assert pragma(ledger, "journal_mode") == "delete"


# -- a power cut --------------------------------------------------------------------------------------------------


@pytest.fixture
def graded(ledger):
    """Anna and boris, executed and graded, in a run that came to an orderly end."""
    with ledger.opened():
        ledger.collect(wanted("anna", "boris"))
        place = executed(ledger)
        (place / "executed.ipynb").write_text("{}")
        ledger.executions.keep("anna", 0, "e1", place.rename(place.with_name("running-x")))
        for student in ("anna", "boris"):
            ledger.write(sample_results.submission(student, digest="d1"))
    return ledger


def test_half_an_executed_notebook_after_a_power_cut_is_graded_again(graded):
    """Its result is taken back with it, nobody else's is."""
    (graded.executions.place("anna", 0) / "executed.ipynb").write_text("")
    power_cut(graded)
    with graded.opened():
        assert graded.executions.find("anna", 0, "e1") is None
        assert graded.done("anna", "d1") is None
        assert graded.done("boris", "d1") is not None


def test_an_unharmed_run_stands_after_a_power_cut(graded):
    """Files that are what was recorded are not made again."""
    power_cut(graded)
    with graded.opened():
        assert graded.executions.find("anna", 0, "e1") is not None
        assert {one.student: one.stage for one in graded.standings() if one.status} == dict.fromkeys(
            ("anna", "boris"), Stage.JUDGED
        )


def test_after_an_orderly_end_files_are_not_compared(graded, monkeypatch):
    """Everything was on the disk before the run said so, and a large run is not read again for nothing."""
    monkeypatch.setattr(executions.Executions, "forget_harmed", lambda self: pytest.fail("compared"))
    with graded.opened():
        pass
    with pytest.raises(KeyboardInterrupt), graded.opened():
        raise KeyboardInterrupt
    with pytest.raises(pytest.fail.Exception, match="compared"), graded.opened():
        pass


def test_the_disk_has_everything_before_a_run_says_that_it_has_ended(ledger, monkeypatch):
    """One wait for all files of the run, and none where nothing was executed."""
    waited = []
    monkeypatch.setattr(
        executions, "flush", lambda folder: waited.append((folder, "ended" in (ledger.folder / "lock").read_text()))
    )
    with ledger.opened():
        executed(ledger)
    with ledger.opened():
        pass
    assert waited == [(ledger.folder / "students", False)]
    flush(ledger.folder)


@pytest.mark.parametrize(
    ("kind", "is_local"), [("ext4", True), ("nfs4", False), ("fuse.sshfs", False), ("something", False)]
)
def test_only_a_known_local_disk_is_taken_for_one(tmp_path, monkeypatch, kind, is_local):
    """The disk is the one mounted nearest above the folder; one that nobody knows may be shared."""
    mounted = [
        SimpleNamespace(mountpoint="/", fstype="xfs"),
        SimpleNamespace(mountpoint=str(tmp_path), fstype=kind),
    ]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: mounted)
    assert is_of_this_machine(tmp_path / "run") is is_local
