"""From records to what people read: HTML pages, Markdown, PDF, grade files, tables in the terminal."""

from grader.report.markdown import render_markdown
from grader.report.names import page_name
from grader.report.pdf import find_chromium, render_pdf
from grader.report.render import render_run
from grader.report.tables import cohort_table, student_tables

__all__ = [
    "cohort_table",
    "find_chromium",
    "page_name",
    "render_markdown",
    "render_pdf",
    "render_run",
    "student_tables",
]
