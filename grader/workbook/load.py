"""``assignments/*.toml`` -> Workbook; every mistake of every file in one error."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.complaints import did_you_mean, read
from grader.criteria import KINDS, Criterion
from grader.errors import WorkbookError
from grader.places import shipped
from grader.records import Message, Profile, joined, msg
from grader.workbook.checks import across, within
from grader.workbook.files import TaskFile, WorkbookFile
from grader.workbook.model import Example, Task, Workbook


def load_workbook(folder: Path | None = None) -> Workbook:
    """Read a folder of TOML files; the shipped one when none is given.

    Raises:
        WorkbookError: Something in the files is wrong. The message has one line for every mistake of every file: where
            it is, what was found, what to write.
    """
    folder = folder or shipped("assignments")
    if not (folder / "workbook.toml").exists():
        text = msg(
            "{folder}: there is no workbook.toml in this folder; a workbook is a folder with workbook.toml and a file "
            "for each of its tasks",
            folder=str(folder),
        )
        raise WorkbookError(text)
    mistakes: list[Message] = []
    head = _read_head(folder / "workbook.toml", mistakes)
    names = head.tasks if head else sorted(path.stem for path in folder.glob("*.toml") if path.stem != "workbook")
    tasks = [task for name in names if (task := _read_task(folder / f"{name}.toml", mistakes)) is not None]
    if head is not None:
        mistakes += across(head, tasks, folder, complete=len(tasks) == len(names) and not mistakes)
    if mistakes or head is None:
        raise WorkbookError(joined(mistakes))
    return Workbook(
        id=head.id,
        title=head.title,
        tasks=tuple(tasks),
        legacy=head.legacy,
        install=head.install,
        cohort=head.cohort,
        profiles={name: Profile(name=name, steps=table.steps) for name, table in head.profiles.items()},
        limits=head.limits,
        training=head.training,
        references=head.references,
        solutions=head.solutions,
        claims=head.claims,
        folder=folder,
    )


def _read_toml(path: Path, mistakes: list[Message]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        wrong = msg("there is no such file; write it, or take its name out of  tasks  in workbook.toml")
    except OSError as error:
        wrong = msg("the file cannot be read ({why}); look at its rights", why=error.strerror or str(error))
    except UnicodeDecodeError as error:
        wrong = msg("byte {place} is not UTF-8; save the file as UTF-8", place=error.start)
    except tomllib.TOMLDecodeError as error:
        wrong = msg("this is not TOML: {why}", why=str(error))
    mistakes.append(within(path, wrong))
    return None


def _read_head(path: Path, mistakes: list[Message]) -> WorkbookFile | None:
    table = _read_toml(path, mistakes)
    if table is None:
        return None
    head, complaints = read(WorkbookFile, table)
    mistakes += (within(path, complaint) for complaint in complaints)
    return head


def _read_task(path: Path, mistakes: list[Message]) -> Task | None:
    table = _read_toml(path, mistakes)
    if table is None:
        return None
    file, complaints = read(TaskFile, table)
    found = [within(path, complaint) for complaint in complaints]
    criteria = _criteria(table.get("criteria"), "criteria", path, found, worth=True)
    example = table.get("example")
    signs = _criteria(
        example.get("signs") if isinstance(example, Mapping) else None, "example.signs", path, found, worth=False
    )
    scope = _criteria(table.get("scope"), "scope", path, found, worth=False)
    mistakes += found
    if file is None:
        return None
    return Task(
        id=path.stem,
        title=file.title,
        dataset=file.dataset,
        criteria=criteria,
        example=Example(reference=file.example.reference, signs=signs) if file.example else None,
        scope=scope,
    )


def _criteria(tables: Any, what: str, path: Path, found: list[Message], *, worth: bool) -> tuple[Criterion, ...]:
    """Read an array of tables; what is wrong with it as a whole is the file's complaint."""
    criteria: list[Criterion] = []
    for number, table in enumerate(tables if isinstance(tables, list) else [], start=1):
        if not isinstance(table, dict):
            continue
        kind = table.get("kind")
        where = f"{what} {number}" + (f" ({kind})" if isinstance(kind, str) else "")
        criterion, complaints = _criterion(table, worth=worth)
        found += (within(path, where, complaint) for complaint in complaints)
        if criterion is not None:
            criteria.append(criterion)
    ids = Counter(criterion.id for criterion in criteria if worth and criterion.id)
    found += (
        within(
            path, what, msg("id = {id} is used {count} times; each needs an id of its own", id=repr(name), count=count)
        )
        for name, count in ids.items()
        if count > 1
    )
    return tuple(criteria)


def _criterion(table: Mapping[str, Any], *, worth: bool) -> tuple[Criterion | None, list[Message]]:
    kind = table.get("kind")
    if kind is None:
        return None, [msg("kind is missing; {instead}", instead=did_you_mean("", KINDS))]
    if not isinstance(kind, str) or kind not in KINDS:
        instead = did_you_mean(str(kind), KINDS)
        return None, [msg("no criterion is called {kind}; {instead}", kind=repr(kind), instead=instead)]
    criterion, complaints = read(KINDS[kind], {key: value for key, value in table.items() if key != "kind"})
    complaints += _worth(table) if worth else _worthless(table, KINDS[kind])
    if criterion is not None:
        complaints += criterion.mistakes()
    return criterion, complaints


def _worth(table: Mapping[str, Any]) -> list[Message]:
    complaints = []
    if table.get("id", "") == "":
        complaints.append(msg('id is missing; write a short name, as in  id = "layers"'))
    points = table.get("points")
    if points is None:
        complaints.append(msg("points is missing; write a whole number from 1 up, as in  points = 2"))
    elif type(points) is int and points <= 0:
        complaints.append(msg("points is {points}; write a whole number from 1 up, as in  points = 2", points=points))
    return complaints


def _worthless(table: Mapping[str, Any], cls: type[Criterion]) -> list[Message]:
    extra = [key for key in ("id", "points", "advice", "show") if key in table]
    complaints = [msg("{key} has no meaning here: nothing is graded by it; take it out", key=key) for key in extra]
    if cls.judges != "structure":
        complaints.append(msg("only what a model is and how it is trained can tell models apart; take another kind"))
    return complaints
