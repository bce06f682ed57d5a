"""What is wrong between the files, or with a value that is of the right type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.complaints import did_you_mean
from grader.criteria.accuracy import Accuracy
from grader.known import KNOWN
from grader.records import Message, joined, msg
from grader.workbook.files import WorkbookFile
from grader.workbook.model import Reference, Task

_PROFILES = ("full", "quick")


def within(path: Path, *parts: str | Message) -> Message:
    """Return a complaint with the file, and perhaps the place in it, before it."""
    return joined([str(path), *parts], ": ")


def across(head: WorkbookFile, tasks: Sequence[Task], folder: Path, *, complete: bool) -> list[Message]:
    """Return what is wrong between the files; points are added up only when ``complete``."""
    checks, path = (_lists, _install, _numbers, _references, _solutions, _claims), folder / "workbook.toml"
    mistakes = [within(path, text) for check in checks for text in check(head)]
    references = {reference.id: reference for reference in head.references}
    mistakes += (within(folder / f"{task.id}.toml", text) for task in tasks for text in _task(task, references))
    total = sum(task.points for task in tasks)
    if complete and total != head.points:
        parts = " + ".join(str(task.points) for task in tasks)
        wrong = msg(
            "the tasks come to {parts} = {total} points, expected {points}; change a criterion's points, or write  "
            "points = {total}  in workbook.toml",
            parts=parts,
            total=str(total),
            points=str(head.points),
        )
        mistakes.append(within(path, wrong))
    return mistakes


def _task(task: Task, references: dict[str, Reference]) -> Iterator[Message]:
    if task.dataset not in KNOWN:
        yield _no_dataset(task.dataset)
    if not task.criteria:
        yield msg("criteria is empty; write at least one  [[criteria]]")
    if task.example is not None and not task.example.signs:
        yield msg("example has no signs; write some  [[example.signs]], or no run of the example is ever recognised")
    wanted = [(f"criterion {c.id}", c.reference) for c in task.criteria if isinstance(c, Accuracy)]
    wanted += [("example", task.example.reference)] if task.example else []
    for where, name in wanted:
        if name not in references:
            yield msg(
                "{where}: reference is {name}, which workbook.toml does not list; {instead}",
                where=where,
                name=repr(name),
                instead=did_you_mean(name, references),
            )
        elif references[name].dataset != task.dataset:
            yield msg(
                "{where}: reference {name} is on {other}, the task on {dataset}; take a reference on the same data set",
                where=where,
                name=repr(name),
                other=references[name].dataset,
                dataset=task.dataset,
            )


def _no_dataset(name: str) -> Message:
    return msg("no data set is called {name}; {instead}", name=repr(name), instead=did_you_mean(name, KNOWN))


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


def _install(head: WorkbookFile) -> Iterator[Message]:
    if head.install and (wrong := wrong_source("install", head.install)):
        yield wrong


def _lists(head: WorkbookFile) -> Iterator[Message]:
    trained = [*(one.id for one in head.references), *(one.id for one in head.solutions)]
    for what, names in (("tasks", head.tasks), (msg("references and solutions"), trained)):
        for name, count in Counter(names).items():
            if count > 1:
                yield msg(
                    "{what} has {name} {count} times; each may be there once", what=what, name=repr(name), count=count
                )
    if not head.tasks:
        yield msg('tasks is empty; write the names of the tasks\' files, as in  tasks = ["task1"]')
    for name in _PROFILES:
        if name not in head.profiles:
            yield msg(
                "there is no [profiles.{name}]; write it, empty for as much training as the notebook says", name=name
            )


def _numbers(head: WorkbookFile) -> Iterator[Message]:
    numbers = {"points": head.points}
    numbers |= {
        f"profiles.{name}.steps": table.steps for name, table in head.profiles.items() if table.steps is not None
    }
    for section, values in (("limits", head.limits), ("training", head.training)):
        numbers |= {f"{section}.{key}": getattr(values, key) for key in type(values).__dataclass_fields__}
    for key, value in numbers.items():
        if value <= 0:
            yield msg("{key} is {found}; write a whole number from 1 up", key=key, found=value)
    if head.cohort.students <= 0 or not 0 < head.cohort.not_passed < head.cohort.students / 4:
        yield msg("cohort: students must be above 0, and not_passed between 0 and a quarter of students")


def _references(head: WorkbookFile) -> Iterator[Message]:
    for one in head.references:
        if one.dataset not in KNOWN:
            yield joined([f"reference {one.id}", _no_dataset(one.dataset)], ": ")
        if one.figure is not None and not 0 <= one.figure <= 1:
            yield msg(
                "reference {id}: figure is {found}; write a share from 0 to 1, as in  figure = 0.98",
                id=one.id,
                found=str(one.figure),
            )


def _solutions(head: WorkbookFile) -> Iterator[Message]:
    for one in head.solutions:
        if one.task not in head.tasks:
            yield msg(
                "solution {id}: there is no task {task}; {instead}",
                id=one.id,
                task=repr(one.task),
                instead=did_you_mean(one.task, head.tasks),
            )


def _claims(head: WorkbookFile) -> Iterator[Message]:
    references = [one.id for one in head.references]
    for one in head.claims:
        for name in (one.better, one.worse):
            if name not in references:
                yield msg(
                    "claim: there is no reference {name}; {instead}",
                    name=repr(name),
                    instead=did_you_mean(name, references),
                )
        if not 0 < one.fewer_errors < 1:
            yield msg(
                "claim: fewer_errors is {found}; write a share from 0 to 1, as in  fewer_errors = 0.68",
                found=str(one.fewer_errors),
            )
