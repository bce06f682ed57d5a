"""What is said in English before anybody knows the reader: by the system, a lock, the sandbox trying itself out.

Such a text is translated when it is a value of a sentence and stands here; anything else stays as it is.
"""

from __future__ import annotations

import functools
import re

from grader.records import Message, msg

_LONGEST = 200

SYSTEM_TEXTS: tuple[Message, ...] = (
    # What the system says of a file.
    msg("Permission denied"),
    msg("No such file or directory"),
    msg("File exists"),
    msg("Is a directory"),
    msg("Not a directory"),
    msg("No space left on device"),
    msg("Read-only file system"),
    msg("File name too long"),
    msg("Input/output error"),
    # What becomes of the sandbox's promises.
    msg("the program {name} is not installed"),
    msg("the sandbox does not start: {why}"),
    msg("there is no sandbox"),
    msg("no limit on {names}"),
    msg("a local port answers"),
    msg("no file could be made in it"),
    msg("processes in sight: {count}"),
    msg("core_pattern is open to writing"),
    msg("the process holds capabilities"),
    msg("it can get new ones"),
    # Where data came from.
    msg("added from {file}"),
    msg("MNIST as published, array for array"),
    msg("CIFAR-10 after one pass through JPEG, quality 75, in another order"),
    # Who writes a run.
    msg("process {number} since {moment}"),
)


@functools.lru_cache(maxsize=4096)
def system_text_of(text: str) -> Message | None:
    """Return the sentence a text is, with the values of its places; None when it is none of ours.

    >>> system_text_of("process 7 since noon")
    Message(text='process {number} since {moment}', values={'number': '7', 'moment': 'noon'})
    """
    if len(text) > _LONGEST:
        return None
    for pattern, sentence in _patterns():
        if match := pattern.fullmatch(text):
            return Message(sentence.text, match.groupdict())
    return None


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], Message], ...]:
    return tuple(
        (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(sentence.text))), sentence)
        for sentence in SYSTEM_TEXTS
    )
