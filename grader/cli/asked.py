"""What the options of a command ask of the grader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.batch import Settings, tasks_of
from grader.errors import UsageError
from grader.records import msg
from grader.workbook import load_workbook

_NAMES = {"lang": "language", "no_sandbox": "unsealed"}
"""Options whose field is called otherwise."""

_SAME = (
    "profile",
    "data",
    "jobs",
    "backend",
    "device",
    "engine",
    "address",
    "shared_cache",
    "kernel_device",
    "train_in_kernel",
    "changed",
)


def settings_of(asked: Mapping[str, Any]) -> Settings:
    """Return the settings that a command's options ask for; an option that the command has not keeps its default.

    Raises:
        WorkbookError: The workbook has mistakes.
        UsageError: It has no task of a name in ``tasks``, or a cluster's address is given and no cluster asked for.
    """
    if asked.get("address") is not None and asked.get("engine") != "ray":
        raise UsageError(msg("--address is that of a Ray cluster; say --engine ray too, or leave it out"))
    workbook = load_workbook(asked["workbook"])
    names = asked["tasks"].replace(" ", "").split(",") if asked["tasks"] is not None else None
    fields = {option: option for option in _SAME} | _NAMES
    given = {field: asked[option] for option, field in fields.items() if option in asked}
    return Settings(workbook=workbook, tasks=tasks_of(workbook, names), **given)
