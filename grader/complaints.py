"""What is wrong with a table of a TOML file: found, expected, what to write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from grader.records import Message, msg

T = TypeVar("T")

_TABLE = msg("a table")
_EXPECTED = {
    "int_type": (msg("a whole number"), "2"),
    "int_from_float": (msg("a whole number"), "2"),
    "float_type": (msg("a number"), "0.5"),
    "finite_number": (msg("a finite number"), "0.5"),
    "string_type": (msg("text in quotes"), '"..."'),
    "bool_type": (msg("true or false"), "true"),
    "tuple_type": (msg("a list"), "[...]"),
    "dict_type": (_TABLE, "{ ... }"),
    "dataclass_type": (_TABLE, "{ ... }"),
    "mapping_type": (_TABLE, "{ ... }"),
}


def read(cls: type[T], table: Mapping[str, Any]) -> tuple[T | None, list[Message]]:
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


def did_you_mean(word: str, known: Iterable[str]) -> Message:
    """Return the end of a complaint about an unknown word: the nearest known one, or all of them."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    if close:
        return msg("did you mean {near}?", near=close[0])
    return msg("there are {names}", names=", ".join(names) or msg("none"))


def _once(errors: Iterable[ErrorDetails], cls: type[Any]) -> Iterator[Message]:
    """One complaint a key: a value that may be of several types gives one error each."""
    seen = set()
    for error in sorted(errors, key=lambda one: one["type"] not in {"unexpected_keyword_argument", "extra_forbidden"}):
        key = _key(error)
        if key not in seen:
            seen.add(key)
            yield _complaint(key, error, cls)


def _key(error: ErrorDetails) -> str | Message:
    """Write where an error is, without the names of types that pydantic adds for unions."""
    key = ""
    for part in error["loc"]:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        elif part.isidentifier() and part not in {"int", "float", "str", "bool"}:
            key += f".{part}" if key else part
        elif "-" in part:
            key += f'."{part}"' if key else f'"{part}"'
    return key or msg("the table")


def _complaint(key: str | Message, error: ErrorDetails, cls: type[Any]) -> Message:
    found, last = _toml(error["input"]), str(key).rpartition(".")[2]
    match error["type"]:
        case "missing" | "missing_argument":
            return msg("{key} is missing; write it, as in  {last} = ...", key=key, last=last)
        case "unexpected_keyword_argument" | "extra_forbidden":
            known = [name for name in _keys(cls, error["loc"][:-1]) if name != last]
            return msg("{key} is not known here; {instead}", key=key, instead=did_you_mean(last, known))
        case "literal_error":
            expected = str(error.get("ctx", {}).get("expected", "")).replace("'", '"')
            return msg("{key} is {found}; write one of {expected}", key=key, found=found, expected=expected)
        case kind if kind in _EXPECTED:
            what, example = _EXPECTED[kind]
            return msg(
                "{key} is {found}; write {what}, as in  {last} = {example}",
                key=key,
                found=found,
                what=what,
                last=last,
                example=example,
            )
    return msg("{key} is {found}; {why}", key=key, found=found, why=error["msg"].removeprefix("Value error, "))


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


def _toml(value: Any) -> str | Message:
    """Write a value as the lecturer wrote it.

    >>> _toml(True), _toml("ten"), str(_toml({"a": 1}))
    ('true', '"ten"', 'a table')
    """
    if isinstance(value, Mapping):
        return _TABLE
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
