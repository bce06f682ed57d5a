"""The files other programs read: ``grades.csv`` and ``results.json`` (``reports/results.schema.json`` describes it)."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.language import Language
from grader.records import AccuracyFacts, Answer, Band, LayerFacts, RunFacts, SubmissionResult, TaskResult
from grader.sheets import shown_safely

SCHEMA = 1


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all; halves of surrogate pairs, which no file can hold, become ``?``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(text.encode("utf-8", "replace"))
    part.replace(path)


def grades_csv(run: RunFacts, results: Sequence[SubmissionResult]) -> str:
    """Return the grades as CSV after RFC 4180, in UTF-8: ``student,status,<task>...,total,max``.

    A task's cell is empty while any of its points wait for the lecturer, and so is the total: an LMS must not take a
    number that may still change. A student's id that a spreadsheet would calculate gets a ``'`` before it.
    """
    most = maxima(run, results)
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["student", "status", *run.tasks, "total", "max"])
    for result in results:
        points = decided(run, result)
        cells = ["" if value is None else value for value in points.values()]
        total = "" if "" in cells else sum(value or 0 for value in points.values())
        writer.writerow([shown_safely(result.student), result.status.value, *cells, total, sum(most.values())])
    return stream.getvalue()


def maxima(run: RunFacts, results: Sequence[SubmissionResult]) -> dict[str, int]:
    """Return the most points of each task of the run, from whichever submission has it."""
    most = dict.fromkeys(run.tasks, 0)
    for result in results:
        for task in result.tasks:
            if task.task in most:
                most[task.task] = max(most[task.task], task.max)
    return most


def decided(run: RunFacts, result: SubmissionResult) -> dict[str, int | None]:
    """Return a submission's points for each task of the run; None where points are in review or nothing is recorded."""
    points: dict[str, int | None] = dict.fromkeys(run.tasks)
    for task in result.tasks:
        if task.task in points:
            points[task.task] = None if task.in_review else task.earned
    return points


def results_json(run: RunFacts, results: Sequence[SubmissionResult], language: Language) -> str:
    """Return everything that was graded as JSON, sentences in the run's language; never NaN or Infinity."""
    content = {
        "schema": SCHEMA,
        "run": _run(run, language),
        "submissions": [_submission(result, language) for result in results],
    }
    return json.dumps(_finite(content), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return value


def _run(run: RunFacts, language: Language) -> dict[str, Any]:
    return {
        "workbook": language.say(run.workbook),
        "tasks": run.tasks,
        "language": language.code,
        "profile": run.profile,
        "datasets": [
            {"name": data.name, "edition": data.edition, "fingerprint": data.fingerprint} for data in run.datasets
        ],
        "seal": run.seal,
        "versions": run.versions,
        "started": run.started,
        "seconds": run.seconds,
        "trainings_run": run.trainings_run,
        "trainings_shared": run.trainings_shared,
        "warnings": [language.say(warning) for warning in run.warnings],
    }


def _submission(result: SubmissionResult, language: Language) -> dict[str, Any]:
    return {
        "student": result.student,
        "status": result.status.value,
        "reason": language.say(result.reason) or None,
        "tasks": {task.task: _task(task, language) for task in result.tasks},
    }


def _task(task: TaskResult, language: Language) -> dict[str, Any]:
    return {
        "title": language.say(task.title),
        "earned": task.earned,
        "max": task.max,
        "in_review": task.in_review,
        "criteria": [
            {
                "id": finding.id,
                "title": language.say(finding.title),
                "verdict": finding.verdict.value,
                "points": finding.points,
                "expected": language.say(finding.expected),
                "found": language.say(finding.found),
                "where": language.say(finding.where) or None,
                "advice": language.say(finding.advice) or None,
            }
            for finding in task.findings
        ],
        "accuracy": _accuracy(task.accuracy),
        "answer": None if task.answer is None else _answer(task.answer, language),
    }


def _accuracy(facts: AccuracyFacts) -> dict[str, Any]:
    return {
        "evidence": facts.evidence.value if facts.evidence else None,
        "trainings": facts.trainings,
        "decisive": facts.decisive,
        "claimed": facts.claimed,
        "notebook": facts.notebook,
        "train": facts.train,
        "limit": facts.limit,
        "band": _band(facts.band),
        "example_band": _band(facts.example_band),
        "example_trained": facts.example_trained,
        "workbook_example": facts.workbook_example,
    }


def _band(band: Band | None) -> dict[str, Any] | None:
    if band is None:
        return None
    names = ("reference", "mean", "spread", "count", "lower", "clearly_below", "upper", "alpha")
    return {name: getattr(band, name) for name in names}


def _answer(answer: Answer, language: Language) -> dict[str, Any]:
    return {
        "notebook": answer.notebook,
        "cell": answer.cell,
        "api": answer.api,
        "layers": [_layer(layer) for layer in answer.layers],
        "verified": answer.verified,
        "num_params": answer.num_params,
        "optimizer": answer.optimizer,
        "loss": answer.loss,
        "batch_size": answer.batch_size,
        "epochs": answer.epochs,
        "score": answer.score,
        "best_score": answer.best_score,
        "runner_up": language.say(answer.runner_up) or None,
        "recipe": answer.recipe or None,
        "not_rebuilt_because": language.say(answer.not_rebuilt_because) or None,
    }


def _layer(layer: LayerFacts) -> dict[str, Any]:
    return {
        "kind": layer.kind,
        "config": layer.config,
        "output_shape": layer.output_shape,
        "num_params": layer.num_params,
        "custom": layer.custom,
    }
