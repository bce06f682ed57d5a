"""What an error means in a sentence or two: ``reports/hints.toml``, matched with its class and its message."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, ClassVar

from grader.errors import WorkbookError
from grader.hints.files import STRICT, entries, toml_of
from grader.places import shipped
from grader.records import PLACE, Message, Sentence, Text, joined, msg

_QUOTE = 120
"""Characters of a message that go into a place."""
_NEAR = 0.75
"""How alike two words must be for one to be taken for the other, misspelt."""


@dataclass(frozen=True, kw_only=True)
class Hint:
    """One entry of the file; its head explains the keys."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: str
    matches: tuple[re.Pattern[str], ...]
    says: Text
    errors: frozenset[str] = frozenset()
    near: str = ""
    table: str = ""
    source: re.Pattern[str] | None = None
    lacks: bool = False

    def mistakes(self) -> Iterator[Message]:
        """Yield what is wrong with the entry as a whole."""
        if not self.matches:
            yield msg("matches is empty; write a pattern, as in  matches = ['out of memory']")
        filled = {"cell"} | ({"close"} if self.near else set()) | ({"new"} if self.table else set())
        for pattern in self.matches:
            if (self.near or self.table) and not pattern.groups:
                yield msg(
                    "{pattern} has no group; put the word that near and table look at into ( )",
                    pattern=repr(pattern.pattern),
                )
            for place in sorted({*PLACE.findall(self.says.ru), *PLACE.findall(self.says.en)}):
                if place not in {*filled, *pattern.groupindex}:
                    yield msg(
                        "{place} is filled by nothing; write a group {group} in {pattern}",
                        place=f"{{{place}}}",
                        group=f"(?P<{place}>...)",
                        pattern=repr(pattern.pattern),
                    )
        if set(PLACE.findall(self.says.ru)) != set(PLACE.findall(self.says.en)):
            yield msg("says.ru and says.en have different {places}; write the same in both", places="{places}")


@dataclass(frozen=True, kw_only=True)
class MatchedHint:
    """A hint that fits, with its places filled."""

    hint: Hint
    words: Sentence


@dataclass(frozen=True, kw_only=True)
class Hints:
    """The whole file."""

    lists: Mapping[str, Sequence[str]]
    tables: Mapping[str, Mapping[str, str]]
    cells: tuple[Hint, ...]
    models: tuple[Hint, ...]

    def of_cell(self, error: str, message: str, cell: int, source: str = "") -> MatchedHint | None:
        """Explain what stopped a cell with this code; None when no entry of ``[[cells]]`` fits."""
        said = self._first(self.cells, error, message, source)
        return said and replace(said, words=replace(said.words, values={**said.words.values, "cell": cell}))

    def of_model(self, error: str, message: str) -> MatchedHint | None:
        """Explain why a model broke; None when no entry of ``[[models]]`` fits."""
        return self._first(self.models, error, message)

    def _first(self, hints: Sequence[Hint], error: str, message: str, source: str = "") -> MatchedHint | None:
        for hint in hints:
            if (hint.errors and error not in hint.errors) or (hint.source and not hint.source.search(source)):
                continue
            for pattern in hint.matches:
                match = re.search(pattern.pattern, message, re.IGNORECASE | re.DOTALL)
                values = self._values(hint, match) if match else None
                if values is not None:
                    return MatchedHint(hint=hint, words=Sentence(ru=hint.says.ru, en=hint.says.en, values=values))
        return None

    def _values(self, hint: Hint, match: re.Match[str]) -> dict[str, str | int | float] | None:
        """Return what goes into a hint's places; None when its list or its table does not have the word."""
        values: dict[str, str | int | float] = {
            name: (found or "…")[:_QUOTE] for name, found in match.groupdict().items()
        }
        if hint.near:
            words = self.lists[hint.near]
            close = [] if match[1] in words else get_close_matches(match[1], words, n=1, cutoff=_NEAR)
            if not close:
                return None
            values["close"] = close[0]
        if hint.table:
            if match[1] not in self.tables[hint.table]:
                return None
            values["new"] = self.tables[hint.table][match[1]]
        return values


@functools.cache
def hints() -> Hints:
    """Return the hints that ship with the grader.

    Raises:
        WorkbookError: Something in the file is wrong; all of it is said.
    """
    path = shipped("reports") / "hints.toml"
    tables = toml_of(path, ("lists", "tables", "cells", "models"))
    made = Hints(
        lists=tables.get("lists", {}),
        tables=tables.get("tables", {}),
        cells=entries(Hint, tables, "cells", path),
        models=entries(Hint, tables, "models", path),
    )
    unknown = [
        msg("{file}: {id}: there is no [{table}]; write it", file=str(path), id=hint.id, table=f"{where}.{name}")
        for hint in (*made.cells, *made.models)
        for where, name, known in (("lists", hint.near, made.lists), ("tables", hint.table, made.tables))
        if name and name not in known
    ]
    if unknown:
        raise WorkbookError(joined(unknown))
    return made
