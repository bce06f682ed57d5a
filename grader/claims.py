"""What the probe, the reader and the system say in words: a closed list, so that it can be said in every language.

The probe writes plain English into the trace and knows nothing of languages. A claim that stands here is translated
when it is a value of a sentence; anything else a notebook claims stays as it is.
"""

from __future__ import annotations

import functools
import re

from grader.records import Message, msg

_LONGEST = 200

CLAIMS: tuple[Message, ...] = (
    # Why an array was not recognised.
    msg("a Python generator"),
    msg("a tf.data pipeline"),
    msg("a tf.data pipeline with {step}"),
    msg("a tf.data pipeline that takes a part of what it repeats"),
    msg("a tf.data pipeline that takes a part of what it shuffles"),
    msg("a tf.data pipeline that does not end, or leaves rows out by chance"),
    msg("a tf.data pipeline whose map has effects or draws by chance"),
    msg("a tf.data pipeline whose map makes rows of unknown or great size"),
    msg("a tf.data pipeline whose map mixes the rows of a batch"),
    msg("an ImageDataGenerator"),
    msg("a PyDataset"),
    msg("a torch DataLoader"),
    msg("the training ran before selfcheck was imported"),
    msg("several inputs"),
    msg("several inputs by name"),
    msg("no data"),
    msg("not a batch of rows"),
    msg("too many rows"),
    msg("numbers of type {kind}"),
    msg("some rows are not images of the data set"),
    msg("its rows have another size than the images of the data sets"),
    msg("load_data() of keras.datasets was not called in this session"),
    msg("its rows are not images of {names}, or were changed in a way we do not know"),
    msg("it is none of the workbook's data sets"),
    msg("its rows are not known"),
    # Why a file is not a notebook.
    msg("it has no list of cells"),
    msg("none of its cells can be read"),
    msg("nested too deeply"),
    msg("it holds more than {most} values"),
    # Why the batches of a pipeline cannot be made again.
    msg("its tf.data pipeline makes no batches"),
    msg("its tf.data pipeline shuffles whole batches"),
    msg("its tf.data pipeline shuffles the rows of several epochs together"),
    msg("its tf.data pipeline keeps the order that it shuffled first"),
    msg("its tf.data pipeline shuffles twice"),
    msg("its batches reach from one epoch into the next"),
    msg("its epochs are not one pass over its tf.data pipeline each"),
    # Why a model cannot be rebuilt.
    msg("subclassed"),
    msg("a subclassed model"),
    msg("a model class of its own"),
    msg("a class of its own that redefines {names}"),
    msg("a layer of its own: {name}"),
    msg("a Lambda layer"),
    msg("its configuration is too large"),
    msg("its configuration cannot be read ({error})"),
    msg("it uses {name}, which is not Keras's own"),
    # What the system says of a file.
    msg("Permission denied"),
    msg("No such file or directory"),
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
    # Who writes a run.
    msg("process {number} since {moment}"),
    # Why a training did not start from fresh weights.
    msg("they were changed before"),
    msg("weights were loaded into it"),
    msg("its weights were set"),
    msg("its optimizer had already run"),
    msg("it was loaded from a file"),
    msg("it was trained before"),
    msg("it was trained with train_on_batch"),
)


@functools.lru_cache(maxsize=4096)
def claim_of(text: str) -> Message | None:
    """Return the claim a text is, with the values of its places; None when it is none of ours.

    >>> claim_of("numbers of type object")
    Message(text='numbers of type {kind}', values={'kind': 'object'})
    """
    if len(text) > _LONGEST:
        return None
    for pattern, claim in _patterns():
        if match := pattern.fullmatch(text):
            return Message(claim.text, match.groupdict())
    return None


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], Message], ...]:
    return tuple((re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(claim.text))), claim) for claim in CLAIMS)
