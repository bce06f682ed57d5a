"""Reading ``reports/*.toml``: entries that explain things, every mistake of a file in one error."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from grader.complaints import did_you_mean, read
from grader.errors import WorkbookError
from grader.records import Message, joined, msg

STRICT: dict[str, Any] = {"extra": "forbid", "strict": True}
"""How pydantic reads an entry: no unknown keys, no conversions."""


class Entry(Protocol):
    """One explanation."""

    @property
    def id(self) -> str:
        """Its name, unlike all others of the file."""

    def mistakes(self) -> Iterator[Message]:
        """Yield what is wrong with it as a whole."""


E = TypeVar("E", bound=Entry)


def toml_of(path: Path, keys: tuple[str, ...]) -> Mapping[str, Any]:
    """Return a file's tables.

    Raises:
        WorkbookError: It is no TOML, or holds something else than these keys.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        text = msg("{file}: this cannot be read as TOML: {why}", file=str(path), why=str(error))
        raise WorkbookError(text) from error
    unknown = [
        msg("{file}: {key} is not known here; {instead}", file=str(path), key=key, instead=did_you_mean(key, keys))
        for key in tables
        if key not in keys
    ]
    if unknown:
        raise WorkbookError(joined(unknown))
    return tables


def entries(cls: type[E], tables: Mapping[str, Any], key: str, path: Path) -> tuple[E, ...]:
    """Return the entries of ``[[key]]`` in the file's order.

    Raises:
        WorkbookError: Some are wrong; a line each: which entry, what was found, what to write.
    """
    found: list[E] = []
    mistakes: list[Message] = []
    for number, table in enumerate(tables.get(key, ()), start=1):
        entry, complaints = read(cls, table)
        if entry is not None:
            found.append(entry)
            complaints += entry.mistakes()
        name = f" ({table['id']})" if isinstance(table.get("id"), str) else ""
        mistakes += (joined([f"{path}: {key} {number}{name}", complaint], ": ") for complaint in complaints)
    counts = Counter(entry.id for entry in found)
    mistakes += (
        msg(
            "{file}: {key}: the id {id} is used more than once; give each its own",
            file=str(path),
            key=key,
            id=repr(name),
        )
        for name, count in counts.items()
        if count > 1
    )
    if mistakes:
        raise WorkbookError(joined(mistakes))
    return tuple(found)
