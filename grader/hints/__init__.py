"""What errors mean, in plain words: for a model that broke, and for a notebook whose cells fail."""

from grader.hints.cells import hints_of, missing_module, stopped_cell
from grader.hints.models import failure_advice

__all__ = ["failure_advice", "hints_of", "missing_module", "stopped_cell"]
