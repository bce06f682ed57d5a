"""What is wrong with a table of a TOML file: found, expected, what to write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

T = TypeVar("T")

_EXPECTED = {
    "int_type": ("a whole number", "2"),
    "int_from_float": ("a whole number", "2"),
    "float_type": ("a number", "0.5"),
    "finite_number": ("a finite number", "0.5"),
    "string_type": ("text in quotes", '"..."'),
    "bool_type": ("true or false", "true"),
    "tuple_type": ("a list", "[...]"),
    "dict_type": ("a table", "{ ... }"),
    "dataclass_type": ("a table", "{ ... }"),
    "mapping_type": ("a table", "{ ... }"),
}


def read(cls: type[T], table: Mapping[str, Any]) -> tuple[T | None, list[str]]:
    """Make a value of a dataclass from a TOML table; on failure None and every complaint.

    >>> from grader.criteria import KINDS
    >>> for complaint in read(KINDS["epochs"], {"exacty": 20, "points": True})[1]:
    ...     print(complaint)
    exacty is not known here; did you mean exactly?
    points is true; write a whole number, as in  points = 2
    """
    try:
        return TypeAdapter(cls).validate_json(json.dumps(table, default=str)), []
    except ValidationError as error:
        return None, list(_once(error.errors(), cls))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a complaint about an unknown word: the nearest known one, or all of them."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(names) or 'none'}"


def _once(errors: Iterable[ErrorDetails], cls: type[Any]) -> Iterator[str]:
    """One complaint a key: a value that may be of several types gives one error each."""
    seen = set()
    for error in sorted(errors, key=lambda one: one["type"] not in {"unexpected_keyword_argument", "extra_forbidden"}):
        key = _key(error)
        if key not in seen:
            seen.add(key)
            yield _complaint(key, error, cls)


def _key(error: ErrorDetails) -> str:
    """Write where an error is, without the names of types that pydantic adds for unions."""
    key = ""
    for part in error["loc"]:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        elif part.isidentifier() and part not in {"int", "float", "str", "bool"}:
            key += f".{part}" if key else part
        elif "-" in part:
            key += f'."{part}"' if key else f'"{part}"'
    return key or "the table"


def _complaint(key: str, error: ErrorDetails, cls: type[Any]) -> str:
    found, last = _toml(error["input"]), key.rpartition(".")[2]
    match error["type"]:
        case "missing" | "missing_argument":
            return f"{key} is missing; write it, as in  {last} = ..."
        case "unexpected_keyword_argument" | "extra_forbidden":
            known = [name for name in _keys(cls, error["loc"][:-1]) if name != last]
            return f"{key} is not known here; {did_you_mean(last, known)}"
        case "literal_error":
            expected = str(error.get("ctx", {}).get("expected", "")).replace("'", '"')
            return f"{key} is {found}; write one of {expected}"
        case kind if kind in _EXPECTED:
            what, example = _EXPECTED[kind]
            return f"{key} is {found}; write {what}, as in  {last} = {example}"
    return f"{key} is {found}; {error['msg'].removeprefix('Value error, ')}"


def _keys(cls: type[Any], path: tuple[int | str, ...]) -> list[str]:
    """Return the keys of the table at a path inside a dataclass."""
    schema = TypeAdapter(cls).json_schema()
    definitions, node = schema.get("$defs", {}), schema
    for part in path:
        node = _inner(node, part, definitions)
    node = _resolve(node, definitions)
    if not node.get("properties") and is_dataclass(cls) and not path:
        return [field.name for field in fields(cls)]
    return list(node.get("properties", {}))


def _resolve(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    for choice in node.get("anyOf", [])[:1]:
        node = choice
    name = str(node.get("$ref", "")).rpartition("/")[2]
    return dict(definitions.get(name, node))


def _inner(node: dict[str, Any], part: int | str, definitions: dict[str, Any]) -> dict[str, Any]:
    node = _resolve(node, definitions)
    if isinstance(part, int):
        return dict(node.get("items", {}))
    other = node.get("additionalProperties")
    return dict(node.get("properties", {}).get(part) or (other if isinstance(other, dict) else {}))


def _toml(value: Any) -> str:
    """Write a value as the lecturer wrote it.

    >>> _toml(True), _toml("ten"), _toml({"a": 1})
    ('true', '"ten"', 'a table')
    """
    if isinstance(value, Mapping):
        return "a table"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
