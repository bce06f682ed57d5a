"""What a task's accuracy is shown beside: the figure stored in the handed-in notebook, the reference's own curves.

Nothing here decides anything. The stored outputs are the student's claim; the file is read as hostile text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader.criteria.case import Candidate, Match
from grader.measure import Measurer
from grader.records import Execution, TaskResult, Training, TrainingOutcome
from grader.workbook import Task

_OUTPUT_CHARACTERS = 20_000
_CELLS_AFTER = 2
"""The figure is often printed in a cell after the one that evaluates."""

_FIGURE = r"(0?\.\d{2,17}|1\.0{1,17}|\d{1,2}(?:\.\d{1,15})?\s?%)"
_NAMED = re.compile(rf"(?<!val_)(?<![a-z])(?:acc|accuracy|точность)[^\d\n%.]{{0,40}}{_FIGURE}", re.IGNORECASE)
_PAIR = re.compile(r"[\[(]\s*\d{1,6}\.\d{1,20}(?:e-?\d+)?\s*,\s*(0?\.\d{2,20}|1\.0{1,20})\s*[\])]")
"""``[loss, accuracy]``, as ``evaluate`` returns them."""


def with_context(
    result: TaskResult,
    task: Task,
    match: Match,
    *,
    handed_in: Mapping[str, Path],
    executions: Sequence[Execution],
    measurer: Measurer,
    trainings: Sequence[Training],
) -> TaskResult:
    """Return a task's result with what its accuracy is shown beside.

    Args:
        result: The task, judged.
        task: What is asked.
        match: What answers it.
        handed_in: Files of the submission's notebooks, by the names they have in ``executions``.
        executions: What running them gave.
        measurer: Knows the reference trainings, and the conditions of this run.
        trainings: Ours of the answer; their device is the one the reference must have been trained on.
    """
    claimed = None
    if match.candidate is not None and match.candidate.notebook in handed_in:
        name = match.candidate.notebook
        execution = next(one for one in executions if one.notebook == name)
        claimed = claimed_accuracy(handed_in[name], match.candidate, execution, task.dataset)
    band = result.accuracy.band
    record = band and measurer.bands.find(
        band.reference,
        fingerprint=measurer.datasets[task.dataset].fingerprint,
        profile=measurer.profile,
        platform=measurer.platform_of(trainings),
    )
    curves = (
        envelope([one.history for one in record.trainings if one.outcome == TrainingOutcome.TRAINED]) if record else {}
    )
    return replace(result, accuracy=replace(result.accuracy, claimed=claimed, reference_history=curves))


def envelope(
    histories: Sequence[Mapping[str, tuple[float | None, ...]]],
) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return the lowest and the highest value of each epoch over several trainings.

    >>> envelope([{"loss": (2.0, 1.0)}, {"loss": (3.0, 0.5)}])
    {'loss': ((2.0, 3.0), (0.5, 1.0))}
    """
    found: dict[str, tuple[tuple[float, float], ...]] = {}
    for name in histories[0] if histories else ():
        series = [history[name] for history in histories if name in history]
        epochs = [[value for value in values if value is not None] for values in zip(*series, strict=False)]
        if epochs and all(epochs):
            found[name] = tuple((min(values), max(values)) for values in epochs)
    return found


def claimed_accuracy(path: Path, candidate: Candidate, execution: Execution, dataset: str) -> float | None:
    """Return the test accuracy that a notebook's stored outputs give for a model; None when they give none.

    It is looked for where our run saw the model evaluated on test rows, and in the next cells that evaluate nothing.
    """
    call = next((one for one in reversed(candidate.evaluations) if one.x.dataset == dataset and one.x.test_rows), None)
    start = next((one.index for one in execution.cells if call and one.number == call.cell), None)
    if start is None:
        return None
    cells = _cells(path)[start : start + 1 + _CELLS_AFTER]
    for number, cell in enumerate(cells):
        source = _joined(cell.get("source"))
        if number and re.search(r"\.(?:fit|evaluate)\s*\(", source):
            return None
        figures = [figure for text in _texts(cell) for figure in _figures(text)]
        if figures:
            return figures[-1]
    return None


def _cells(path: Path) -> list[dict[str, Any]]:
    from grader.drive.notebook import UnreadableError, read_json

    try:
        cells = read_json(path).get("cells")
    except UnreadableError:
        return []
    return [cell if isinstance(cell, dict) else {} for cell in cells] if isinstance(cells, list) else []


def _texts(cell: Mapping[str, Any]) -> Iterator[str]:
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        text = output.get("text") if "text" in output else data.get("text/plain") if isinstance(data, dict) else ""
        yield _joined(text)[-_OUTPUT_CHARACTERS:]


def _joined(value: Any) -> str:
    return "".join(str(line) for line in value) if isinstance(value, list) else str(value or "")


def _figures(text: str) -> Iterator[float]:
    named = [match[1] for match in _NAMED.finditer(text)]
    for figure in named or [match[1] for match in _PAIR.finditer(text)]:
        value = float(figure.rstrip("% ")) / (100 if figure.endswith("%") else 1)
        if math.isfinite(value) and 0 <= value <= 1:
            yield value
