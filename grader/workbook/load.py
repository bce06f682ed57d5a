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
from grader.records import Profile
from grader.workbook.checks import across
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
        text = (
            f"{folder}: there is no workbook.toml in this folder; a workbook is a folder with workbook.toml and a file "
            "for each of its tasks"
        )
        raise WorkbookError(text)
    mistakes: list[str] = []
    head = _read_head(folder / "workbook.toml", mistakes)
    names = head.tasks if head else sorted(path.stem for path in folder.glob("*.toml") if path.stem != "workbook")
    tasks = [task for name in names if (task := _read_task(folder / f"{name}.toml", mistakes)) is not None]
    if head is not None:
        mistakes += across(head, tasks, complete=len(tasks) == len(names) and not mistakes)
    if mistakes or head is None:
        raise WorkbookError("\n".join(f"{folder / mistake}" for mistake in mistakes))
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


def _read_toml(path: Path, mistakes: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        mistakes.append(
            f"{path.name}: there is no such file; write it, or take its name out of  tasks  in workbook.toml"
        )
    except OSError as error:
        mistakes.append(f"{path.name}: the file cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        mistakes.append(f"{path.name}: byte {error.start} is not UTF-8; save the file as UTF-8")
    except tomllib.TOMLDecodeError as error:
        mistakes.append(f"{path.name}: this is not TOML: {error}")
    return None


def _read_head(path: Path, mistakes: list[str]) -> WorkbookFile | None:
    table = _read_toml(path, mistakes)
    if table is None:
        return None
    head, complaints = read(WorkbookFile, table)
    mistakes += (f"{path.name}: {complaint}" for complaint in complaints)
    return head


def _read_task(path: Path, mistakes: list[str]) -> Task | None:
    table = _read_toml(path, mistakes)
    if table is None:
        return None
    file, complaints = read(TaskFile, table)
    found = [f"{path.name}: {complaint}" for complaint in complaints]
    criteria = _criteria(table.get("criteria"), "criterion", path, found, worth=True)
    example = table.get("example")
    signs = _criteria(example.get("signs") if isinstance(example, Mapping) else None, "sign", path, found, worth=False)
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


def _criteria(tables: Any, what: str, path: Path, found: list[str], *, worth: bool) -> tuple[Criterion, ...]:
    """Read an array of tables; what is wrong with it as a whole is the file's complaint."""
    criteria: list[Criterion] = []
    for number, table in enumerate(tables if isinstance(tables, list) else [], start=1):
        if not isinstance(table, dict):
            continue
        kind = table.get("kind")
        where = f"{path.name}: {what} {number}" + (f" ({kind})" if isinstance(kind, str) else "")
        criterion, complaints = _criterion(table, worth=worth)
        found += (f"{where}: {complaint}" for complaint in complaints)
        if criterion is not None:
            criteria.append(criterion)
    ids = Counter(criterion.id for criterion in criteria if worth and criterion.id)
    found += (
        f"{path.name}: id = {name!r} is used {count} times; every {what} needs an id of its own"
        for name, count in ids.items()
        if count > 1
    )
    return tuple(criteria)


def _criterion(table: Mapping[str, Any], *, worth: bool) -> tuple[Criterion | None, list[str]]:
    kind = table.get("kind")
    if kind is None:
        return None, [f"kind is missing; {did_you_mean('', KINDS)}"]
    if not isinstance(kind, str) or kind not in KINDS:
        return None, [f"no criterion is called {kind!r}; {did_you_mean(str(kind), KINDS)}"]
    criterion, complaints = read(KINDS[kind], {key: value for key, value in table.items() if key != "kind"})
    complaints += _worth(table) if worth else _worthless(table, KINDS[kind])
    if criterion is not None:
        complaints += criterion.mistakes()
    return criterion, complaints


def _worth(table: Mapping[str, Any]) -> list[str]:
    complaints = []
    if table.get("id", "") == "":
        complaints.append('id is missing; write a short name, as in  id = "layers"')
    points = table.get("points")
    if points is None:
        complaints.append("points is missing; write a whole number from 1 up, as in  points = 2")
    elif type(points) is int and points <= 0:
        complaints.append(f"points is {points}; write a whole number from 1 up, as in  points = 2")
    return complaints


def _worthless(table: Mapping[str, Any], cls: type[Criterion]) -> list[str]:
    extra = [key for key in ("id", "points", "advice", "show") if key in table]
    complaints = [f"{key} has no meaning here: nothing is graded by it; take it out" for key in extra]
    if cls.judges != "structure":
        complaints.append("only what a model is and how it is trained can tell models apart; take another kind")
    return complaints
