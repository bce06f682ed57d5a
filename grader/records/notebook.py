"""What came of running a notebook: the trace and what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.records.closed import CellStatus, Ending
from grader.records.words import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one notebook may use. Defaults suit TensorFlow on a laptop; ``workbook.toml`` overrides them."""

    cell_seconds: int = 7200
    notebook_seconds: int = 14_400
    """Both without the time that a notebook waits for a training of ours."""
    memory_mb: int = 6144
    """Private memory of the kernel's process tree; over it a cell sees a MemoryError, well over it the kernel ends."""
    scratch_mb: int = 512
    """Each of the sandbox's writable folders: work folder, home, temporary files."""
    scratch_files: int = 50_000
    """Files, folders and links in all of them together; each takes memory that no size shows."""
    cpu_seconds: int = 144_000
    """Processor time, all processes and processors added up: ten processors for all of a notebook's time."""
    processes: int = 256
    cell_output_mb: int = 16
    notebook_output_mb: int = 64
    cell_messages: int = 20_000
    trace_mb: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOutcome:
    """One code cell of a notebook that was run."""

    index: int
    """Position among all cells of the notebook, from 0."""
    number: int
    """Position among the non-empty code cells, from 1: what a reader sees as ``In [number]`` after a clean run."""
    status: CellStatus
    seconds: float = 0.0
    error: str = ""
    """Exception class, such as ``NameError``; empty unless status is error or timed_out."""
    message: str = ""
    """The exception's text, shortened, without colour codes."""
    traceback: str = ""
    """Last lines of the traceback, shortened, without colour codes."""
    source: str = ""
    """The cell's code, shortened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFacts:
    """One layer of a model, in the order in which Keras lists them."""

    kind: str
    """Keras class name, such as ``Conv2D``; a student's own class has its own name and ``custom`` set."""
    name: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Plain settings only: numbers, strings, booleans, lists (units, filters, padding, activation, ...)."""
    output_shape: tuple[int | None, ...] | None = None
    """Batch axis first and ``None`` where open: ``(None, 28, 28, 32)``; None before the layer is built."""
    num_params: int | None = None
    custom: bool = False
    """True for a class that is not Keras's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A snapshot of a model (event ``model``): written at compile, and again at fit when it has changed."""

    snapshot: int
    """Number of this snapshot, from 0; fits refer to it."""
    model: int
    """Number of the model object, from 0."""
    api: str
    """``sequential``, ``functional`` or ``subclassed``."""
    layers: tuple[LayerFacts, ...]
    """Without InputLayer; nested models flattened. One without weights stands here once for each of its calls, and
    an operation that is one of Keras's activations as the layer ``Activation``."""
    name: str = ""
    config: Mapping[str, Any] | None = None
    """Raw ``model.get_config()``, or None with the reason in ``unportable``."""
    unportable: str = ""
    unseen: tuple[str, ...] = ()
    """What it does besides these layers: operations between them, by class, or the whole ``call`` of a subclass."""
    input_shape: tuple[int | None, ...] | None = None
    output_shape: tuple[int | None, ...] | None = None
    num_params: int | None = None
    cell: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileFacts:
    """What ``compile`` was given (event ``compile``, and repeated inside every fit)."""

    model: int
    optimizer: str
    """Keras class name, such as ``RMSprop``."""
    optimizer_config: Mapping[str, Any] = field(default_factory=dict)
    """Plain settings; a learning-rate schedule is ``{"class_name": ..., "config": {...}}``."""
    optimizer_custom: bool = False
    loss: str = ""
    """Keras's snake-case name (``binary_crossentropy``), or the class or function of a custom one; empty if none."""
    loss_config: Mapping[str, Any] = field(default_factory=dict)
    """Settings of a loss object that differ from Keras's defaults: ``{"from_logits": True}``."""
    loss_custom: bool = False
    metrics: tuple[str, ...] = ()
    cell: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFacts:
    """Which rows of a data set's split, in order."""

    count: int
    ranges: tuple[tuple[int, int], ...] | None = None
    """Half-open runs ``[start, stop)`` when at most 1,000 of them describe the rows."""
    packed: str = ""
    """Otherwise base64 of zlib of the row numbers as little-endian uint32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayFacts:
    """An array handed to ``fit``, ``evaluate`` or ``predict``, recognised by its content.

    ``x = scale * T(u) + shift`` with ``u`` the data set's own numbers (uint8 for images) and ``T`` the ``transform``.
    """

    shape: tuple[int, ...]
    dtype: str
    dataset: str = ""
    """``mnist``, ``cifar10``, ``binary20``; empty when not recognised."""
    split: str = ""
    """``train``, ``test`` or ``mixed``; empty when not recognised. ``binary20`` data is always ``train``."""
    rows: RowFacts | None = None
    """Rows of that split; None for ``mixed`` and for arrays that were not recognised."""
    train_rows: int = 0
    test_rows: int = 0
    unknown_rows: int = 0
    """How many rows of the array were found in train, in test, in neither."""
    scale: float | tuple[float, ...] = 1.0
    """One number, or one per channel (last axis of the data set's images)."""
    shift: float | tuple[float, ...] = 0.0
    transform: str = ""
    """One of ``grader.inside.transforms``; empty for none."""
    why: str = ""
    """When not recognised: why, see :mod:`grader.inside.reasons`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFacts:
    """Labels handed to ``fit`` or ``evaluate``."""

    shape: tuple[int, ...]
    dtype: str
    encoding: str
    """``integer`` (n,), ``column`` (n, 1), ``onehot`` (n, classes) or ``other``."""
    num_classes: int | None = None
    agree: float | None = None
    """Share of labels that are the recognised rows' true labels; None when the rows were not recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFacts:
    """A callback handed to ``fit``."""

    kind: str
    config: Mapping[str, Any] = field(default_factory=dict)
    """Plain constructor-like attributes of Keras's own callbacks."""
    custom: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FitFacts:
    """One call of ``fit`` (event ``fit``, written when it ends, also when it ends in an exception)."""

    fit: int
    """Number of the call, from 0, over all models of the notebook."""
    model: int
    snapshot: int
    x: ArrayFacts
    epochs: int
    y: LabelFacts | None = None
    compile: CompileFacts | None = None
    batch_size: int | None = None
    """As trained: Keras's default 32 filled in; None for pipelines that could not be read."""
    initial_epoch: int = 0
    validation_split: float = 0.0
    validation_x: ArrayFacts | None = None
    validation_y: LabelFacts | None = None
    shuffle: bool = True
    shuffle_buffer: int | None = None
    """Of how many rows a pipeline chooses the next one; None where it is of all of them."""
    drop_remainder: bool = False
    """Whether a pipeline leaves out the last batch where it is not full."""
    unrepeatable: str = ""
    """Why a pipeline of known rows cannot be made again elsewhere, see :mod:`grader.inside.reasons`."""
    class_weight: Mapping[str, float] | None = None
    sample_weight: bool = False
    steps_per_epoch: int | None = None
    """As the student wrote it, not as the quick profile cut it."""
    callbacks: tuple[CallbackFacts, ...] = ()
    fresh: bool = True
    """The weights were as initialised: no fit before, nothing loaded or set."""
    not_fresh_because: str = ""
    """See :mod:`grader.inside.reasons`, as ``ModelFacts.unportable``."""
    follows: int | None = None
    """The fit whose weights this one goes on from, to the bit; None where there is none, or they were changed since."""
    recompiled: bool = False
    """The optimizer begins anew: the model was compiled again after the fit it follows."""
    history: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    """Per epoch, as ``History.history``; None where a value was not finite."""
    completed: bool = True
    error: str = ""
    """``ExceptionClass: message``, shortened, when not completed."""
    delegated: bool = False
    """Trained by us while the notebook waited, and not in its kernel."""
    in_kernel_because: str = ""
    """Why it was trained in the kernel where others are delegated; English, as the probe or our answer said it."""
    seconds: float = 0.0
    cell: int = 0

    @property
    def asked_epochs(self) -> int:
        """Epochs that the call was to train: Keras counts from ``initial_epoch`` up to ``epochs``."""
        return self.epochs - self.initial_epoch

    @property
    def set_aside(self) -> float:
        """Share of the rows that Keras set aside for validation: data given for that win over a split."""
        return self.validation_split if self.validation_x is None else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateFacts:
    """One call of ``evaluate`` (event ``evaluate``) or ``predict`` (event ``predict``, no labels, no results)."""

    model: int
    x: ArrayFacts
    y: LabelFacts | None = None
    after_fit: int | None = None
    """The model's latest fit before the call; None when it was never trained."""
    results: Mapping[str, float | None] = field(default_factory=dict)
    """By metric; None where a value was not finite."""
    cell: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureFacts:
    """A model that failed while being built, compiled or used (event ``failure``)."""

    stage: str
    """``build``, ``compile``, ``fit``, ``evaluate`` or ``predict``."""
    error: str
    """Exception class."""
    message: str
    layers: tuple[LayerFacts, ...] = ()
    """The layers that stood when it failed, the failing one last."""
    input_shape: tuple[int | None, ...] | None = None
    """What the model takes, batch axis first, where that was known by then."""
    model: int | None = None
    cell: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionFacts:
    """Classes the student's own model gives the test inputs (event ``predictions``): in-kernel evidence."""

    model: int
    after_fit: int
    dataset: str
    classes: str
    """base64 of one uint8 per row of the whole test split, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFacts:
    """Something else worth knowing (event ``note``), such as ``colab-drive``."""

    what: str
    detail: str = ""
    cell: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyFacts:
    """An old spelling that ran only because a shim understood it (event ``legacy``)."""

    old: str
    """As in the notebook, such as ``lr=``."""
    write: str = ""
    """Today's spelling; empty when nothing takes its place."""
    stops: bool = True
    """A notebook stops there with today's libraries."""
    cell: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything the probe saw in one kernel. A claim, not a fact.

    ``cell`` numbers in the facts are execution counts, equal to ``CellOutcome.number``.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    """``python``, ``keras``, ``tensorflow``, ``backend``; empty when Keras was never imported."""
    models: tuple[ModelFacts, ...] = ()
    compiles: tuple[CompileFacts, ...] = ()
    fits: tuple[FitFacts, ...] = ()
    evaluations: tuple[EvaluateFacts, ...] = ()
    predicts: tuple[EvaluateFacts, ...] = ()
    failures: tuple[FailureFacts, ...] = ()
    predictions: tuple[PredictionFacts, ...] = ()
    notes: tuple[NoteFacts, ...] = ()
    legacy: tuple[LegacyFacts, ...] = ()
    rejected: int = 0
    """Lines that were not valid events, dropped."""
    lost: tuple[str, ...] = ()
    """Which events those were, each once; an empty name where that could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What came of running one notebook."""

    notebook: str
    """File name as handed in."""
    ending: Ending
    reason: Message | None = None
    """Why, when it did not complete."""
    cells: tuple[CellOutcome, ...] = ()
    trace: Trace = field(default_factory=Trace)
    seconds: float = 0.0
    seal: str = "bubblewrap"
    """``bubblewrap`` or ``none``."""
    delegated: tuple[str, ...] = ()
    """Digests of the recipes whose trainings we handed to the kernel while it ran. A fact, not a claim."""
