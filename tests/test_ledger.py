"""What a run leaves on disk."""

import contextlib
import errno
import fcntl
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from grader.errors import BusyError, ConditionsChangedError, DataError, MachineError, UsageError
from grader.ledger import Ledger, SubmissionInput, book, require_space
from grader.records import Person, Stage, Status, Training, TrainingOutcome
from tests import sample_results
from tests.timing import within


@pytest.fixture
def ledger(tmp_path):
    """An empty ledger."""
    return Ledger(tmp_path / "run")


def wanted(*students, digest="d1"):
    """What a call finds: these students, all with the same files."""
    return [SubmissionInput(student=student, files="f1", digest=digest) for student in students]


def test_a_result_survives_the_disk(ledger):
    """What is read back equals what was written, field by field."""
    result = sample_results.submission()
    ledger.write(result)
    assert ledger.results() == (result,)


def test_a_submission_is_done_only_if_graded_from_the_same_in_the_same_way(ledger):
    """Another digest means it must be graded again."""
    result = sample_results.submission(digest="d1")
    ledger.write(result)
    assert ledger.done(result.student, "d1") == result
    assert ledger.done(result.student, "d2") is None
    assert ledger.done("somebody else", "d1") is None


def test_a_result_of_other_files_does_not_stand_for_the_new_ones(ledger):
    """Between the moment a change is seen and the new result, there is no result; put back, the old one stands."""
    ledger.write(sample_results.submission("anna", digest="d1"))
    ledger.collect(wanted("anna", digest="d2"))
    assert ledger.results() == ()
    assert [(one.stage, one.status) for one in ledger.standings()] == [(Stage.COLLECTED, None)]
    ledger.collect(wanted("anna", digest="d1"))
    assert [one.digest for one in ledger.results()] == ["d1"]


def test_who_is_no_longer_handed_in_is_no_longer_in_the_results(ledger):
    """A folder that was renamed leaves no ghost; when it comes back, its result is there."""
    ledger.write(sample_results.submission("anna", digest="d1"))
    ledger.write(sample_results.submission("boris", digest="d1"))
    ledger.collect(wanted("boris"))
    assert [one.student for one in ledger.results()] == ["boris"]
    ledger.collect(wanted("anna", "boris"))
    assert [one.student for one in ledger.results()] == ["anna", "boris"]


def test_who_is_not_graded_yet_has_a_name(ledger):
    """Names are known from the moment a call finds them, and where an earlier grader noted none it is the folder's."""
    ledger.collect(
        [SubmissionInput(student="4711", files="f1", digest="d1", who=Person(name="Анна Петрова")), *wanted("boris")]
    )
    assert [one.label for one in ledger.unfinished()] == ["Анна Петрова (4711)", "boris"]
    ledger.write(sample_results.submission("boris", digest="d1"))
    assert [one.student for one in ledger.unfinished()] == ["4711"]
    with ledger._store.writing() as database:
        database.execute("DROP TABLE person")
    assert [one.label for one in ledger.unfinished()] == ["4711"]


def test_what_a_call_was_graded_by_is_part_of_the_state(ledger):
    """Another profile changes the reports; another time of grading alone does not."""
    states = []
    for changes in ({}, {"started": "2000-01-01T00:00:00+00:00", "seconds": 1.0}, {"profile": "quick"}):
        ledger.write_run(replace(sample_results.run(), **changes))
        states.append(ledger.state())
    assert states[0] == states[1] != states[2]


def changed(ledger, *statement):
    """Change the ledger's file, as nobody should."""
    with contextlib.closing(sqlite3.connect(ledger.folder / "ledger.sqlite")) as database, database:
        return database.execute(*statement).fetchall()


def stages(ledger, student):
    rows = changed(ledger, "SELECT stage FROM stage WHERE student = ? ORDER BY rowid", (student,))
    return [stage for (stage,) in rows]


def test_stages_are_recorded_one_by_one(ledger):
    """Where a submission is stands in the ledger at any moment, with the times of the stages behind it."""
    ledger.collect(wanted("anna", "boris"))
    for stage in (Stage.EXECUTED, Stage.MATCHED):
        ledger.reached("anna", stage)
    assert {one.student: one.stage for one in ledger.standings()} == {"anna": Stage.MATCHED, "boris": Stage.COLLECTED}
    assert stages(ledger, "anna") == [Stage.COLLECTED, Stage.EXECUTED, Stage.MATCHED]
    ledger.write(sample_results.submission("anna", digest="d1"))
    assert ledger.standings()[0].status is Status.REVIEW
    assert stages(ledger, "anna")[-2:] == [Stage.TRAINED, Stage.JUDGED]


@pytest.mark.parametrize("student", ["../../etc", "a/b", "con", "Ёлкина Анна", "x" * 300, "..", "a\x00b"])
def test_no_name_leaves_the_runs_folder(tmp_path, student):
    """Whatever a student is called, the folder lies inside the run and names stay apart."""
    ledger = Ledger(tmp_path)
    folder = ledger.folder_of(student)
    assert folder.parent == ledger.folder / "students"
    assert len(folder.name.encode()) < 255
    assert folder != ledger.folder_of(student + "2")


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    """Nothing is written among somebody's files."""
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(UsageError, match="not a run"), Ledger(tmp_path).opened():
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


@pytest.mark.parametrize("status", [Status.INTERNAL_ERROR, Status.SANDBOX_FAILED])
def test_our_own_faults_are_tried_again(ledger, status):
    """What the machine or the grader did wrong is not remembered as done."""
    result = sample_results.submission(digest="d1", status=status)
    ledger.write(result)
    assert ledger.done(result.student, "d1") is None
    assert ledger.results() == (result,)


# -- faults of the disk -------------------------------------------------------------------------------------------


def test_a_full_disk_takes_nothing_and_says_what_to_do(ledger, monkeypatch):
    """SQLite's own full disk: the transaction leaves no trace, what was there stays, the message names resume."""
    ledger.write(sample_results.submission("anna", digest="d1"))
    connect = sqlite3.connect

    def cramped(*arguments, **options):
        database = connect(*arguments, **options)
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")
        return database

    monkeypatch.setattr(sqlite3, "connect", cramped)
    with pytest.raises(MachineError, match=r"disk is full.*grader resume"):
        ledger.write(sample_results.submission("boris", digest="d1"))
    monkeypatch.undo()
    assert [one.student for one in ledger.results()] == ["anna"]


def test_a_disk_that_is_as_good_as_full_stops_the_run(tmp_path, monkeypatch):
    """Before a submission is begun, and before a failure is recorded that the full disk may have caused."""
    require_space(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1 << 20))
    with pytest.raises(MachineError, match="free some space, then call `grader resume"):
        require_space(tmp_path)


def test_a_file_that_is_no_ledger_is_said_to_be_none(ledger):
    """A damaged file ends in one line, not in a traceback of the database."""
    ledger.folder.mkdir(parents=True)
    (ledger.folder / "ledger.sqlite").write_bytes(b"not a database" * 1000)
    with pytest.raises(DataError, match="not a ledger that can be read"):
        ledger.run()


def test_an_unreadable_result_is_graded_again_and_an_unreadable_ledger_is_told(ledger):
    """The first is as good as none; of the second nobody can say what is done, least of all that nothing is."""
    result = sample_results.submission("anna", digest="d1")
    ledger.write(result)
    changed(ledger, "UPDATE submission SET result = '{}'")
    assert ledger.done("anna", "d1") is None
    changed(ledger, "ALTER TABLE submission RENAME COLUMN result TO gone")
    with pytest.raises(DataError, match="no such column: result"):
        ledger.done("anna", "d1")


@pytest.mark.parametrize("ours", [(), (Status.INTERNAL_ERROR,), tuple(Status)])
def test_a_further_kind_of_fault_of_ours_costs_no_grade(ledger, monkeypatch, ours):
    """However many statuses are ours, a result of another one stands."""
    monkeypatch.setattr(book, "_OURS", ours)
    ledger.write(sample_results.submission("anna", digest="d1"))
    assert (ledger.done("anna", "d1") is None) is (Status.REVIEW in ours)


def test_a_person_on_record_that_cannot_be_read_is_named(ledger):
    """In one line, not in a traceback."""
    ledger.collect(wanted("anna"))
    changed(ledger, "INSERT INTO person VALUES ('anna', '{')")
    with pytest.raises(DataError, match="the record of anna cannot be read"):
        ledger.standings()


def test_a_ledger_of_a_newer_grader_is_not_touched(ledger):
    """A format that this version does not know is refused by name."""
    ledger.write(sample_results.submission())
    with sqlite3.connect(ledger.folder / "ledger.sqlite") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(UsageError, match="newer grader"):
        ledger.results()


def test_an_interrupted_transaction_never_happened(ledger):
    """What raises in the middle leaves the ledger as it was."""
    ledger.collect(wanted("anna"))

    def interrupted():
        with ledger._store.writing() as database:
            database.execute("DELETE FROM submission")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [one.student for one in ledger.standings()] == ["anna"]


# -- the lock -----------------------------------------------------------------------------------------------------


def _try(out, answers):
    try:
        with Ledger(out).opened():
            answers.put("opened")
    except BusyError as error:
        answers.put(str(error))


def test_two_graders_cannot_write_one_run(tmp_path):
    """The second one is told who holds the run."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    with Ledger(tmp_path).opened():
        other = context.Process(target=_try, args=(tmp_path, answers))
        other.start()
        answer = answers.get(timeout=60)
        other.join()
    assert f"another grader is writing this run (process {os.getpid()}" in answer


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EAGAIN, BusyError, "another grader is writing this run"),
        (errno.EACCES, BusyError, "another grader is writing this run"),
        (errno.ENOLCK, MachineError, r"cannot be locked against a second grader \(No locks available\)"),
        (errno.EOPNOTSUPP, MachineError, "cannot be locked against a second grader"),
    ],
)
def test_a_file_system_without_locks_is_no_other_grader(tmp_path, monkeypatch, number, kind, words):
    """Waiting for the other one to end would take for ever."""

    def flock(file, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(kind, match=words), Ledger(tmp_path / "run").opened():
        pass


def test_the_lock_of_a_killed_grader_is_free(tmp_path):
    """After kill -9 nothing has to be cleaned up by hand."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom grader.ledger import Ledger\n"
        "with Ledger(Path(sys.argv[1])).opened():\n    print('held', flush=True)\n    time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(BusyError), Ledger(tmp_path).opened():
                pass
        finally:
            holder.send_signal(signal.SIGKILL)
    with Ledger(tmp_path).opened():
        pass


# -- executions ---------------------------------------------------------------------------------------------------


def executed(ledger, digest="e1", text="{}", number=0):
    """Put an execution of one of anna's notebooks on record."""
    folder = ledger.executions.begin("anna")
    (folder / "outcome.json").write_text(text)
    return ledger.executions.keep("anna", number, digest, folder)


def test_an_execution_is_used_again_only_if_it_came_of_the_same(ledger):
    """The digest decides; a new execution takes the place of the old one."""
    place = executed(ledger)
    assert ledger.executions.find("anna", 0, "e1") == place
    assert ledger.executions.find("anna", 0, "e2") is None
    assert executed(ledger, "e2", "[]") == place
    assert ledger.executions.find("anna", 0, "e1") is None
    assert (place / "outcome.json").read_text() == "[]"
    assert [path.name for path in place.parent.iterdir()] == ["notebook-0"]


def test_files_that_were_changed_since_are_not_used_again(ledger):
    """Half a trace after a power cut, or a helpful hand, costs one more execution and no grade."""
    place = executed(ledger)
    (place / "outcome.json").write_text('{"ending": "completed"}')
    assert ledger.executions.find("anna", 0, "e1") is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["new", "e0", "e1"], [None, "e0", "e1"]),  # one was added before the others
        (["e1", "e0"], ["e1", "e0"]),  # renamed, so that they changed places
        (["e1"], ["e1"]),  # the first was taken back
        (["e0", "e0"], ["e0", None]),  # a second copy has to be run
        (["e0", "e1"], ["e0", "e1"]),
    ],
)
def test_notebooks_that_change_places_are_not_run_again(ledger, wanted, found):
    """What was executed is found by its content wherever it stands in the submission now, and only what is new is not."""
    for number, digest in enumerate(("e0", "e1")):
        executed(ledger, digest, f'"{digest}"', number)
    ledger.executions.settle("anna", wanted)
    places = [ledger.executions.find("anna", number, digest) for number, digest in enumerate(wanted)]
    assert [place and (place / "outcome.json").read_text().strip('"') for place in places] == found
    assert not list(ledger.folder_of("anna").glob("running-*"))


def test_what_an_interrupted_attempt_left_is_swept_away(ledger):
    """The next grader starts with finished executions only."""
    place, left = executed(ledger), ledger.executions.begin("anna")
    with ledger.opened():
        assert (place.exists(), left.exists()) == (True, False)


def test_a_training_is_found_by_its_key(ledger):
    """What was trained for the run once need not be trained again."""
    training = Training(
        recipe="r", seed=1, dataset="mnist", fingerprint="f", profile="quick", device="cpu", outcome=TrainingOutcome.TRAINED,
        test_accuracy=0.97, history={"loss": (0.5, None)},
    )  # fmt: skip
    assert ledger.trainings.find("k") is None
    ledger.trainings.keep("k", training)
    assert ledger.trainings.find("k") == training


# -- conditions ---------------------------------------------------------------------------------------------------

OLD, NEW = {"keras": "3.15", "data mnist": "full 3f"}, {"keras": "3.16", "data mnist": "full 3f"}


@pytest.fixture
def graded(ledger):
    """Anna, graded under the old conditions."""
    ledger.collect(wanted("anna"))
    ledger.write(sample_results.submission("anna", digest="d1"), ledger.conditions.agree(OLD, "ask"))
    return ledger


def test_a_run_that_was_never_asked_for_by_a_command_begins_under_any_conditions(tmp_path):
    """Whoever grades by calling the package need not record a request first."""
    fresh = Ledger(tmp_path / "new")
    with fresh.opened():
        assert fresh.conditions.agree(OLD, "ask") == fresh.conditions.agree(OLD, "ask")


def test_another_keras_asks_before_anything_is_mixed(graded):
    """The error names what has changed and the options there are; nothing is changed by asking."""
    with pytest.raises(ConditionsChangedError, match=r"keras 3\.15, now 3\.16.*--changed regrade.*--changed keep"):
        graded.conditions.agree(NEW, "ask")
    assert graded.done("anna", "d1") is not None


def test_keeping_leaves_what_is_graded_and_is_asked_once(graded):
    """The old grade stands beside new ones, now and in later calls that say nothing."""
    graded.conditions.agree(NEW, "keep")
    assert graded.done("anna", "d1") is not None
    graded.conditions.agree(NEW, "ask")
    assert len(graded.results()) == 1


def test_regrading_leaves_nothing_of_the_old_conditions(graded):
    """The old grade is gone until it is made anew, also when the run is interrupted in between."""
    digest = graded.conditions.agree(NEW, "regrade")
    assert graded.done("anna", "d1") is None
    assert graded.results() == ()
    graded.conditions.agree(NEW, "ask")
    graded.write(sample_results.submission("anna", digest="d1"), digest)
    assert graded.done("anna", "d1") is not None


def test_more_data_sets_are_no_other_conditions(graded):
    """Another task with its own data changes nothing about what was graded."""
    graded.conditions.agree(OLD | {"data cifar10": "sample 7c"}, "ask")
    assert graded.done("anna", "d1") is not None


def test_a_thousand_students_are_read_in_seconds(ledger):
    """Reading all results of a large course takes seconds on a busy machine, and where everyone stands far less."""
    for result in sample_results.cohort(20):
        ledger.write(result)
    with ledger._store.writing() as database:
        for number in range(980):
            database.execute(
                "INSERT INTO submission SELECT 'x' || ?, files, wanted, stage, digest, conditions, status, result"
                " FROM submission WHERE student = ?",
                (number, f"student-{number % 20:03}"),
            )
    with within(30):
        assert len(ledger.results()) == len(ledger.standings()) == 1000
