"""From records to what people read: HTML pages, grade files, tables in the terminal."""

from grader.report.render import page_name, render_run
from grader.report.tables import cohort_table, student_tables

__all__ = ["cohort_table", "page_name", "render_run", "student_tables"]
