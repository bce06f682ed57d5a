"""Nothing that can be graded was handed in: what came, and what to hand in instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from grader.collect.submission import SubmittedFile
from grader.records import Message, msg

_ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zip")
_PRINTED = (".pdf", ".doc", ".docx", ".odt", ".rtf", ".html", ".htm", ".png", ".jpg", ".jpeg", ".heic", ".pptx", ".md")
_LINK = re.compile(
    rb"https?://(?:colab\.research\.google\.com|drive\.google\.com|[\w.-]*kaggle\.com|github\.com)/[^\s\"'<>]+"
)
_HAND_IN = (
    "Hand in the notebook itself, the .ipynb file (Jupyter: File > Download; Colab: File > Download > Download .ipynb)."
)


def instead_of(
    items: Sequence[SubmittedFile],
    remarks: Sequence[Message],
    *,
    unread: Sequence[str] = (),
    unseen: Sequence[Message] = (),
    checkpoints: Sequence[str] = (),
) -> Message:
    """Return what came in place of a notebook, and what to hand in instead.

    Args:
        items: The files that came and are no notebooks.
        remarks: What was refused, and why.
        unread: Notebooks that could not be taken, and folders in which some may lie, by name.
        unseen: Why there may be notebooks all the same.
        checkpoints: Notebooks that are there only as Jupyter's own copies.
    """
    if checkpoints:
        return msg(
            "Only a copy that Jupyter makes by itself was handed in (.ipynb_checkpoints): {files}. " + _HAND_IN,
            files=", ".join(checkpoints[:10]),
        )
    if not items and remarks:
        return remarks[0]
    if unread:
        return msg("What was handed in could not be taken: {files}. " + _HAND_IN, files=", ".join(unread[:10]))
    if unseen:
        return unseen[0]
    if not items:
        return msg("Nothing lies in what was handed in. " + _HAND_IN)
    names = ", ".join(item.name for item in items[:10])
    if any(_holds_link(item) for item in items):
        return msg("A link was handed in, not a notebook; what it shows may change or be closed. " + _HAND_IN)
    if all(item.path.stat().st_size == 0 for item in items):
        return msg("What was handed in is empty: {files}. " + _HAND_IN, files=names)
    endings = {PurePosixPath(item.name).suffix.lower() for item in items}
    if endings & {*_ARCHIVES}:
        return msg("An archive was handed in that cannot be opened here: {files}. " + _HAND_IN, files=names)
    if ".py" in endings:
        return msg("A program was handed in, without the cells of a notebook: {files}. " + _HAND_IN, files=names)
    if endings & {*_PRINTED}:
        return msg("A copy for reading was handed in, which cannot be run: {files}. " + _HAND_IN, files=names)
    return msg("No notebook was handed in; found: {files}. " + _HAND_IN, files=names)


def _holds_link(item: SubmittedFile) -> bool:
    """Whether a small page or text is about a notebook on the web."""
    if Path(item.name).suffix.lower() not in (".html", ".htm", ".txt", ".url", ".webloc", ".md"):
        return False
    try:
        with item.path.open("rb") as stream:
            content = stream.read(20_000)
    except OSError:
        return False
    return len(content) < 20_000 and bool(_LINK.search(content))
