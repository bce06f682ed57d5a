"""Why something of a notebook cannot be told or made again: a closed list that the probe and the host share.

The probe writes a code into the trace, and after a colon what it is about: ``numbers-of-type: object``. The host has
the sentences for people (``grader.reasons``), and decides by codes, never by sentences.
"""

from __future__ import annotations

import enum


class Reason(enum.StrEnum):
    """A reason's code."""

    # Why an array was not recognised.
    GENERATOR = "generator"
    PIPELINE = "pipeline"
    PIPELINE_STEP = "pipeline-step"
    PART_OF_REPEATED = "part-of-repeated"
    PART_OF_SHUFFLED = "part-of-shuffled"
    NOT_WHOLE = "not-whole"
    IMPURE_MAP = "impure-map"
    LARGE_MAP = "large-map"
    MIXING_MAP = "mixing-map"
    IMAGE_DATA_GENERATOR = "image-data-generator"
    PY_DATASET = "py-dataset"
    DATA_LOADER = "data-loader"
    BEFORE_SELFCHECK = "before-selfcheck"
    SEVERAL_INPUTS = "several-inputs"
    NAMED_INPUTS = "named-inputs"
    NO_DATA = "no-data"
    OTHER_OBJECT = "other-object"
    NO_ROWS = "no-rows"
    TOO_MANY_ROWS = "too-many-rows"
    NUMBERS_OF_TYPE = "numbers-of-type"
    SOME_FOREIGN_ROWS = "some-foreign-rows"
    OTHER_SIZE = "other-size"
    NOT_LOADED = "not-loaded"
    OTHER_ROWS = "other-rows"
    # Why the batches of a pipeline cannot be made again.
    NO_BATCHES = "no-batches"
    SHUFFLES_BATCHES = "shuffles-batches"
    SHUFFLES_EPOCHS = "shuffles-epochs"
    ONE_ORDER = "one-order"
    SHUFFLES_TWICE = "shuffles-twice"
    ACROSS_EPOCHS = "across-epochs"
    OTHER_EPOCHS = "other-epochs"
    # Why a model cannot be rebuilt.
    SUBCLASSED = "subclassed"
    OWN_MODEL = "own-model"
    OWN_STEPS = "own-steps"
    OWN_LAYER = "own-layer"
    LAMBDA = "lambda"
    LARGE_CONFIG = "large-config"
    UNREADABLE_CONFIG = "unreadable-config"
    FOREIGN_OBJECT = "foreign-object"
    # Why a training did not start from fresh weights.
    WEIGHTS_CHANGED = "weights-changed"
    WEIGHTS_LOADED = "weights-loaded"
    WEIGHTS_SET = "weights-set"
    OPTIMIZER_HAS_RUN = "optimizer-has-run"
    FROM_FILE = "from-file"
    TRAINED_BEFORE = "trained-before"
    TRAINED_ON_BATCHES = "trained-on-batches"

    def about(self, what: object) -> str:
        """Return the code with what it is about.

        >>> Reason.NUMBERS_OF_TYPE.about("object")
        'numbers-of-type: object'
        """
        return f"{self}: {what}"
