"""Whole pages of recorded submissions, as they were last looked at: ``GOLDEN=write pytest`` records them anew.

A difference is no fault by itself: look at it, and record it when it is meant.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from grader.records import SubmissionResult
from grader.report import render_run
from tests.sample_results import run

GOLDEN = Path(__file__).parent / "golden"
LESSONS = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())


def page(lesson, out, language):
    """Render a recorded submission; returns its page without what is checked elsewhere: style, policy, digest."""
    result = TypeAdapter(SubmissionResult).validate_json((GOLDEN / lesson / "result.json").read_bytes())
    folder = out / "record" / "students" / "student" / "notebook-0"
    folder.mkdir(parents=True)
    shutil.copy(GOLDEN / lesson / "executed.ipynb", folder)
    facts = run(tasks=tuple(task.task for task in result.tasks), profile="quick")
    sample = tuple(replace(data, edition="sample") for data in facts.datasets)
    render_run(replace(facts, datasets=sample), [result], out, language=language)
    text = (out / "students" / "student.html").read_text("utf-8")
    text = re.sub(r"<style>.*?</style>|<meta [^>]*>\n?", "", text, flags=re.DOTALL)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("lesson", LESSONS)
def test_a_recorded_submission_s_page_is_as_it_was_looked_at(tmp_path, lesson, language):
    """Not a word and not a tag of the page has changed unseen."""
    made, golden = page(lesson, tmp_path, language), GOLDEN / lesson / f"page.{language}.html"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(made, "utf-8")
    assert made == golden.read_text("utf-8")


def test_the_golden_pages_teach_what_the_lessons_are_about():
    """The recorded pages show what they were recorded for."""
    first = (GOLDEN / "one-unit-sigmoid" / "page.en.html").read_text("utf-8")
    second = (GOLDEN / "shapes-do-not-fit" / "page.en.html").read_text("utf-8")
    for words in (
        "Softmax over a single unit",
        "set up differently",
        "Claimed:",
        "overfitting after epoch",
        "Preview.",
    ):
        assert words in first, words
    for words in ("stopped with an error", "traceback", "The image has become smaller than the filter"):
        assert words in second, words
