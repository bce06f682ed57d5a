"""Bytes → text and back, byte for byte; names that compare; cells that no spreadsheet calculates."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """A text with the encoding it came in."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""
    """Byte order mark it began with."""

    def encode(self, text: str, *, html: bool = False) -> bytes:
        """Return another text in the same encoding; what that lacks becomes ``?``, or in ``html`` a reference."""
        return self.mark + text.encode(self.encoding, "xmlcharrefreplace" if html else "replace")


def decode(content: bytes) -> Encoded:
    """Return what a CSV file says: by its byte order mark, else UTF-8, else Windows-1251 as Russian Excel saves it.

    ``encode`` of the same text gives the same bytes.

    Raises:
        UnicodeDecodeError: It is in none of them.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return Encoded(text=content[len(mark) :].decode(encoding), encoding=encoding, mark=mark)
    try:
        return Encoded(text=content.decode("utf-8"))
    except UnicodeDecodeError:
        return Encoded(text=content.decode("cp1251"), encoding="cp1251")


def same_name(name: str) -> str:
    """Return what two spellings of a name have in common: Unicode form, case, spaces, and the signs LMSs leave out.

    >>> same_name("O'Brien_ Анна") == same_name("obrien анна")
    True
    """
    plain = unicodedata.normalize("NFKC", name).casefold().replace("_", " ")
    return " ".join(re.sub(r"[&<>\"`|':\\/\u2019]", "", plain).split())


def shown_safely(text: str) -> str:
    r"""Return a text that a spreadsheet shows instead of calculating it: with a ``'`` before what begins a formula.

    >>> shown_safely(" =HYPERLINK(1)"), shown_safely("Анна")
    ("' =HYPERLINK(1)", 'Анна')
    """
    return f"'{text}" if _FORMULA.match(text) else text
