"""What a run says while it goes on."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace

import pytest
from rich.console import Console

from grader.language import Language
from grader.progress import ProgressDisplay
from grader.records import Status, msg
from tests.sample_results import submission


def follower(language="en", width=40):
    """Return a follower that writes into a file, and the file."""
    console = Console(file=io.StringIO(), width=width)
    return ProgressDisplay(console, 10, Language(language), clock=itertools.count(0.0, 10.0).__next__), console.file


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "[1/10] anna: 38 of 70, 6 more in review (4 min 32 s)"),
        ("ru", "[1/10] anna: 38 из 70, ещё ждут преподавателя: 6 (4 мин 32 с)"),
    ],
)
def test_a_finished_submission_is_one_line(language, line):
    """Points, what waits and the time stand in one line, however narrow the console is, and nothing twice."""
    watching, file = follower(language)
    watching.done(replace(submission("anna"), seconds=272.0), reused=False)
    assert file.getvalue() == line + "\n"


def test_an_unusual_ending_is_named_and_an_old_result_only_counted():
    """A notebook that was stopped says so; hundreds of results that were there already are no news."""
    watching, file = follower()
    watching.done(submission("boris"), reused=True)
    watching.done(submission("anna", status=Status.TIMED_OUT), reused=False)
    assert file.getvalue() == "[2/10] anna: 38 of 70, 6 more in review, timed out (6 min 42 s)\n"


def test_who_handed_in_nothing_has_no_points_to_speak_of():
    """A line without 0 of 0."""
    watching, file = follower("ru")
    watching.done(submission("anna", status=Status.NOT_HANDED_IN, tasks=()), reused=False)
    assert file.getvalue().startswith("[1/10] anna: не сдано (")


def shown(watching, width=100):
    """What a terminal of this width shows of a run now."""
    console = Console(file=io.StringIO(), width=width)
    console.print(watching.table())
    return [line.rstrip() for line in console.file.getvalue().splitlines()][1:]


def test_the_table_counts_everybody_and_names_who_is_at_work():
    """Running, done, waiting and in review add up, and each submission at work has its stage and its time."""
    watching, _ = follower()
    watching.started("anna")
    watching.started("boris")
    watching.stage("anna", msg("training {task} again", task="task3"))
    watching.done(submission("clara"), reused=True)
    assert shown(watching) == [
        "running 2 · done 1 · waiting 7 · in review 1",
        "anna   training task3 again  30 s",
        "boris  begins                30 s",
    ]


def test_time_left_follows_from_what_was_graded_in_this_call():
    """Results that were there before say nothing about how long the rest takes."""
    watching, _ = follower()
    watching.done(submission("clara"), reused=True)
    assert "left" not in shown(watching)[0]
    watching.started("anna")
    watching.done(submission("anna"), reused=False)  # the clock of this test goes on by 10 s a look: 20 s each
    assert shown(watching)[0].endswith("about 2 min 40 s left")


def test_a_long_remark_on_the_run_stays_one_line():
    """A log is searched by lines, so a sentence is not broken at the width of a console that nobody sees."""
    watching, file = follower()
    watching.say(msg("Offline samples stand in for: {names}.", names=", ".join(["mnist"] * 20)))
    assert file.getvalue().count("\n") == 1
