"""Everything that can stop the grader, sorted by who has to act.

GraderError
    UsageError
    BusyError
    ConditionsChangedError
    WorkbookError
    DataError
    MachineError
        SandboxUnavailableError
        TrainerError
    RunInterruptedError

A student's mistake is not in this tree. A notebook that crashes, a model of the wrong shape, a run that times out:
those are records, and the pipeline carries on.
"""

from __future__ import annotations

from grader.records import Message


class GraderError(Exception):
    """Something only a person can mend. The message says what was found, what was expected and what to do.

    ``str`` of it is the English sentence, for logs; the command line says ``message`` in the language of the call.

    >>> from grader.records import msg
    >>> str(GraderError(msg("{path}: there is no such file", path="a.toml")))
    'a.toml: there is no such file'
    """

    exit_code = 70
    """After sysexits.h: EX_SOFTWARE."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)  # in full, so that it survives pickling
        self.message = message


class UsageError(GraderError):
    """The call is wrong: a path that does not exist, options that contradict each other."""

    exit_code = 64


class BusyError(GraderError):
    """Another grader is writing the run; the same call works when it is done."""

    exit_code = 75


class ConditionsChangedError(GraderError):
    """The run was graded with another Keras, other data or another seal; a person must say how to go on."""

    exit_code = 78


class WorkbookError(GraderError):
    """A lecturer's file is wrong: assignments, reference records."""

    exit_code = 65


class DataError(GraderError):
    """A data set is missing, or a file given for one, or the record of a run, is not what it should be."""

    exit_code = 66


class MachineError(GraderError):
    """The machine lacks something; whoever runs the grader must install or change it."""

    exit_code = 69


class RunInterruptedError(GraderError):
    """Ctrl-C ended a run that can go on."""

    exit_code = 130


class SandboxUnavailableError(MachineError):
    """Student code cannot be sealed off here."""


class TrainerError(MachineError):
    """The training process cannot start, or keeps dying."""
