"""The record of a run on disk: what is done is safe at any moment, and never done twice.

``RUN/record/ledger.sqlite`` holds the run, every submission with its stage and result, the trainings, and the
lecturer's decisions. ``RUN/record/students/NAME/notebook-N`` holds an executed notebook and its trace. Everything else
in ``RUN`` is rendered from these and can be made again.
"""

from grader.ledger.book import Ledger, SubmissionInput, SubmissionState
from grader.ledger.conditions import Changed
from grader.ledger.decisions import Decision
from grader.ledger.doubts import doubtful
from grader.ledger.space import disk_full, is_full_disk, require_space

__all__ = [
    "Changed",
    "Decision",
    "Ledger",
    "SubmissionInput",
    "SubmissionState",
    "disk_full",
    "doubtful",
    "is_full_disk",
    "require_space",
]
