"""The frozen values that pass between stages and come across the wall.

Standard library only: every stage, the reports and the tests share these words. The wire format of the probe's
trace is these field names as JSON, one event a line (see ``grader/trace.py``).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# -- words for people ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people, not yet in any language: an English template and its values."""

    text: str
    """English, with ``{name}`` places; also the key of the translation."""
    values: Mapping[str, str | int | float] = field(default_factory=dict)
    """What goes into the places; strings from students are escaped by the renderer, not here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A sentence a lecturer wrote, in both languages."""

    ru: str
    en: str


Words = Message | Text


def msg(text: str, **values: str | float) -> Message:
    """Make a :class:`Message`; the translation catalogue is extracted from calls of this name."""
    return Message(text, values)


# -- closed lists -------------------------------------------------------------------------------------------------


class Verdict(enum.StrEnum):
    """What became of one criterion."""

    PASSED = "passed"
    FAILED = "failed"
    REVIEW = "review"
    """We could not tell. Never costs points, always says why."""


class Status(enum.StrEnum):
    """How a submission ended: exactly one of these."""

    GRADED = "graded"
    REVIEW = "review"
    """Ran as it should, and something in it waits for a person."""
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    OUTPUT_LIMIT = "output_limit"
    KERNEL_DIED = "kernel_died"
    UNREADABLE = "unreadable"
    """The file is not a notebook we can read."""
    EMPTY = "empty"
    """A notebook without code."""
    OTHER_WORKBOOK = "other_workbook"
    """Code ran, but nothing in it belongs to this workbook."""
    SANDBOX_FAILED = "sandbox_failed"
    """The machine is at fault, never the student."""
    INTERNAL_ERROR = "internal_error"
    """We are at fault, never the student."""


class Ending(enum.StrEnum):
    """How the run of one notebook ended. Failing cells alone still make it ``completed``."""

    COMPLETED = "completed"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    OUTPUT_LIMIT = "output_limit"
    KERNEL_DIED = "kernel_died"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    SANDBOX_FAILED = "sandbox_failed"
    INTERNAL_ERROR = "internal_error"


class CellStatus(enum.StrEnum):
    """What became of one code cell."""

    OK = "ok"
    ERROR = "error"
    TIMED_OUT = "timed_out"
    NOT_RUN = "not_run"
    """The kernel was gone before its turn."""


class Evidence(enum.StrEnum):
    """Where an accuracy comes from, strongest first."""

    DELEGATED = "delegated"
    """Trained by us at ``fit`` time."""
    RETRAINED = "retrained"
    """Trained by us afterwards from the captured recipe."""
    IN_KERNEL = "in_kernel"
    """The student's own model, scored by us on test inputs; the notebook had the labels."""


# -- running a notebook -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one notebook may use. Defaults suit TensorFlow on a laptop; ``workbook.toml`` overrides them."""

    cell_seconds: int = 1200
    notebook_seconds: int = 3600
    memory_mb: int = 4096
    """Private memory of the kernel's process tree; over it a cell sees a MemoryError, well over it the kernel ends."""
    scratch_mb: int = 512
    """Each of the sandbox's writable folders: work folder, home, temporary files."""
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
    """Without InputLayer; nested models flattened."""
    name: str = ""
    config: Mapping[str, Any] | None = None
    """Raw ``model.get_config()``, or None with the reason in ``unportable``."""
    unportable: str = ""
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
    """An array handed to ``fit``, ``evaluate`` or ``predict``, recognised as DESIGN describes.

    ``x = scale * u + shift`` with ``u`` the data set's own numbers (uint8 for images).
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
    why: str = ""
    """When not recognised: the reason in English, such as ``a tf.data pipeline``."""


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
    """As trained: Keras's default 32 filled in; None for pipelines that batch themselves."""
    initial_epoch: int = 0
    validation_split: float = 0.0
    validation_x: ArrayFacts | None = None
    validation_y: LabelFacts | None = None
    shuffle: bool = True
    class_weight: Mapping[str, float] | None = None
    sample_weight: bool = False
    steps_per_epoch: int | None = None
    """As the student wrote it, not as the quick profile cut it."""
    callbacks: tuple[CallbackFacts, ...] = ()
    fresh: bool = True
    """The weights were as initialised: no fit before, nothing loaded or set."""
    not_fresh_because: str = ""
    history: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    """Per epoch, as ``History.history``; None where a value was not finite."""
    completed: bool = True
    error: str = ""
    """``ExceptionClass: message``, shortened, when not completed."""
    cut_steps: int | None = None
    """Steps per epoch the quick profile allowed; None when nothing was cut."""
    seconds: float = 0.0
    cell: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateFacts:
    """One call of ``evaluate`` (event ``evaluate``) or ``predict`` (event ``predict``, no labels, no results)."""

    model: int
    x: ArrayFacts
    y: LabelFacts | None = None
    after_fit: int | None = None
    """The model's latest fit before the call; None when it was never trained."""
    results: Mapping[str, float] = field(default_factory=dict)
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
    """Something else worth knowing (event ``note``), such as ``colab-drive`` or ``legacy-call``."""

    what: str
    detail: str = ""
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
    rejected: int = 0
    """Lines that were not valid events, dropped."""


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
    peak_memory_mb: int = 0
    seal: str = "bubblewrap"
    """``bubblewrap`` or ``none``."""


# -- training -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """Arrays on disk, one folder: ``{x,y}_{train,test}.npy``, ``{train,test}_hash.npy``, ``dataset.json``."""

    name: str
    edition: str
    """``full`` or ``sample``."""
    fingerprint: str
    """Digest of the four arrays."""
    folder: str
    num_train: int
    num_test: int
    source: str = ""
    """Where it came from, for the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How much training is bought."""

    name: str
    """``quick`` or ``full``."""
    steps: int | None = None
    """Most steps per fit, spread over its epochs; None for as many as the notebook says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One training, written canonically (``grader/recipe.py``): no names, no seeds, defaults filled in."""

    layers: tuple[Mapping[str, Any], ...]
    """A graph in topological order: ``{"kind": "Conv2D", "config": {...}, "inputs": [0]}``; node 0 is the input."""
    optimizer: Mapping[str, Any]
    loss: Mapping[str, Any]
    data: Mapping[str, Any]
    fit: Mapping[str, Any]
    digest: str
    """SHA-256 of the canonical JSON of the fields above, hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What came of training a recipe once."""

    recipe: str
    """Digest."""
    seed: int
    dataset: str
    fingerprint: str
    profile: str
    device: str
    """Device class: ``cpu`` or ``gpu``."""
    outcome: str
    """``trained``, ``diverged`` (loss not finite), ``refused`` (outside the bounds) or ``failed``."""
    reason: Message | None = None
    """Why, when not trained."""
    test_accuracy: float | None = None
    test_loss: float | None = None
    train_accuracy: float | None = None
    """Accuracy on the training rows in the last epoch, as Keras reports it while training."""
    history: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    num_test: int = 0
    num_params: int | None = None
    layers: tuple[LayerFacts, ...] = ()
    """The rebuilt model's layers: facts, where the trace only claims."""
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cached: bool = False
    """Found in the cache instead of trained in this run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The interval one training's accuracy should fall in (``grader/reference.py`` has the formula)."""

    reference: str
    """Such as ``example3``."""
    mean: float
    spread: float
    """Standard deviation of the reference trainings, at least one test item."""
    count: int
    lower: float
    """Limit for one training."""
    clearly_below: float
    """Under this the median of three is a failure; between here and ``lower`` it waits for a person."""
    upper: float
    """A signal only: better than the reference ever was."""
    alpha: float
    versions: Mapping[str, str] = field(default_factory=dict)


# -- judging ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One criterion's verdict, as the student and the lecturer read it."""

    id: str
    kind: str
    verdict: Verdict
    points: int
    """What it is worth; earned when passed."""
    title: Words
    expected: Words
    found: Words
    where: Words | None = None
    """Notebook and cell."""
    advice: Words | None = None
    """What to do, in a sentence; None when passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The trained model that was matched to a task."""

    notebook: str
    cell: int
    api: str
    layers: tuple[LayerFacts, ...]
    verified: bool
    """The layers are those of the model we rebuilt, not only the probe's claim."""
    num_params: int | None
    optimizer: str
    loss: str
    batch_size: int | None
    epochs: int
    score: int
    """Points of the structural criteria it meets."""
    best_score: int
    runner_up: Words | None = None
    recipe: str = ""
    """Digest; empty when it could not be rebuilt."""
    not_rebuilt_because: Words | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyFacts:
    """A task's accuracies, side by side. Shares between 0 and 1."""

    evidence: Evidence | None = None
    trainings: tuple[float, ...] = ()
    """Test accuracy of our trainings (or, in-kernel, of the student's model), first one first."""
    decisive: float | None = None
    """The one that decides: the first, or the median of three."""
    notebook: float | None = None
    """What ``evaluate`` on test data gave in our run of the notebook."""
    train: float | None = None
    """Accuracy on training data in the last epoch of our training."""
    limit: float | None = None
    """What the criterion asked for."""
    band: Band | None = None
    """The band of the task's own reference or of the example."""
    example_band: Band | None = None
    example_trained: float | None = None
    """The student's own run of the example, trained again by us."""
    workbook_example: float | None = None
    """The figure printed in the workbook for the example."""
    history: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """One task of one submission."""

    task: str
    title: Text
    findings: tuple[Finding, ...]
    earned: int
    in_review: int
    max: int
    answer: Answer | None = None
    accuracy: AccuracyFacts = field(default_factory=AccuracyFacts)
    expected_layers: tuple[str, ...] = ()
    """What the task asks for, one line a layer, where it fixes them: ``Dense 128 tanh``."""
    dataset: str = ""
    """The data set the task is about: ``mnist``; empty when not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookSummary:
    """One notebook of a submission, for the reports."""

    name: str
    ending: Ending
    reason: Message | None
    cells: tuple[CellOutcome, ...]
    seconds: float
    seal: str
    notes: tuple[Words, ...] = ()
    """Hints and warnings, such as a file that was not handed in or an old Keras spelling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionResult:
    """Everything recorded about one student's submission."""

    student: str
    status: Status
    tasks: tuple[TaskResult, ...]
    notebooks: tuple[NotebookSummary, ...]
    reason: Message | None = None
    digest: str = ""
    """Digest of the files handed in, and of what they were graded with."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """One call of ``grader grade``."""

    workbook: Text
    tasks: tuple[str, ...]
    profile: str
    datasets: tuple[DataSet, ...]
    seal: str
    language: str
    versions: Mapping[str, str]
    started: str
    """ISO 8601, UTC."""
    seconds: float = 0.0
    trainings_run: int = 0
    trainings_shared: int = 0
    """Trainings that were answered from the cache."""
    warnings: tuple[Words, ...] = ()
