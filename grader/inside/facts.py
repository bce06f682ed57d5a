"""What the host says of its data sets: nothing on this side of the wall knows one by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What ``grader.known`` hands over of one data set, in JSON."""

    name: str
    item: Sequence[int] = ()
    """Shape of one row."""
    class_names: Sequence[str] = ()
    drawn: bool = False
    """Whether each notebook draws its own, so that its rows are nowhere on disk."""
    files: Sequence[Sequence[str]] = ()
    """Pairs: the form of a file (``copies.FORMS``), and a regular expression for the addresses where it lies."""
    called: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Library -> what it calls the data set, in small letters."""
