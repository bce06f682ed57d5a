"""What waits for a person, and the lecturer's word."""

import json
import shlex
from dataclasses import replace

import pytest
from click.testing import CliRunner

from grader.cli import group
from grader.errors import GraderError
from grader.ledger import Ledger, SubmissionInput, doubtful
from grader.records import Person, Status, Verdict
from tests import sample_results


@pytest.fixture
def recorded(tmp_path):
    """A run of one submission: 38 of 70 points, 6 in review."""
    ledger = Ledger(tmp_path / "run")
    with ledger.opened():
        ledger.write_run(sample_results.run(language="en"))
        ledger.collect([SubmissionInput(student="anna", files="f1", digest="d1")])
        ledger.write(sample_results.submission("anna", digest="d1"))
    return ledger


def grader(*arguments):
    """Call the command line in this process; returns what it printed."""
    done = CliRunner().invoke(group, [str(one) for one in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def decide(ledger, *more):
    """Give anna 3 of 6 points for her accuracy."""
    words = ("--verdict", "passed", "--points", 3, "--because", "An unlucky seed.", "--author", "dr.orlov")
    return grader("override", ledger.out, "anna", "task3/accuracy", *words, *more)


def accuracy(ledger):
    """What stands for the accuracy of anna's third task now, and her task's points."""
    (result,) = ledger.results()
    task = result.tasks[2]
    return next(one for one in task.findings if one.id == "accuracy"), task


def test_a_decision_stands_above_the_graders_verdict(recorded):
    """Verdict, points and status follow it; who decided when and why is on record."""
    decide(recorded)
    finding, task = accuracy(recorded)
    assert (finding.verdict, finding.earned, finding.points) == (Verdict.PASSED, 3, 6)
    assert (finding.override.author, finding.override.because) == ("dr.orlov", "An unlucky seed.")
    assert finding.override.at.endswith("+00:00")
    assert (task.earned, task.in_review) == (21, 0)
    assert recorded.results()[0].status is Status.GRADED


def test_a_decision_reaches_pages_and_grade_files_at_once(recorded):
    """The student reads why; the file for the LMS has the points."""
    decide(recorded)
    page = next((recorded.out / "students").glob("anna*.html")).read_text("utf-8")
    assert "An unlucky seed." in page
    assert "unlucky" in grader("show", recorded.out, "anna")
    (submission,) = json.loads((recorded.out / "results.json").read_text())["submissions"]
    assert (submission["tasks"]["task3"]["earned"], submission["tasks"]["task3"]["in_review"]) == (21, 0)


def test_a_decision_is_kept_over_re_runs(recorded):
    """A new result of the same student, even of new files, is read with the lecturer's word on top."""
    decide(recorded, "--no-report")
    recorded.collect([SubmissionInput(student="anna", files="f2", digest="d2")])
    recorded.write(sample_results.submission("anna", digest="d2"))
    assert accuracy(recorded)[0].earned == 3


def hand_in_again(ledger):
    """Let anna mend her files and be graded once more."""
    ledger.collect([SubmissionInput(student="anna", files="f2", digest="d2")])
    ledger.write(sample_results.submission("anna", digest="d2"))


def test_a_decision_on_other_files_waits_in_the_queue_until_it_is_taken_anew(recorded):
    """It counts, and queue, class page and flags say that it was taken on what is handed in no more."""
    decide(recorded, "--no-report")
    hand_in_again(recorded)
    grader("report", recorded.out)
    said, page = grader("review", recorded.out), (recorded.out / "index.html").read_text("utf-8")
    assert "task3/accuracy --remove" in said
    assert "Points in review: 0" in said
    assert page.count("handed in again since") == 2  # a flag, and a line of the queue
    assert "An unlucky seed." in page
    decide(recorded)
    assert grader("review", recorded.out).strip() == "Nothing waits for you."
    assert "handed in again since" not in (recorded.out / "index.html").read_text("utf-8")


def test_a_summary_counts_the_decisions_to_check(recorded):
    """On other files, or without effect."""
    decide(recorded, "--no-report")
    assert doubtful(recorded) == ()
    hand_in_again(recorded)
    assert [counts for _, counts in doubtful(recorded)] == [True]
    with recorded._store.writing() as database:
        database.execute("UPDATE decision SET criterion = 'gone'")
    assert [counts for _, counts in doubtful(recorded)] == [False]


def unseen(task):
    """Return a task of which nothing could be seen."""
    findings = tuple(replace(one, verdict=Verdict.REVIEW) for one in task.findings)
    return replace(task, findings=findings, earned=0, in_review=task.max)


def test_all_criteria_of_a_task_or_a_submission_are_decided_at_once(recorded):
    """Whoever could not be read needs one call, not one a criterion; --remove takes it back likewise."""
    unread = sample_results.submission("anna", digest="d1", status=Status.UNREADABLE)
    recorded.write(replace(unread, tasks=tuple(map(unseen, unread.tasks))))
    before = recorded.results()
    assert '--all --verdict passed --because "..."' in grader("review", recorded.out)
    words = ("--because", "Shown to me on paper.", "--no-report")
    assert "anna, task3: passed, points: 30." in grader(
        "override", recorded.out, "anna", "task3", "--verdict", "passed", *words
    )
    (result,) = recorded.results()
    assert [task.earned for task in result.tasks] == [0, 0, result.tasks[2].max]
    grader("override", recorded.out, "anna", "--all", "--verdict", "passed", *words)
    (result,) = recorded.results()
    assert [task.earned for task in result.tasks] == [task.max for task in result.tasks]
    assert "Nothing waits" in grader("review", recorded.out)
    grader("override", recorded.out, "anna", "task3", "--remove", "--no-report")
    assert len(recorded.decisions.all()) == len(result.tasks[0].findings) + len(result.tasks[1].findings)
    grader("override", recorded.out, "anna", "--all", "--remove", "--no-report")
    assert recorded.results() == before


def test_the_queue_ends_in_commands_that_work_as_they_stand(recorded, tmp_path):
    """With the run's real folder and names as a shell needs them."""
    recorded.rename(replace(sample_results.submission("anna", digest="d1")))
    with recorded._store.writing() as database:
        database.execute(
            "UPDATE submission SET student = 'anna o''hara', result = replace(result, '\"anna\"', '\"anna o''hara\"')"
        )
    (command,) = [line for line in grader("review", recorded.out).splitlines() if line.startswith("grader override")]
    assert shlex.split(command)[1:5] == ["override", str(recorded.out), "anna o'hara", "task3/accuracy"]
    grader(*shlex.split(command)[1:], "--no-report")
    assert recorded.results()[0].status is Status.GRADED


def test_a_decision_can_be_taken_back_and_both_stay_on_record(recorded):
    """After --remove the grader's own verdict counts, and the table still tells the story."""
    decide(recorded, "--no-report")
    grader("override", recorded.out, "anna", "accuracy", "--remove", "--no-report", "--author", "dr.ivanova")
    finding, task = accuracy(recorded)
    assert (finding.verdict, finding.override, task.in_review) == (Verdict.REVIEW, None, 6)
    with recorded._store.reading() as database:
        told = database.execute("SELECT author, verdict FROM decision ORDER BY id").fetchall()
    assert told == [("dr.orlov", "passed"), ("dr.ivanova", None)]


def test_the_latest_of_several_decisions_counts(recorded):
    """Whoever changes their mind need not take anything back first."""
    decide(recorded, "--no-report")
    grader("override", recorded.out, "anna", "accuracy", "--verdict", "failed", "--because", "Copied.", "--no-report")
    assert (accuracy(recorded)[0].verdict, accuracy(recorded)[0].earned) == (Verdict.FAILED, 0)


def test_a_decision_that_no_longer_fits_has_no_effect_and_is_listed(recorded):
    """A rubric that gives the criterion fewer points than were awarded is for the lecturer to look at."""
    grader("override", recorded.out, "anna", "convolutions", "--verdict", "passed", "--because", "Fine.", "--no-report")
    with recorded._store.writing() as database:
        database.execute("UPDATE decision SET points = 99")
    (result,) = recorded.results()
    assert result.tasks[2].findings[1].verdict is Verdict.FAILED
    assert "no effect" in grader("review", recorded.out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["accuracy", "--verdict", "passed", "--points", "7", "--because", "x"], "worth 6; give 0 to 6"),
        (["accuracy", "--verdict", "review", "--points", "1", "--because", "x"], "give 0 to 0"),
        (["accuracy", "--verdict", "failed", "--points", "6", "--because", "x"], "give 0 to 5"),
        (["task3", "--verdict", "passed", "--points", "1", "--because", "x"], "for one criterion"),
        (["--all", "--verdict", "passed", "--points", "1", "--because", "x"], "for one criterion"),
        (["accuracy", "--all", "--verdict", "passed", "--because", "x"], "or say --all"),
        (["--verdict", "passed", "--because", "x"], "or say --all"),
        (["--all", "--remove"], "there is no decision to take back"),
        (["accuracy", "--verdict", "passed"], "--because"),
        (["accuracy", "--verdict", "passed", "--because", " "], "--because is empty"),
        (["accuracy", "--remove", "--points", "1"], "leave out"),
        (["accuracy", "--remove"], "anna: there is no decision to take back"),
        (["speed", "--verdict", "passed", "--because", "x"], "there are task1/first-layer, "),
    ],
)
def test_a_wrong_decision_is_refused_with_what_was_expected(recorded, arguments, said):
    """Nothing is recorded, and the message names the points or the criteria there are."""
    with pytest.raises(GraderError, match=said):
        grader("override", recorded.out, "anna", *arguments)
    assert recorded.decisions.all() == ()


def test_a_criterion_of_several_tasks_needs_its_task(recorded):
    """An ambiguous name is answered with the full ones."""
    with recorded._store.writing() as database:
        database.execute('UPDATE submission SET result = replace(result, \'"id":"trained"\', \'"id":"accuracy"\')')
    with pytest.raises(GraderError, match="task1/accuracy, task3/accuracy"):
        grader("override", recorded.out, "anna", "accuracy", "--verdict", "passed", "--because", "x")


def test_students_are_found_by_what_the_lms_calls_them(recorded):
    """Name, id or e-mail do where they are unique."""
    known = Person(id="4711", name="Анна Петрова", email="anna@example.org")
    recorded.rename(replace(sample_results.submission("anna", digest="d1"), who=known))
    for name in ("anna", "4711", "Анна Петрова", "anna@example.org"):
        assert "Анна Петрова" in grader("override", recorded.out, name, "accuracy", "--verdict", "passed",
                                        "--because", "x", "--no-report")  # fmt: skip


def test_a_run_that_is_not_finished_says_so_wherever_it_is_looked_at(recorded):
    """Who is missing is named, with the command that goes on; nobody is told that nothing waits."""
    decide(recorded, "--no-report")
    known = Person(name="Анна Петрова", email="anna@example.org")
    recorded.collect([SubmissionInput(student="anna", files="f1", digest="d2", who=known)])
    left = f"Not finished: 1 of 1 (Анна Петрова (anna)). To finish: grader resume {recorded.out}"
    for command in ("show", "review"):
        assert grader(command, recorded.out).strip() == left
    assert left in grader("report", recorded.out)
    for name in ("anna", "Анна Петрова", "Анна Петрова (anna)", "Anna@example.org"):
        with pytest.raises(
            GraderError, match=r"Анна Петрова \(anna\): this submission is not graded yet; `grader resume"
        ):
            grader("override", recorded.out, name, "accuracy", "--verdict", "passed", "--because", "x")
    with pytest.raises(GraderError, match=r"no such student in this run; it has Анна Петрова \(anna\)"):
        grader("show", recorded.out, "boris")


def test_the_queue_has_the_worst_first(recorded):
    """What nobody could look into comes before single criteria, more points before fewer, with the reasons."""
    broken = sample_results.submission("zoe", digest="d1", status=Status.UNREADABLE)
    recorded.write(broken)
    lines = [line for line in grader("review", recorded.out).splitlines() if not line.startswith("grader ")]
    place = {name: next(i for i, line in enumerate(lines) if name in line) for name in ("zoe", "anna")}
    assert place["zoe"] < place["anna"]
    assert any("task3/accuracy" in line and "median of three" in line for line in lines[place["anna"] :])
    assert any("Points in review: 12" in line for line in lines)


def test_nothing_waiting_is_said(recorded):
    """An empty queue is one sentence."""
    decide(recorded, "--no-report")
    assert grader("review", recorded.out).strip() == "Nothing waits for you."
