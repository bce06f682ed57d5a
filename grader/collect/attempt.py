"""What one student handed in, where it lies: what a layout finds before anybody looks into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from grader.records import Delivery, Person


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A folder, or a file under the name that the student gave it."""

    path: Path
    name: str = ""
    """Of a file; a folder's files are named below the folder."""
    without: tuple[str, ...] = ()
    """Files directly in the folder that the LMS put there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """What one identity handed in at one time."""

    student: str
    uploads: tuple[Upload, ...]
    who: Person = field(default_factory=Person)
    """With an id, all of the same id are attempts of one student, of which the latest counts."""
    delivery: Delivery = field(default_factory=Delivery)
    origin: str = ""
    """The path it came in, as a person gave it; names an attempt where no time does."""
    notes: tuple[str, ...] = ()
    """What could not be taken: ``a.ipynb (a link)``."""


class Layout(Protocol):
    """A way in which a system lays out what a class handed in."""

    def __call__(self, root: Path) -> list[Attempt]:
        """Return the attempts under a folder; none when it is not laid out like this."""
