"""What the difference between two accuracies of one model means, in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from grader.records import AccuracyFacts, Evidence, Message, msg

_SAME = 0.0005
"""Half of a figure's third decimal: printed and stored numbers are rounded."""
_USUAL = 0.01
"""Trainings with other random seeds differ by about this much when no band says more."""


def meanings(facts: AccuracyFacts, *, comparable: bool) -> tuple[Message, ...]:
    """Return a sentence on each pair of figures that a reader will compare.

    Args:
        facts: The accuracies of one task.
        comparable: The run trained on the real data, as long as the notebook says; else nothing it measured can be
            held against a figure from elsewhere.
    """
    return tuple(_claimed(facts, comparable=comparable)) + tuple(_retrained(facts))


def _claimed(facts: AccuracyFacts, *, comparable: bool) -> Iterator[Message]:
    ours = facts.notebook if facts.notebook is not None else facts.decisive
    if not _known(facts.claimed) or not _known(ours):
        return
    assert facts.claimed is not None
    assert ours is not None
    if not comparable:
        yield msg(
            "The claimed figure comes from another training than this run's: on other data, or a longer one. Nothing "
            "is decided by it."
        )
    elif abs(facts.claimed - ours) <= _SAME:
        yield msg("Claimed and measured figures agree.")
    elif abs(facts.claimed - ours) <= _usual(facts):
        yield msg("The claimed figure differs from ours by no more than two trainings of one model usually do.")
    else:
        yield msg(
            "The claimed figure differs from ours by {difference}, more than chance explains. Usually the stored "
            "outputs are older than the code: restart the kernel, run all cells and save before handing in. Nothing "
            "is decided by a claimed figure.",
            difference=round(abs(facts.claimed - ours), 4),
        )


def _retrained(facts: AccuracyFacts) -> Iterator[Message]:
    if facts.evidence is Evidence.IN_KERNEL or not _known(facts.notebook) or not _known(facts.decisive):
        return
    assert facts.notebook is not None
    assert facts.decisive is not None
    if abs(facts.notebook - facts.decisive) <= _usual(facts):
        yield msg("Reproduced and retrained figures agree as well as two trainings with other random seeds do.")
    elif facts.notebook > facts.decisive:
        yield msg(
            "In the notebook the model scored higher than trained from scratch. It may have been trained on before "
            "(every further fit goes on from the last weights), or evaluated on other rows."
        )
    else:
        yield msg(
            "In the notebook the model scored lower than trained from scratch: a chance of the random seed, or other "
            "rows were evaluated."
        )


def _usual(facts: AccuracyFacts) -> float:
    band = facts.band or facts.example_band
    return max(_USUAL, 3 * band.spread) if band is not None else _USUAL


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
