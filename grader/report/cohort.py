"""What a lecturer wants to know of a whole class: flags, common mistakes, shared models, spreads, durations."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.hints import Lesson
from grader.language import Language
from grader.records import CellStatus, Ending, Evidence, Message, RunFacts, Status, SubmissionResult, TaskResult, msg
from grader.report.teaching import lessons_of

_SHARED_AT_LEAST = 2
_CLAIM_OFF = 0.02
_STOPPED = frozenset({Ending.TIMED_OUT, Ending.OUT_OF_MEMORY, Ending.OUTPUT_LIMIT, Ending.KERNEL_DIED})
_FEW = 3
_ENOUGH = 10
"""Answers to a task from which a model can be called rare."""
_WEIGHTLESS = frozenset({"InputLayer", "Flatten", "Reshape", "Activation", "Dropout"})

FLAGS: Mapping[str, Message] = {
    "decided": msg("decided by the lecturer"),
    "stale": msg("handed in again since it was decided"),
    "late": msg("late"),
    "unreadable": msg("unreadable file"),
    "stopped": msg("notebook stopped early"),
    "not-run": msg("not run: the grader's fault"),
    "errors": msg("cells with errors"),
    "legacy": msg("old spellings"),
    "weak": msg("weak evidence"),
    "above": msg("above the reference"),
    "claim": msg("claims another accuracy"),
    "shared": msg("shares a rare model"),
}
"""What may deserve a look, by a short name that the page filters by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedModel:
    """One training of one model, and who handed it in."""

    task: TaskResult
    students: tuple[SubmissionResult, ...]

    @property
    def layers(self) -> str:
        """The model in a line."""
        answer = self.task.answer
        return " → ".join(layer.kind for layer in answer.layers[:40]) if answer else ""


def shared_models(results: Sequence[SubmissionResult]) -> tuple[tuple[SharedModel, ...], int]:
    """Return the models that several students handed in, the most shared first, and how many different ones there are.

    A model is a recipe: layers, optimizer, loss, data and training alike, whatever names and spelling were used.
    """
    found: dict[tuple[str, str], list[tuple[TaskResult, SubmissionResult]]] = {}
    for result in results:
        for task in result.tasks:
            if task.answer is not None and task.answer.recipe:
                found.setdefault((task.task, task.answer.recipe), []).append((task, result))
    shared = [
        SharedModel(task=pairs[0][0], students=tuple(result for _, result in pairs))
        for pairs in found.values()
        if len(pairs) >= _SHARED_AT_LEAST
    ]
    return tuple(sorted(shared, key=lambda model: -len(model.students))), len(found)


def sharing_a_rare_one(models: Sequence[SharedModel], results: Sequence[SubmissionResult]) -> frozenset[str]:
    """Return the students who share a model with few others of those who answered the task.

    Where few answered, a shared model is no rare one; where the task says every layer, honest answers are alike.
    """
    answered = Counter(task.task for result in results for task in result.tasks if task.answer is not None)
    return frozenset(
        one.student
        for model in models
        if answered[model.task.task] >= _ENOUGH
        and len(model.students) <= max(_FEW, answered[model.task.task] // 10)
        and not _prescribed(model.task)
        for one in model.students
    )


def _prescribed(task: TaskResult) -> bool:
    """Tell whether a task's criteria describe every layer that the answer has, weightless ones apart."""
    layers = [layer for layer in task.answer.layers if layer.kind not in _WEIGHTLESS] if task.answer else []
    asked = [line for line in task.expected_layers if line.split(" ", 1)[0] not in _WEIGHTLESS]
    return len(asked) == len(layers) and not any(" × " in line or line == line.split(" ")[0] for line in asked)


def flags(result: SubmissionResult, run: RunFacts) -> tuple[str, ...]:
    """Return what may deserve a lecturer's look in one submission, as keys of :data:`FLAGS`; ``shared`` apart."""
    facts = [task.accuracy for task in result.tasks]
    endings = {one.ending for one in result.notebooks}
    words = [finding.override for task in result.tasks for finding in task.findings if finding.override is not None]
    marks = {
        "decided": bool(words),
        "stale": any(word.stale for word in words),
        "late": bool(result.delivery.late),
        "unreadable": Ending.UNREADABLE in endings or result.status is Status.UNREADABLE,
        "stopped": not endings.isdisjoint(_STOPPED),
        "not-run": any(ending.is_ours for ending in endings),
        "errors": any(cell.status is CellStatus.ERROR for one in result.notebooks for cell in one.cells),
        "legacy": run.legacy == "note" and any(one.legacy for one in result.notebooks),
        "weak": any(one.evidence is Evidence.IN_KERNEL for one in facts),
        "above": any(one.is_above for one in facts),
        "claim": any(
            one.claimed is not None and one.notebook is not None and one.claimed - one.notebook > _CLAIM_OFF
            for one in facts
        ),
    }
    return tuple(name for name, present in marks.items() if present)


def common_lessons(results: Sequence[SubmissionResult]) -> tuple[tuple[Lesson, int], ...]:
    """Return what students should learn, with how many of them should, the most common first."""
    found = [lesson for result in results for lesson in lessons_of(result)]
    known = {lesson.id: lesson for lesson in found}
    return tuple((known[name], count) for name, count in Counter(lesson.id for lesson in found).most_common())


def common_errors(results: Sequence[SubmissionResult], most: int = 12) -> tuple[tuple[str, str, int], ...]:
    """Return the errors that stopped cells: class, an example of its message, in how many submissions it was seen."""
    seen: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for result in results:
        cells = [cell for one in result.notebooks for cell in one.cells if cell.error]
        seen.update({cell.error for cell in cells})
        for cell in cells:
            examples.setdefault(cell.error, cell.message.split("\n", 1)[0])
    return tuple((error, examples[error], count) for error, count in seen.most_common(most))


def accuracies(results: Sequence[SubmissionResult], task: str) -> tuple[float, ...]:
    """Return the deciding accuracies of a task over the class."""
    values = [one.accuracy.decisive for result in results for one in result.tasks if one.task == task]
    return tuple(value for value in values if value is not None)


def durations(results: Sequence[SubmissionResult], language: Language) -> tuple[tuple[str, str], ...]:
    """Return how long notebooks took: half of them at most, the slowest, all together."""
    seconds = sorted(one.seconds for result in results for one in result.notebooks)
    if not seconds:
        return ()
    return (
        (language.t("Median time of a notebook"), language.duration(statistics.median(seconds))),
        (language.t("Slowest notebook"), language.duration(seconds[-1])),
        (language.t("All notebooks together"), language.duration(sum(seconds))),
    )
