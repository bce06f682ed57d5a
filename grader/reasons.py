"""The probe's reasons as sentences for people: the trace holds codes of :class:`grader.inside.reasons.Reason`."""

from __future__ import annotations

from collections.abc import Mapping

from grader.inside.reasons import Reason
from grader.records import PLACE, Message, msg

_LONGEST = 200

SENTENCES: Mapping[str, Message] = {
    # Why an array was not recognised.
    Reason.GENERATOR: msg("a Python generator"),
    Reason.PIPELINE: msg("a tf.data pipeline"),
    Reason.PIPELINE_STEP: msg("a tf.data pipeline with {step}"),
    Reason.PART_OF_REPEATED: msg("a tf.data pipeline that takes a part of what it repeats"),
    Reason.PART_OF_SHUFFLED: msg("a tf.data pipeline that takes a part of what it shuffles"),
    Reason.NOT_WHOLE: msg("a tf.data pipeline that does not end, or leaves rows out by chance"),
    Reason.IMPURE_MAP: msg("a tf.data pipeline whose map has effects or draws by chance"),
    Reason.LARGE_MAP: msg("a tf.data pipeline whose map makes rows of unknown or great size"),
    Reason.MIXING_MAP: msg("a tf.data pipeline whose map mixes the rows of a batch"),
    Reason.IMAGE_DATA_GENERATOR: msg("an ImageDataGenerator"),
    Reason.PY_DATASET: msg("a PyDataset"),
    Reason.DATA_LOADER: msg("a torch DataLoader"),
    Reason.BEFORE_SELFCHECK: msg("the training ran before selfcheck was imported"),
    Reason.SEVERAL_INPUTS: msg("several inputs"),
    Reason.NAMED_INPUTS: msg("several inputs by name"),
    Reason.NO_DATA: msg("no data"),
    Reason.OTHER_OBJECT: msg("an object of class {name}"),
    Reason.NO_ROWS: msg("not a batch of rows"),
    Reason.TOO_MANY_ROWS: msg("too many rows"),
    Reason.NUMBERS_OF_TYPE: msg("numbers of type {kind}"),
    Reason.SOME_FOREIGN_ROWS: msg("some rows are not images of the data set"),
    Reason.OTHER_SIZE: msg("its rows have another size than the images of the data sets"),
    Reason.NOT_LOADED: msg("load_data() of keras.datasets was not called in this session"),
    Reason.OTHER_ROWS: msg("its rows are not images of {names}, or were changed in a way we do not know"),
    # Why the batches of a pipeline cannot be made again.
    Reason.NO_BATCHES: msg("its tf.data pipeline makes no batches"),
    Reason.SHUFFLES_BATCHES: msg("its tf.data pipeline shuffles whole batches"),
    Reason.SHUFFLES_EPOCHS: msg("its tf.data pipeline shuffles the rows of several epochs together"),
    Reason.ONE_ORDER: msg("its tf.data pipeline keeps the order that it shuffled first"),
    Reason.SHUFFLES_TWICE: msg("its tf.data pipeline shuffles twice"),
    Reason.ACROSS_EPOCHS: msg("its batches reach from one epoch into the next"),
    Reason.OTHER_EPOCHS: msg("its epochs are not one pass over its tf.data pipeline each"),
    # Why a model cannot be rebuilt.
    Reason.SUBCLASSED: msg("a subclassed model"),
    Reason.OWN_MODEL: msg("a model class of its own"),
    Reason.OWN_STEPS: msg("a class of its own that redefines {names}"),
    Reason.OWN_LAYER: msg("a layer of its own: {name}"),
    Reason.LAMBDA: msg("a Lambda layer"),
    Reason.LARGE_CONFIG: msg("its configuration is too large"),
    Reason.UNREADABLE_CONFIG: msg("its configuration cannot be read ({error})"),
    Reason.FOREIGN_OBJECT: msg("it uses {name}, which is not Keras's own"),
    # Why a training did not start from fresh weights.
    Reason.WEIGHTS_CHANGED: msg("they were changed before"),
    Reason.WEIGHTS_LOADED: msg("weights were loaded into it"),
    Reason.WEIGHTS_SET: msg("its weights were set"),
    Reason.OPTIMIZER_HAS_RUN: msg("its optimizer had already run"),
    Reason.FROM_FILE: msg("it was loaded from a file"),
    Reason.TRAINED_BEFORE: msg("it was trained before"),
    Reason.TRAINED_ON_BATCHES: msg("it was trained with train_on_batch"),
}


def sentence_of(reason: str) -> Message | str:
    """Return a reason of the trace as a sentence; what is none of ours stays as a notebook wrote it.

    >>> sentence_of("numbers-of-type: object")
    Message(text='numbers of type {kind}', values={'kind': 'object'})
    >>> sentence_of("because I say so")
    'because I say so'
    """
    code, _, about = reason.partition(": ")
    sentence = SENTENCES.get(code)
    if sentence is None or len(reason) > _LONGEST:
        return reason
    return Message(sentence.text, dict.fromkeys(PLACE.findall(sentence.text), about))
