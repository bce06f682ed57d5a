"""Decisions of the lecturer's that need another look: the student handed in again, or the rubric has changed."""

from __future__ import annotations

from grader.ledger.book import Ledger
from grader.ledger.decisions import Decision, fits


def doubtful(ledger: Ledger) -> tuple[tuple[Decision, bool], ...]:
    """Return the decisions taken on other files than there are now, and those without effect, sorted by student.

    Each comes with whether it counts: it does not when its criterion is gone, or is worth less than was awarded.
    """
    ungraded = {one.student for one in ledger.unfinished()}  # nothing is there yet that a decision could fit or not
    decisions = [one for one in ledger.decisions.all() if one.student not in ungraded]
    found = {
        (result.student, task.task, finding.id): finding
        for result in ledger.results({one.student for one in decisions})
        for task in result.tasks
        for finding in task.findings
    }

    def counts(one: Decision) -> bool:
        finding = found.get((one.student, one.override.task, one.override.criterion))
        return finding is not None and fits(finding, one.override)

    judged = [(one, counts(one)) for one in decisions]
    return tuple((one, effect) for one, effect in judged if one.override.stale or not effect)
