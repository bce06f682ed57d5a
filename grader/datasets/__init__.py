"""Where the arrays come from: samples made here, full data from a file or a download, and their fingerprints."""

from __future__ import annotations

from grader.datasets.shuffled import with_shuffled_labels
from grader.datasets.store import DataStore, Row

__all__ = ["DataStore", "Row", "with_shuffled_labels"]
