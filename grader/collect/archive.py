"""ZIP archives, opened as what they are: files of strangers.

Nothing is written but regular files below the archive's own folder; sizes are counted as they come, never taken from
a header. A member that is refused is named with its reason; an archive that is a bomb is refused whole.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import struct
import tempfile
import time
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from grader.collect.junk import is_checkpoint, is_junk
from grader.collect.submission import readable
from grader.collect.zipnames import names_of, safe_path
from grader.errors import MachineError
from grader.records import Message, msg

MIB = 1 << 20
_CHUNK = 1 << 18
_TAIL = 66_000
"""A ZIP file's last record lies in its last 65,557 bytes."""
_ENTRY_BYTES = 400
"""What a member takes in the table of contents, at most, on an average."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What LMSs and systems write. LZMA may ask for gigabytes of memory, and nobody needs it here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """How much an archive may hold."""

    members: int
    bytes: int
    member_bytes: int = 512 * MIB
    ratio: int = 200
    """Unpacked bytes for each packed one, asked of members beyond 8 MiB."""
    ratio_from: int = 8 * MIB

    def less(self, unpacked: Unpacked) -> Bounds:
        """Return what is left after an archive."""
        return replace(self, members=self.members - unpacked.members, bytes=self.bytes - unpacked.bytes)


LMS = Bounds(members=100_000, bytes=16 << 30)
"""A whole class."""
STUDENT = Bounds(members=2_000, bytes=512 * MIB)
"""All archives of a submission together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpacked:
    """What came of an archive."""

    folder: Path
    refused: Mapping[Path, Message]
    """Members that were not taken, by where they would lie; empty files stand there in their place."""
    outside: tuple[Message, ...] = ()
    """Why members were refused that have no place in the folder."""
    members: int = 0
    bytes: int = 0
    """How much was unpacked."""


_TOO_MANY = "{name}: it holds {found} files; an archive may hold {most}. Pack only the notebooks."
_BOMB = "{name}: it unpacks to more than {ratio} times its size, as a bomb does."
_TOO_LARGE = "{name}: unpacked it is larger than {most} MiB. Leave data sets out."


class RefusedError(Exception):
    """The archive as a whole is not taken; ``why`` says the reason. Never leaves this package."""

    def __init__(self, why: Message) -> None:
        super().__init__(why.text)
        self.why = why


def unpack(archive: Path, into: Path, bounds: Bounds, *, name: str = "") -> Unpacked:
    """Unpack an archive into a new folder below ``into``; ``name`` is what reasons call it, by default its file's.

    Members that systems leave behind (``__MACOSX``, ``.DS_Store``) are passed over.

    Raises:
        RefusedError: It is no ZIP archive, or holds more than ``bounds``.
        MachineError: There is no room to unpack it.
    """
    folder, name = Path(tempfile.mkdtemp(dir=into)), name or readable(archive.name)
    try:
        _check_directory(archive, bounds, name)
        with zipfile.ZipFile(archive) as opened:
            return _unpack_all(opened, folder, bounds, name)
    except RefusedError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise RefusedError(
            msg("{name}: it is no ZIP archive, or a damaged one. Download or pack it once more.", name=name)
        ) from error
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise RefusedError(
                msg("{name}: it cannot be read ({why})", name=name, why=error.strerror or str(error))
            ) from error
        text = msg(
            "no room in {into} to unpack {name}; free some space, or set TMPDIR to a larger disk",
            into=str(into),
            name=archive.name,
        )
        raise MachineError(text) from error


def _check_directory(archive: Path, bounds: Bounds, name: str) -> None:
    """Refuse a table of contents that would fill the memory before its first member is looked at (APPNOTE 4.3.14)."""
    with archive.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL))
        tail = stream.read()
    size = _field(tail, b"PK\x05\x06", 12, "<L")
    if size == 0xFFFFFFFF:
        size = _field(tail, b"PK\x06\x06", 40, "<Q")
    if size > bounds.members * _ENTRY_BYTES:
        raise RefusedError(msg("{name}: its table of contents is larger than any honest one", name=name))


def _field(tail: bytes, signature: bytes, offset: int, form: str) -> int:
    at = tail.rfind(signature)
    end = at + offset + struct.calcsize(form)
    return int(struct.unpack(form, tail[at + offset : end])[0]) if at >= 0 and end <= len(tail) else 0


def _unpack_all(archive: zipfile.ZipFile, folder: Path, bounds: Bounds, title: str) -> Unpacked:
    members = archive.infolist()
    if len(members) > bounds.members:
        raise RefusedError(msg(_TOO_MANY, name=title, found=len(members), most=bounds.members))
    refused: dict[Path, Message] = {}
    outside: list[Message] = []
    taken: set[str] = set()
    total = 0
    for member, name in zip(members, names_of(members), strict=True):
        place = safe_path(name)
        if isinstance(place, Message):
            outside.append(place)
            continue
        if any(is_junk(part) and not is_checkpoint(part) for part in place.parts) or (
            name.endswith(("/", "\\")) and not member.file_size
        ):
            continue
        path = folder / _free(place, taken)
        try:
            total += _write(archive, member, path, _Allowance(bounds, total, title, readable(name)))
        except _MemberError as error:
            if _stand_in(path):
                refused[path] = error.why
            else:
                outside.append(error.why)
    return Unpacked(folder=folder, refused=refused, outside=tuple(outside), members=len(members), bytes=total)


def _stand_in(path: Path) -> bool:
    """Put an empty file where a refused member would lie, so that its student is not lost with it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(exist_ok=False)
    except (FileExistsError, NotADirectoryError):
        return False
    return True


def _why_not(member: zipfile.ZipInfo, name: str) -> Message | None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return msg("{name}: it is a link, and links are not followed. Pack the file itself.", name=name)
    if kind not in (0, stat.S_IFREG):
        return msg("{name}: it is a device, not an ordinary file.", name=name)
    if member.flag_bits & 0x1:
        return msg("{name}: it is encrypted. Pack it without a password.", name=name)
    if member.compress_type not in _METHODS:
        return msg(
            "{name}: it is packed in an unusual way (method {method}). Pack it as an ordinary ZIP archive.",
            name=name,
            method=member.compress_type,
        )
    return None


class _MemberError(RefusedError):
    """One member cannot be taken; the others can."""


@dataclass(frozen=True, slots=True)
class _Allowance:
    """What is left of an archive's bounds for one of its members."""

    bounds: Bounds
    used: int
    archive: str
    name: str

    def check(self, size: int, member: zipfile.ZipInfo) -> None:
        """Raise when so many bytes of the member are too many."""
        bounds = self.bounds
        if self.used + size > bounds.bytes:
            raise RefusedError(msg(_TOO_LARGE, name=self.archive, most=bounds.bytes // MIB))
        if size > bounds.member_bytes:
            raise _MemberError(msg(_TOO_LARGE, name=self.name, most=bounds.member_bytes // MIB))
        if size > bounds.ratio_from and size > bounds.ratio * max(1, member.compress_size):
            raise _MemberError(msg(_BOMB, name=self.name, ratio=bounds.ratio))


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, allowance: _Allowance) -> int:
    """Write one member, counting what really comes; returns its size in bytes."""
    name, size, whole = allowance.name, 0, False
    if (why := _why_not(member, name)) is not None:
        raise _MemberError(why)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, path.open("xb") as target:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                allowance.check(size, member)
                target.write(chunk)
        whole = True
    except (FileExistsError, NotADirectoryError):
        whole = True
        raise _MemberError(msg("{name}: a file and a folder have the same name.", name=name)) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _MemberError(
            msg("{name}: it is damaged ({why}). Pack it once more.", name=name, why=str(error)[:100] or "?")
        ) from error
    finally:
        if not whole:
            path.unlink(missing_ok=True)
    _keep_time(path, member)
    return size


def _free(place: PurePosixPath, taken: set[str]) -> PurePosixPath:
    """Return a place no earlier member has, also where case does not count: both files stay."""
    found, number = place, 1
    while str(found).casefold() in taken:
        number += 1
        found = place.with_name(f"{place.stem} [{number}]{place.suffix}")
    taken.add(str(found).casefold())
    return found


def _keep_time(path: Path, member: zipfile.ZipInfo) -> None:
    """Give a file the archive's time, so that the newer of two attempts can be told."""
    with contextlib.suppress(ValueError, OverflowError, OSError):
        moment = time.mktime((*member.date_time, 0, 0, -1))
        os.utime(path, (moment, moment))
