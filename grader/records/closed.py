"""Closed lists: every value these words can take."""

from __future__ import annotations

import enum


class Verdict(enum.StrEnum):
    """What became of one criterion."""

    PASSED = "passed"
    FAILED = "failed"
    REVIEW = "review"
    """We could not tell. Never costs points, always says why."""


class Status(enum.StrEnum):
    """How a submission ended: exactly one of these."""

    GRADED = "graded"
    REVIEW = "review"
    """Ran as it should, and something in it waits for a person."""
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    OUTPUT_LIMIT = "output_limit"
    KERNEL_DIED = "kernel_died"
    UNREADABLE = "unreadable"
    """The file is not a notebook we can read."""
    EMPTY = "empty"
    """A notebook without code."""
    NOT_HANDED_IN = "not_handed_in"
    """On the roster, and nothing came: no points, and never a zero unless the lecturer says so."""
    OTHER_WORKBOOK = "other_workbook"
    """Code ran, but nothing in it belongs to this workbook."""
    SANDBOX_FAILED = "sandbox_failed"
    """The machine is at fault, never the student."""
    INTERNAL_ERROR = "internal_error"
    """We are at fault, never the student."""

    @property
    def is_ours(self) -> bool:
        """Whether the machine or the grader is at fault: graded again by the next call."""
        return self in {Status.SANDBOX_FAILED, Status.INTERNAL_ERROR}

    @property
    def is_unseen(self) -> bool:
        """Whether nothing of the submission could be seen, so that nothing is judged."""
        return self.is_ours or self is Status.UNREADABLE


class Stage(enum.StrEnum):
    """How far a submission has come in a run, in this order; each is recorded when it is reached."""

    COLLECTED = "collected"
    """Found and read; its turn has not come."""
    EXECUTED = "executed"
    """Every notebook has run to its ending."""
    MATCHED = "matched"
    """Each task has its answer, or none."""
    TRAINED = "trained"
    """The answers were trained again."""
    JUDGED = "judged"
    """Done: it has a status and a grade."""


class Ending(enum.StrEnum):
    """How the run of one notebook ended. Failing cells alone still make it ``completed``."""

    COMPLETED = "completed"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    OUTPUT_LIMIT = "output_limit"
    KERNEL_DIED = "kernel_died"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    SANDBOX_FAILED = "sandbox_failed"
    INTERNAL_ERROR = "internal_error"

    @property
    def is_ours(self) -> bool:
        """Whether the machine or the grader is at fault, never the student."""
        return self in {Ending.SANDBOX_FAILED, Ending.INTERNAL_ERROR}


class CellStatus(enum.StrEnum):
    """What became of one code cell."""

    OK = "ok"
    ERROR = "error"
    TIMED_OUT = "timed_out"
    NOT_RUN = "not_run"
    """The kernel was gone before its turn."""


class TrainingOutcome(enum.StrEnum):
    """What came of training a recipe once."""

    TRAINED = "trained"
    DIVERGED = "diverged"
    """The loss was no longer finite."""
    REFUSED = "refused"
    """Outside the bounds."""
    FAILED = "failed"
    """The training process broke on it, or gave no answer."""


class Evidence(enum.StrEnum):
    """Where an accuracy comes from, strongest first."""

    DELEGATED = "delegated"
    """Trained by us at ``fit`` time."""
    RETRAINED = "retrained"
    """Trained by us afterwards from the captured recipe."""
    IN_KERNEL = "in_kernel"
    """The student's own model, scored by us on test inputs; the notebook had the labels."""
