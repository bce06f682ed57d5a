"""What LMSs hand out, made up by their formats: ``python -m tests.exchange.archives OUT`` writes them all."""

from __future__ import annotations

import io
import json
import stat
import struct
import sys
import unicodedata
import zipfile
import zlib
from pathlib import Path

NOTEBOOK = json.dumps(
    {
        "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": "x = 1"}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
)
Files = dict[str, str | bytes]

MOODLE_FOLDERS: Files = {
    "Иванова Анна_318_assignsubmission_file/lab1.ipynb": NOTEBOOK,
    "Иванова Анна_318_assignsubmission_file/data/my.csv": "a,b\n",
    "Иванова Анна_318_assignsubmission_onlinetext/onlinetext.html": "<p>done</p>",
    "Ким Олег_319_assignsubmission_file/lab1.ipynb": NOTEBOOK,
    "Ким Олег_320_assignsubmission_file/отчёт.pdf": "%PDF",
}
MOODLE_OLD: Files = {name.replace("_file/", "_file_/"): content for name, content in MOODLE_FOLDERS.items()}
MOODLE_FLAT: Files = {
    "Иванова Анна_318_assignsubmission_file_lab1.ipynb": NOTEBOOK,
    "Иванова Анна_318_assignsubmission_file_my_own_data.csv": "a,b\n",
    "Иванова Анна_318_assignsubmission_onlinetext_onlinetext.html": "<p>done</p>",
    "Ким Олег_319_assignsubmission_file_lab1.ipynb": NOTEBOOK,
    "Ким Олег_320_assignsubmission_file_отчёт.pdf": "%PDF",
}
MOODLE_BLIND: Files = {
    "Участник_318_assignsubmission_file/lab1.ipynb": NOTEBOOK,
    "Участник_319_assignsubmission_file/lab1.ipynb": NOTEBOOK,
}
MOODLE_ENGLISH: Files = {
    "OBrien Li Bo_5_assignsubmission_file/lab1.ipynb": NOTEBOOK,
    "2pac 77_6_assignsubmission_file/lab_1_2.ipynb": NOTEBOOK,
}
MOODLE_TEAMS: Files = {
    "Команда А_41_assignsubmission_file/lab1.ipynb": NOTEBOOK,
    "Команда Б_42_assignsubmission_file/lab1.ipynb": NOTEBOOK,
    "Группа по умолчанию_assignsubmission_file/lab1.ipynb": NOTEBOOK,
}
CANVAS: Files = {
    "ивановаанна_4021_88117_lab1.ipynb": NOTEBOOK,
    "ивановаанна_4021_88118_part2.ipynb": NOTEBOOK,
    "kimoleg_LATE_4022_88140_lab1-1.ipynb": NOTEBOOK,
    "late_4023_88141_lab1.ipynb": NOTEBOOK,
    "LATE_anon_aB3xQ_88151_lab1.ipynb": NOTEBOOK,
    "obrienlibo_4025_text.html": "<p>https://colab.research.google.com/drive/1AbC</p>",
}
METADATA = {
    "id": 123456,
    "created_at": "2026-03-03T14:05:00.000000-05:00",
    "assignment": {"due_date": "2026-03-03T13:00:00.000000-05:00", "id": 77, "title": "lab", "total_points": "10.0"},
    "submission_method": "upload",
    "users": [{"email": "anna@example.edu", "id": 901, "name": "Anna Ivanova"}],
    "previous_submissions": [{"submission_time": "2026-03-01T10:00:00.000000-05:00", "score": "3.0", "results": {}}],
}
GRADESCOPE: Files = {"submission/lab1.ipynb": NOTEBOOK, "submission_metadata.json": json.dumps(METADATA)}
GRADESCOPE_EXPORT: Files = {
    "submission_11/lab1.ipynb": NOTEBOOK,
    "submission_12/lab1.ipynb": NOTEBOOK,
    "submission_metadata.yml": "---\n",
}
NBGRADER: Files = {
    "submitted/aivanova/mnist_lab/lab1.ipynb": NOTEBOOK,
    "submitted/aivanova/mnist_lab/timestamp.txt": "2026-03-03 11:05:07.120000 UTC",
    "submitted/aivanova/mnist_lab/submission_secret.txt": "s3cret",
    "submitted/okim/mnist_lab/lab1.ipynb": NOTEBOOK,
}
NBGRADER_INBOUND: Files = {
    f"aivanova+mnist_lab+2026-03-0{day} 11:05:07.120000 UTC+{day}abc/lab1.ipynb": NOTEBOOK + " " * day for day in (1, 3)
}
CLASS: Files = {
    "class/ivanova/task1.ipynb": NOTEBOOK,
    "class/ivanova/task2.ipynb": NOTEBOOK,
    "class/kim.ipynb": NOTEBOOK,
}
JUNK: Files = {
    "__MACOSX/class/._kim.ipynb": "x",
    "class/.DS_Store": "x",
    "class/ivanova/.ipynb_checkpoints/task1-checkpoint.ipynb": NOTEBOOK,
    "class/~$list.docx": "x",
    "class/Thumbs.db": "x",
}
LAYOUTS: dict[str, Files] = {
    "moodle-folders": MOODLE_FOLDERS,
    "moodle-old": MOODLE_OLD,
    "moodle-flat": MOODLE_FLAT,
    "moodle-blind": MOODLE_BLIND,
    "moodle-english": MOODLE_ENGLISH,
    "moodle-teams": MOODLE_TEAMS,
    "canvas": CANVAS,
    "gradescope": GRADESCOPE,
    "gradescope-export": GRADESCOPE_EXPORT,
    "nbgrader": NBGRADER,
    "nbgrader-inbound": NBGRADER_INBOUND,
    "class": CLASS | JUNK,
}


def packed(files: Files) -> bytes:
    """Return a ZIP archive, names in UTF-8 with the flag, as Python, Moodle and Canvas write them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def folder(files: Files, root: Path) -> Path:
    """Write the files below a folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def with_raw_names(files: dict[str, str | bytes], encoding: str, *, extra: bool = False, form: str = "NFC") -> bytes:
    """Return an archive whose names are bytes of an encoding, without the flag that says UTF-8.

    ``extra`` adds the Info-ZIP Unicode Path field beside a name in ASCII.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            raw = unicodedata.normalize(form, name).encode(encoding, "replace")
            member = _RawName("x")
            member.raw = raw
            if extra:
                utf8 = name.encode()
                member.extra = struct.pack("<HHBL", 0x7075, 5 + len(utf8), 1, zlib.crc32(raw)) + utf8
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


class _RawName(zipfile.ZipInfo):
    """A member whose name is written as the bytes given."""

    __slots__ = ("raw",)
    raw: bytes

    def _encodeFilenameFlags(self):  # noqa: N802 - zipfile calls it so
        return self.raw, self.flag_bits & ~0x800


def member(name: str, mode: int = 0, **changes: int) -> zipfile.ZipInfo:
    """Return a member with a Unix mode: a link, a device."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    for key, value in changes.items():
        setattr(info, key, value)
    return info


def hostile() -> bytes:
    """Return a class with everything an archive can hold that must not be followed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good/lab.ipynb", NOTEBOOK)
        archive.writestr("../escape/lab.ipynb", NOTEBOOK)
        archive.writestr("/etc/absolute.ipynb", NOTEBOOK)
        archive.writestr("C:/windows.ipynb", NOTEBOOK)
        archive.writestr("deep/..\\..\\back.ipynb", NOTEBOOK)
        archive.writestr(member("linked/lab.ipynb", stat.S_IFLNK | 0o777), "/etc/passwd")
        archive.writestr(member("device/lab.ipynb", stat.S_IFCHR | 0o666), "")
        archive.writestr("bomb/lab.ipynb", b"\0" * (40 << 20))
        archive.writestr("lzma/lab.ipynb", NOTEBOOK, zipfile.ZIP_LZMA)
        archive.writestr("twice/Lab.ipynb", NOTEBOOK)
        archive.writestr("twice/lab.ipynb", NOTEBOOK)
        archive.writestr("con/aux.ipynb", NOTEBOOK)
        archive.writestr("clash/a", "file")
        archive.writestr("clash/a/lab.ipynb", NOTEBOOK)
    return encrypted(stream.getvalue(), "secret/lab.ipynb")


def encrypted(content: bytes, name: str) -> bytes:
    """Add a member that says it is encrypted."""
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        info = zipfile.ZipInfo(name)
        archive.writestr(info, NOTEBOOK)
        info.flag_bits |= 0x1
    return stream.getvalue()


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for layout, contents in LAYOUTS.items():
        (out / f"{layout}.zip").write_bytes(packed(contents))
    (out / "hostile.zip").write_bytes(hostile())
