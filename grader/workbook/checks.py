"""What is wrong between the files, or with a value that is of the right type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from grader.complaints import did_you_mean
from grader.criteria.accuracy import Accuracy
from grader.criteria.names import DATASETS
from grader.records import Message, msg
from grader.workbook.files import WorkbookFile
from grader.workbook.model import Reference, Task

_PROFILES = ("full", "quick")


def across(head: WorkbookFile, tasks: Sequence[Task], *, complete: bool) -> list[str]:
    """Return what is wrong between the files; points are added up only when ``complete``."""
    checks = (_lists, _install, _numbers, _references, _solutions, _claims)
    mistakes = [f"workbook.toml: {text}" for check in checks for text in check(head)]
    references = {reference.id: reference for reference in head.references}
    mistakes += (f"{task.id}.toml: {text}" for task in tasks for text in _task(task, references))
    total = sum(task.points for task in tasks)
    if complete and total != head.points:
        parts = " + ".join(str(task.points) for task in tasks)
        mistakes.append(
            f"workbook.toml: the tasks come to {parts} = {total} points, expected {head.points}; "
            f"change a criterion's points, or write  points = {total}  in workbook.toml"
        )
    return mistakes


def _task(task: Task, references: dict[str, Reference]) -> Iterator[str]:
    if task.dataset not in DATASETS:
        yield f"no data set is called {task.dataset!r}; {did_you_mean(task.dataset, DATASETS)}"
    if not task.criteria:
        yield "criteria is empty; write at least one  [[criteria]]"
    if task.example is not None and not task.example.signs:
        yield "example has no signs; write some  [[example.signs]], or no run of the example is ever recognised"
    wanted = [(f"criterion {c.id}", c.reference) for c in task.criteria if isinstance(c, Accuracy)]
    wanted += [("example", task.example.reference)] if task.example else []
    for where, name in wanted:
        if name not in references:
            yield f"{where}: reference is {name!r}, which workbook.toml does not list; {did_you_mean(name, references)}"
        elif references[name].dataset != task.dataset:
            yield (
                f"{where}: reference {name!r} is on {references[name].dataset}, the task on {task.dataset}; "
                "take a reference on the same data set"
            )


def wrong_source(what: str, install: str) -> Message | None:
    """Return what is wrong with what pip is to install from; None when it is a place of somebody's."""
    if "/" in install and install.isprintable() and not any(mark in install for mark in " '\""):
        return None
    return msg(
        "{what} is {found}; write one URL or path, as in  https://example.org/workbook_grader-0.1.0-py3-none-any.whl "
        "(pip would look a bare name up at PyPI, where anybody can register it)",
        what=what,
        found=repr(install),
    )


def _install(head: WorkbookFile) -> Iterator[str]:
    if head.install and (wrong := wrong_source("install", head.install)):
        yield str(wrong)


def _lists(head: WorkbookFile) -> Iterator[str]:
    trained = [*(one.id for one in head.references), *(one.id for one in head.solutions)]
    for what, names in (("tasks", head.tasks), ("references and solutions", trained)):
        for name, count in Counter(names).items():
            if count > 1:
                yield f"{what} has {name!r} {count} times; each may be there once"
    if not head.tasks:
        yield 'tasks is empty; write the names of the tasks\' files, as in  tasks = ["task1"]'
    for name in _PROFILES:
        if name not in head.profiles:
            yield f"there is no [profiles.{name}]; write it, empty for as much training as the notebook says"


def _numbers(head: WorkbookFile) -> Iterator[str]:
    numbers = {"points": head.points}
    numbers |= {
        f"profiles.{name}.steps": table.steps for name, table in head.profiles.items() if table.steps is not None
    }
    for section, values in (("limits", head.limits), ("training", head.training)):
        numbers |= {f"{section}.{key}": getattr(values, key) for key in type(values).__dataclass_fields__}
    for key, value in numbers.items():
        if value <= 0:
            yield f"{key} is {value}; write a whole number from 1 up"
    if head.cohort.students <= 0 or not 0 < head.cohort.false_fails < head.cohort.students:
        yield "cohort: students must be above 0, and false_fails between 0 and students"


def _references(head: WorkbookFile) -> Iterator[str]:
    for one in head.references:
        if one.dataset not in DATASETS:
            yield f"reference {one.id}: no data set is called {one.dataset!r}; {did_you_mean(one.dataset, DATASETS)}"
        if one.figure is not None and not 0 <= one.figure <= 1:
            yield f"reference {one.id}: figure is {one.figure}; write a share from 0 to 1, as in  figure = 0.98"


def _solutions(head: WorkbookFile) -> Iterator[str]:
    for one in head.solutions:
        if one.task not in head.tasks:
            yield f"solution {one.id}: there is no task {one.task!r}; {did_you_mean(one.task, head.tasks)}"


def _claims(head: WorkbookFile) -> Iterator[str]:
    references = [one.id for one in head.references]
    for one in head.claims:
        for name in (one.better, one.worse):
            if name not in references:
                yield f"claim: there is no reference {name!r}; {did_you_mean(name, references)}"
        if not 0 < one.fewer_errors < 1:
            yield f"claim: fewer_errors is {one.fewer_errors}; write a share from 0 to 1, as in  fewer_errors = 0.68"
