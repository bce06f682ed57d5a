"""What a run says while it goes on."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console
from rich.progress import Progress

from grader.language import Language
from grader.progress import Follower
from grader.records import Status, msg
from tests.sample_results import submission


def follower(language="en", width=40):
    """Return a follower that writes into a file, and the file."""
    console = Console(file=io.StringIO(), width=width)
    return Follower(Progress(console=console, disable=True), console, 10, Language(language)), console.file


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "[1/10] anna: 38 of 70, 6 more in review (4 min 32 s)"),
        ("ru", "[1/10] anna: 38 из 70, ещё 6 на проверке (4 мин 32 с)"),
    ],
)
def test_a_finished_submission_is_one_line(language, line):
    """Points, what waits and the time stand in one line, however narrow the console is, and nothing twice."""
    watching, file = follower(language)
    watching.done(replace(submission("anna"), seconds=272.0), reused=False)
    assert file.getvalue() == line + "\n"


def test_an_unusual_ending_is_named_and_an_old_result_marked():
    """A notebook that was stopped says so, and a result that was there already has no time."""
    watching, file = follower()
    watching.done(submission("anna", status=Status.TIMED_OUT), reused=True)
    assert file.getvalue() == "[1/10] anna: 38 of 70, 6 more in review, timed out (unchanged)\n"


def test_a_long_remark_on_the_run_stays_one_line():
    """A log is searched by lines, so a sentence is not broken at the width of a console that nobody sees."""
    watching, file = follower()
    watching.say(msg("Offline samples stand in for: {names}.", names=", ".join(["mnist"] * 20)))
    assert file.getvalue().count("\n") == 1
