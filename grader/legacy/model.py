"""What an old call looks like in source code, as data: a pattern, what it does today, what to write."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from grader.inside.shims.spellings import REFUSED
from grader.records import Message


class Effect(enum.StrEnum):
    """What becomes of an old call where notebooks are graded."""

    FAILS = "fails"
    """The cell stops with an exception."""
    DIFFERS = "differs"
    """It runs, and means something else than the listing's author meant."""
    MISSING = "missing"
    """It needs a library that may not be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A module or a name in one: ``keras.layers.core``. ``tensorflow.keras`` counts as ``keras``."""

    old: str
    new: str = ""
    """Dotted, takes the place of ``old``; empty when nothing does so mechanically."""
    only_plain_keras: bool = False
    """Not below ``tensorflow.keras``, which still has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method of a model: ``predict_classes``."""

    old: str
    new: str = ""
    """The new method; empty when the call must be rewritten by hand."""
    after: str = ""
    """What follows the new call: ``.argmax(axis=-1)``."""
    keywords: tuple[tuple[str, str], ...] = ()
    """Arguments that change their names along with it: old, new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A keyword argument: ``nb_epoch=`` of ``fit``."""

    old: str
    of: tuple[str, ...]
    """Last names of the functions that took it."""
    new: str = ""
    """Its name today."""
    drop: bool = False
    """Leave it out: there is nothing in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A certain text handed to a function: ``plt.style.use("seaborn-white")``."""

    of: str
    begins: str
    new: str
    """Takes the place of the beginning."""
    unless: str = ""
    """A text that begins like this is right already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A file name without the ending that ``save`` and others ask for today."""

    of: str
    endings: tuple[str, ...]
    when: tuple[str, bool] | None = None
    """Only where this keyword argument has this value; a missing one is False."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Kernel sizes as separate numbers: ``Convolution2D(32, 3, 3)``, which now reads the second 3 as strides."""

    of: tuple[str, ...]
    sizes: int = 2
    """How many numbers the window has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A shape that is a number: ``input_shape=784``, ``input_shape=(784)``."""

    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryKey:
    """A key of ``History.history``: ``["acc"]`` where the metric was compiled as ``accuracy``."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePattern:
    """A line that is no Python 3: a pattern for one line, and what to write."""

    line: str
    """Regular expression; ``{name}`` groups fill ``new``."""
    new: str = ""
    """Template of the new line; empty when it must be rewritten by hand."""
    magic: bool = False
    """A line of IPython's, not a syntax error."""


Pattern = Name | Method | Keyword | Argument | Saved | Window | Shape | HistoryKey | LinePattern


@dataclass(frozen=True, slots=True, kw_only=True)
class OldCall:
    """One old call."""

    pattern: Pattern
    write: str
    """What to write instead, as code."""
    why: Message
    """Why it fails today, or what it does instead."""
    effect: Effect = Effect.FAILS

    @property
    def imitated(self) -> bool:
        """Whether a cell that fails with it today runs in a kernel that knows old spellings."""
        match self.pattern:
            case Name(old=old):
                return self.effect is Effect.FAILS and old not in REFUSED
            case LinePattern():
                return False
            case _:
                return self.effect is Effect.FAILS

    @property
    def mechanical(self) -> bool:
        """Whether a program can write the new form without understanding the notebook."""
        match self.pattern:
            case Name(new=new) | LinePattern(new=new) | Method(new=new):
                return bool(new)
            case Keyword(new=new, drop=drop):
                return bool(new) or drop
            case _:
                return True
