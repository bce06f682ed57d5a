"""Plain explanations of every closed list a reader meets: no value of an enumeration reaches a page unexplained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from grader.known import handed_out
from grader.language import Language
from grader.records import CellStatus, Ending, Evidence, Message, RunFacts, Status, TaskResult, Verdict, msg

STATUS: Mapping[Status, Message] = {
    Status.GRADED: msg("The submission was run, and every criterion could be decided."),
    Status.REVIEW: msg(
        "The submission was run. Something in it could not be decided by a program and waits for the lecturer; "
        "this costs no points."
    ),
    Status.TIMED_OUT: msg(
        "A notebook ran longer than it may and was stopped. What ran before that is graded; make the slow cell faster "
        "and hand in again."
    ),
    Status.OUT_OF_MEMORY: msg(
        "A notebook needed more memory than it may use and was stopped. What ran before that is graded; keep fewer "
        "copies of the data and hand in again."
    ),
    Status.OUTPUT_LIMIT: msg(
        "A notebook printed or wrote more than it may and was stopped. What ran before that is graded; print less and "
        "hand in again."
    ),
    Status.KERNEL_DIED: msg(
        "The Python process of a notebook ended by itself. What ran before that is graded; restart the kernel, run all "
        "cells and look which one ends it."
    ),
    Status.UNREADABLE: msg(
        "The file handed in is not a Jupyter notebook that can be opened. Save it once more as .ipynb, open it to make "
        "sure, and hand it in again."
    ),
    Status.EMPTY: msg(
        "The notebook holds no code. Perhaps it is the wrong file, or it was not saved before handing in."
    ),
    Status.NOT_HANDED_IN: msg(
        "Nothing was handed in by this student. No points were decided; whether that is a zero, the lecturer says."
    ),
    Status.OTHER_WORKBOOK: msg(
        "The code ran, but nothing in it belongs to this workbook. Check that the right file was handed in."
    ),
    Status.SANDBOX_FAILED: msg(
        "The machine that grades could not run the notebook. This is not the student's fault and costs no points: "
        "the lecturer has to grade the submission again."
    ),
    Status.INTERNAL_ERROR: msg(
        "The grader itself failed here. This is not the student's fault and costs no points: the lecturer has to grade "
        "the submission again or by hand."
    ),
}

ENDING: Mapping[Ending, Message] = {
    Ending.COMPLETED: msg("ran to the end"),
    Ending.TIMED_OUT: msg("stopped: time limit"),
    Ending.OUT_OF_MEMORY: msg("stopped: memory limit"),
    Ending.OUTPUT_LIMIT: msg("stopped: output limit"),
    Ending.KERNEL_DIED: msg("stopped: the Python process ended by itself"),
    Ending.UNREADABLE: msg("could not be opened"),
    Ending.EMPTY: msg("holds no code"),
    Ending.SANDBOX_FAILED: msg("did not run: the machine is at fault"),
    Ending.INTERNAL_ERROR: msg("did not run: the grader is at fault"),
}

CELL: Mapping[CellStatus, Message] = {
    CellStatus.OK: msg("ran"),
    CellStatus.ERROR: msg("stopped with an error"),
    CellStatus.TIMED_OUT: msg("ran out of time"),
    CellStatus.NOT_RUN: msg("did not run"),
}

EVIDENCE: Mapping[Evidence, Message] = {
    Evidence.DELEGATED: msg(
        "We trained this model ourselves, at the moment the notebook called fit, exactly as the notebook says."
    ),
    Evidence.RETRAINED: msg(
        "After the notebook had run we built this model again and trained it from scratch, exactly as the notebook "
        "says."
    ),
    Evidence.IN_KERNEL: msg(
        "The model could not be built again outside the notebook, so the predictions of the notebook's own model were "
        "scored. This is the weakest kind of evidence: the notebook has access to the test labels."
    ),
}


@dataclass(frozen=True, slots=True)
class VerdictStyle:
    """How a verdict looks: a sign and a word, so that colour is never needed."""

    sign: str
    word: Message
    hint: Message


VERDICT: Mapping[Verdict, VerdictStyle] = {
    Verdict.PASSED: VerdictStyle("✓", msg("passed"), msg("Done as the task asks.")),
    Verdict.FAILED: VerdictStyle("✕", msg("not passed"), msg("Differs from what the task asks.")),
    Verdict.REVIEW: VerdictStyle(
        "…",
        msg("for review"),
        msg("A program could not decide this. It waits for the lecturer and costs no points."),
    ),
}


API: Mapping[str, Message] = {
    "sequential": msg("sequential (Sequential)"),
    "functional": msg("functional (Functional)"),
    "subclassed": msg("a class of its own (subclass of Model)"),
}
"""How a model was written."""

_VERSIONS: Mapping[str, Message] = {"backend": msg("backend {name}"), "device": msg("device {name}")}
"""What stands among the versions and is no library."""


def versions(run: RunFacts, language: Language) -> list[str]:
    """Name what a run was made with: libraries by their own names."""
    return [
        language.t(_VERSIONS[name].text, name=version) if name in _VERSIONS else f"{name} {version}"
        for name, version in sorted(run.versions.items())
    ]


def task_name(task: str, language: Language) -> str:
    """Name a task in a word: ``Task 3`` for ``task3``; a task of another name keeps it."""
    match = re.fullmatch(r"task(\d+)", task)
    return f"{language.t('Task')} {match[1]}" if match else task


def reference_name(reference: str) -> Message:
    """Name a set of reference trainings: ``example3``, ``task2``."""
    match = re.fullmatch(r"(example|task)(\d+)", reference)
    if match is None:
        return msg("Reference “{name}”", name=reference)
    if match[1] == "example":
        return msg("Band of example {number}", number=int(match[2]))
    return msg("Band of our solution of task {number}", number=int(match[2]))


def on_sample(run: RunFacts, task: TaskResult) -> bool:
    """Return whether a task was graded on a stand-in for its data set."""
    return task.dataset in sample_names(run)


def sample_names(run: RunFacts) -> tuple[str, ...]:
    """Return the data sets that an offline sample stands in for; one that is always drawn is never one."""
    return tuple(data.name for data in run.datasets if data.edition == "sample" and handed_out(data.name))
