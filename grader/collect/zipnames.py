"""Names in ZIP archives: which encoding they are in, and which of them lead out.

Python reads a name without the UTF-8 flag as cp437. Windows and older tools on Russian systems write cp866 or cp1251
there, macOS writes UTF-8 in decomposed form and forgets the flag. cp866 and cp1251 decode any bytes, so the reading
that looks most like words is taken, for the whole archive at once.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import PurePosixPath

from grader.collect.submission import readable
from grader.records import Message, msg

_UTF8_FLAG = 0x800
_UNICODE_PATH = 0x7075
_CANDIDATES = ("cp866", "cp1251", "cp437")
_COMMON = dict(zip("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", range(33, 0, -1), strict=True))
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_MOST_LEVELS = 20
_LONGEST_PART = 180
"""Bytes of a folder's or file's name; file systems take 255."""


def names_of(members: Iterable[zipfile.ZipInfo]) -> list[str]:
    """Return the members' names in composed Unicode, in the order given."""
    members = list(members)
    found = [_certain(member) for member in members]
    doubtful = [_bytes(member) for member, name in zip(members, found, strict=True) if name is None]
    encoding = max(_CANDIDATES, key=lambda one: _likelihood(b"\n".join(doubtful).decode(one, "replace")))
    sure = (
        _bytes(member).decode(encoding, "replace") if name is None else name
        for member, name in zip(members, found, strict=True)
    )
    return [unicodedata.normalize("NFC", name) for name in sure]


def safe_path(name: str) -> PurePosixPath | Message:
    """Return where a member belongs below the archive's own folder, or why it is refused.

    Both slashes separate. Characters and names that some file system cannot hold are replaced.
    """
    slashed, shown = name.replace("\\", "/"), readable(name)
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    if "\0" in name or not parts:
        return msg("{name}: its name is not valid.", name=shown)
    if slashed.startswith("/") or re.match(r"[A-Za-z]:", slashed):
        return msg("{name}: its name is an absolute path; it would be written outside.", name=shown)
    if ".." in parts:
        return msg("{name}: its name leads out of the archive (..).", name=shown)
    if len(parts) > _MOST_LEVELS:
        return msg("{name}: it lies more than {most} folders deep.", name=shown, most=_MOST_LEVELS)
    return PurePosixPath(*map(_part, parts))


def _part(part: str) -> str:
    plain = "".join(char if char.isprintable() else "_" for char in part).rstrip(". ") or "_"
    if _RESERVED.fullmatch(plain):
        plain = f"_{plain}"
    if len(plain.encode()) > _LONGEST_PART:
        suffix = PurePosixPath(plain).suffix[:12]
        digest = hashlib.sha256(plain.encode()).hexdigest()[:8]
        room = _LONGEST_PART - len(f"~{digest}{suffix}".encode())
        plain = f"{plain.encode()[:room].decode('utf-8', 'ignore')}~{digest}{suffix}"
    return plain


def _certain(member: zipfile.ZipInfo) -> str | None:
    if (written := _unicode_path(member)) is not None:
        return written
    if member.flag_bits & _UTF8_FLAG:
        return member.orig_filename
    try:
        return _bytes(member).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _bytes(member: zipfile.ZipInfo) -> bytes:
    return member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8_FLAG else "cp437", "replace")


def _unicode_path(member: zipfile.ZipInfo) -> str | None:
    """Return the name in the Info-ZIP Unicode Path field (APPNOTE 4.6.9), when it belongs to this very name."""
    extra = member.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        content, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(content) > 5 and content[0] == 1:
            (crc,) = struct.unpack("<L", content[1:5])
            if crc == zlib.crc32(_bytes(member)):
                return content[5:].decode("utf-8", "replace")
    return None


def _likelihood(text: str) -> float:
    """Say how much a text looks like words: frequent Russian letters for it, odd signs and mixed words against it."""
    score = 0.0
    for word in re.findall(r"[^\W\d_]+|[^\w\s]", text):
        cyrillic = [char for char in word if "а" <= char.lower() <= "я" or char in "ёЁ"]
        latin = [char for char in word if char.isalpha() and char not in cyrillic]
        if cyrillic and latin:
            score -= 40 * len(word)
        score += sum(_COMMON[char.lower()] for char in cyrillic)
        # Neither a capital inside a word nor a box-drawing sign is usual in a name.
        score -= 40 * sum(before.islower() and after.isupper() for before, after in itertools.pairwise(word))
        score += sum(10 if char in "äöüßéèêçàâîôûñáíóú" else -5 for char in latin if not char.isascii())
        score -= sum(40 for char in word if not char.isalpha() and not char.isascii())
    return score
