"""Figures the pages and the terminal show and no record holds: totals, pass rates, the series of a learning curve."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader.language import Language
from grader.records import RunFacts, SubmissionResult, TaskResult, Verdict, Words
from grader.report.files import decided


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


def median_total(run: RunFacts, results: Sequence[SubmissionResult]) -> float | None:
    """Return the median total of the submissions in which everything is decided; None when there are none."""
    totals = [
        sum(value for value in points.values() if value is not None)
        for points in (decided(run, result) for result in results)
        if None not in points.values()
    ]
    return statistics.median(totals) if totals else None


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


def curves(
    task: TaskResult, language: Language
) -> list[tuple[str, Mapping[str, Sequence[float | None]], float | None]]:
    """Return the charts of a task's training: a title, its series, the highest value there can be."""
    history = task.accuracy.history
    accuracy = next((name for name in history if "acc" in name and not name.startswith("val_")), "accuracy")
    charts = ((language.t("Accuracy by epoch"), accuracy, 1.0), (language.t("Loss by epoch"), "loss", None))
    names = (("", language.t("training data")), ("val_", language.t("validation data")))
    return [
        (title, {name: history[prefix + key] for prefix, name in names if history.get(prefix + key)}, most)
        for title, key, most in charts
    ]
