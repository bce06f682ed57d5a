"""What makes grades preliminary: a run with little training, or on stand-ins for the data sets."""

from __future__ import annotations

from collections.abc import Iterator

from grader.records import Message, RunFacts, msg
from grader.report.explain import sample_names


def is_preliminary(run: RunFacts) -> bool:
    """Return whether a run's grades will be followed by others, of another run."""
    return run.profile != "full" or bool(sample_names(run))


def notes(run: RunFacts) -> Iterator[Message]:
    """Yield what a student reads beside such a grade; nothing about a run whose grades count."""
    if run.profile != "full":
        yield msg("A preview: the grade is decided by a run with the full profile.")
    if samples := sample_names(run):
        yield msg("Offline samples stand in for: {names}.", names=", ".join(samples))


def warnings(run: RunFacts) -> Iterator[Message]:
    """Yield what the lecturer reads before handing such grades back."""
    if run.profile != "full":
        yield msg("Warning: these are grades of a preview (quick profile). For those that count: --profile full")
    if samples := sample_names(run):
        yield msg(
            "Warning: these are grades on offline samples, which stood in for: {names}. For those that count: "
            "grader data fetch, then --data full",
            names=", ".join(samples),
        )
