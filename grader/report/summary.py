"""Figures the pages and the terminal show and no record holds: totals, pass rates, the series of a learning curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader.language import Language
from grader.records import RunFacts, SubmissionResult, TaskResult, Verdict, Words, accuracy_among
from grader.report.files import decided

_FEWEST_AFTER = 2
_WORSE = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A submission's points."""

    earned: int
    in_review: int
    max: int

    @property
    def lost(self) -> int:
        """Points that were decided and not earned."""
        return self.max - self.earned - self.in_review


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How a cohort did in one criterion."""

    id: str
    title: Words
    passed: int
    review: int
    failed: int

    @property
    def total(self) -> int:
        """All submissions in which it was judged."""
        return self.passed + self.review + self.failed


def score(result: SubmissionResult) -> Score:
    """Add up the points of a submission's tasks."""
    return Score(
        earned=sum(task.earned for task in result.tasks),
        in_review=sum(task.in_review for task in result.tasks),
        max=sum(task.max for task in result.tasks),
    )


def task_titles(run: RunFacts, results: Sequence[SubmissionResult]) -> dict[str, Words | None]:
    """Return the titles of the run's tasks; None where no submission has a result for it."""
    titles: dict[str, Words | None] = dict.fromkeys(run.tasks)
    for result in results:
        for task in result.tasks:
            if task.task in titles and titles[task.task] is None:
                titles[task.task] = task.title
    return titles


def decided_totals(run: RunFacts, results: Sequence[SubmissionResult]) -> list[int]:
    """Return the totals of the submissions in which everything is decided."""
    return [
        sum(value for value in points.values() if value is not None)
        for points in (decided(run, result) for result in results)
        if None not in points.values()
    ]


def criteria_rates(run: RunFacts, results: Sequence[SubmissionResult]) -> dict[str, list[Rate]]:
    """Return, for each task of the run, how often each of its criteria was passed, in the rubric's order."""
    found: dict[str, dict[str, Rate]] = {task: {} for task in run.tasks}
    for task in (task for result in results for task in result.tasks if task.task in found):
        rates = found[task.task]
        for finding in task.findings:
            rate = rates.get(finding.id) or Rate(id=finding.id, title=finding.title, passed=0, review=0, failed=0)
            rates[finding.id] = replace(
                rate,
                passed=rate.passed + (finding.verdict is Verdict.PASSED),
                review=rate.review + (finding.verdict is Verdict.REVIEW),
                failed=rate.failed + (finding.verdict is Verdict.FAILED),
            )
    return {task: list(rates.values()) for task, rates in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One chart of a training."""

    title: str
    series: Mapping[str, Sequence[float | None]]
    most: float | None
    """Where the axis ends at the latest."""
    behind: Sequence[tuple[float, float]]
    """The reference's own trainings."""
    turn: int | None
    """Epoch after which the model overfits."""


def curves(task: TaskResult, language: Language) -> list[Curve]:
    """Return the charts of a task's training: accuracy and loss by epoch."""
    facts = task.accuracy
    history = facts.history
    accuracy = accuracy_among(name for name in history if not name.startswith("val_")) or "accuracy"
    charts = ((language.t("Accuracy by epoch"), accuracy, 1.0), (language.t("Loss by epoch"), "loss", None))
    names = (("", language.t("training data")), ("val_", language.t("validation data")))
    return [
        Curve(
            title=title,
            series={name: history[prefix + key] for prefix, name in names if history.get(prefix + key)},
            most=most,
            behind=facts.reference_history.get(key, ()),
            turn=overfits_after(history),
        )
        for title, key, most in charts
    ]


def overfits_after(history: Mapping[str, Sequence[float | None]]) -> int | None:
    """Return the epoch after which a model only learned its training data by heart; None when it did not.

    That is the epoch with the least validation loss, when two or more follow, the last validation loss is at least
    a tenth higher, and the training loss went on falling.

    >>> overfits_after({"loss": (0.9, 0.6, 0.4, 0.2), "val_loss": (0.8, 0.7, 0.9, 1.1)})
    2
    """
    pairs = [
        (epoch, seen, new)
        for epoch, (seen, new) in enumerate(
            zip(history.get("loss", ()), history.get("val_loss", ()), strict=False), start=1
        )
        if seen is not None and new is not None
    ]
    if not pairs:
        return None
    epoch, seen, new = min(pairs, key=lambda pair: pair[2])
    last, last_seen, last_new = pairs[-1]
    return epoch if last - epoch >= _FEWEST_AFTER and last_new >= _WORSE * new and last_seen < seen else None
