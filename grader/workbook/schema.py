"""JSON Schemas of the lecturer's files, for editors that complete and check TOML."""

from __future__ import annotations

import inspect
from typing import Any, Literal

from pydantic import TypeAdapter

from grader.criteria import KINDS, Criterion
from grader.known import KNOWN
from grader.workbook.files import TaskFile, WorkbookFile

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(kind: Literal["workbook", "task"]) -> dict[str, Any]:
    """Return the schema of ``workbook.toml`` or of a task's file.

    >>> json_schema("task")["properties"]["dataset"]["enum"]
    ['mnist', 'cifar10', 'binary20']
    """
    if kind == "workbook":
        return {"$schema": _DRAFT, **TypeAdapter(WorkbookFile).json_schema()}
    schema = TypeAdapter(TaskFile).json_schema()
    definitions = schema["$defs"]
    criteria = [_criterion(cls, definitions, worth=True) for cls in KINDS.values()]
    plain = [_criterion(cls, definitions, worth=False) for cls in KINDS.values() if cls.judges == "structure"]
    schema["properties"]["dataset"]["enum"] = list(KNOWN)
    schema["properties"]["criteria"]["items"] = {"oneOf": criteria}
    schema["properties"]["scope"]["items"] = {"oneOf": plain}
    definitions["ExampleTable"]["properties"]["signs"]["items"] = {"oneOf": plain}
    return {"$schema": _DRAFT, **schema}


def _criterion(cls: type[Criterion], definitions: dict[str, Any], *, worth: bool) -> dict[str, Any]:
    schema = TypeAdapter(cls).json_schema()
    definitions.update(schema.pop("$defs", {}))
    properties = {"kind": {"const": cls.kind}, **schema["properties"]}
    if not worth:
        for key in ("id", "points", "advice", "show"):
            del properties[key]
    elif "points" in properties:
        properties["points"] = {"type": "integer", "minimum": 1}
    required = ["kind", *schema.get("required", []), *(["id", "points"] if worth else [])]
    words = (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " ")
    return {
        "type": "object",
        "title": cls.kind,
        "description": words,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
