"""What a run leaves on disk."""

import multiprocessing

import pytest

from grader.errors import UsageError
from grader.ledger import Ledger
from grader.records import Status
from tests import sample_results


def test_a_result_survives_the_disk(tmp_path):
    """What is read back equals what was written, field by field."""
    ledger, result = Ledger(tmp_path), sample_results.submission()
    ledger.write(result)
    assert ledger.results() == (result,)


def test_a_submission_is_done_only_if_graded_from_the_same_in_the_same_way(tmp_path):
    """Another digest means it must be graded again."""
    ledger, result = Ledger(tmp_path), sample_results.submission(digest="d1")
    ledger.write(result)
    assert ledger.done(result.student, "d1") == result
    assert ledger.done(result.student, "d2") is None
    assert ledger.done("somebody else", "d1") is None


def test_a_half_written_result_counts_as_not_done(tmp_path):
    """After a power cut the submission is simply graded again."""
    ledger, result = Ledger(tmp_path), sample_results.submission(digest="d1")
    ledger.write(result)
    path = ledger.folder_of(result.student) / "result.json"
    path.write_bytes(path.read_bytes()[:100])
    assert ledger.done(result.student, "d1") is None
    with pytest.raises(UsageError, match=r"result\.json"):
        ledger.results()


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


def _try(out, answers):
    try:
        with Ledger(out).opened():
            answers.put("opened")
    except UsageError as error:
        answers.put(str(error))


def test_two_graders_cannot_write_one_run(tmp_path):
    """The second one is told to wait."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    with Ledger(tmp_path).opened():
        other = context.Process(target=_try, args=(tmp_path, answers))
        other.start()
        answer = answers.get(timeout=60)
        other.join()
    assert "another grader" in answer


@pytest.mark.parametrize("status", [Status.INTERNAL_ERROR, Status.SANDBOX_FAILED])
def test_our_own_faults_are_tried_again(tmp_path, status):
    """What the machine or the grader did wrong is not remembered as done."""
    ledger, result = Ledger(tmp_path), sample_results.submission(digest="d1", status=status)
    ledger.write(result)
    assert ledger.done(result.student, "d1") is None
