"""Tables for the terminal: 80 columns are enough, and no word of a heading is broken."""

import pytest
from rich.console import Console
from rich.table import Table

from grader.batch import bands_of
from grader.cli.figures import shown, verified
from grader.language import Language
from grader.records import Person
from grader.report import cohort_table, student_tables
from grader.report.queue import queue_table, waiting
from grader.report.slim import slim_table
from grader.workbook import load_workbook
from tests.sample_results import cohort, run, submission

WIDTH = 80


def lines_of(parts):
    """What a terminal of 80 columns shows, line by line."""
    console = Console(width=WIDTH, highlight=False, color_system=None)
    with console.capture() as said:
        for part in parts:
            console.print(part)
    return [line.rstrip() for line in said.get().splitlines()]


def headings(parts):
    return {
        word
        for part in parts
        if isinstance(part, Table)
        for column in part.columns
        for word in str(column.header).split()
    }


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("made", [shown, verified], ids=["show", "verify"])
def test_the_committed_records_fit_a_narrow_terminal(language, made):
    """Every heading and every recorded name stands there whole, in both languages."""
    workbook = load_workbook()
    parts = list(made(workbook, bands_of(workbook), Language(language)))
    lines = lines_of(parts)
    assert max(map(len, lines)) <= WIDTH
    words = {word for line in lines for word in line.split()}
    assert headings(parts) <= words
    assert "task2" in words


@pytest.mark.parametrize("language", ["ru", "en"])
def test_results_fit_a_narrow_terminal(language):
    """The class, one student and the review queue, with names as long as people's are."""
    results = [submission("a", who=Person(name="Константинопольская Александра Владимировна")), *cohort(3)]
    words = Language(language)
    for part in (
        cohort_table(run(), results, words),
        student_tables(run(), results[0], words),
        queue_table(waiting(results), words),
    ):
        lines = lines_of([part])
        assert max(map(len, lines)) <= WIDTH
        assert not any("…" in line.replace(" … ", "") for line in lines if "Константин" in line)


def test_a_heading_breaks_between_words_alone():
    """As many lines as make it no wider than its longest word."""
    table = slim_table("Reference", "In the workbook")
    assert [column.header for column in table.columns] == ["Reference", "In the\nworkbook"]
    assert [column.justify for column in table.columns] == ["left", "right"]
