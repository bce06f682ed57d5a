"""Verdicts, results, and the facts of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.records.closed import Ending, Evidence, Status, Verdict
from grader.records.notebook import CellOutcome, LayerFacts, LegacyFacts
from grader.records.people import Delivery, Person, label_of
from grader.records.training import Band, DataSet
from grader.records.words import Message, Text, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """The lecturer's word on one criterion of one student; it stands above what the grader found."""

    task: str
    criterion: str
    verdict: Verdict
    points: int
    """Awarded instead of all or nothing; 0 under ``review``."""
    because: str
    author: str
    at: str
    """ISO 8601, UTC."""
    stale: bool = False
    """Taken on other files than are handed in now."""


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
    override: Override | None = None
    """The lecturer's word, where there is one; ``verdict`` is then theirs."""

    @property
    def earned(self) -> int:
        """Points it brings: all when passed, none otherwise, unless the lecturer said how many."""
        if self.override is not None:
            return self.override.points
        return self.points if self.verdict is Verdict.PASSED else 0


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


_SHOWN = 1e-4
"""A limit is a band's lower limit, less a margin, rounded down to this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyFacts:
    """A task's accuracies, side by side. Shares between 0 and 1."""

    evidence: Evidence | None = None
    trainings: tuple[float, ...] = ()
    """Test accuracy of our trainings (or, in-kernel, of the student's model), first one first."""
    decisive: float | None = None
    """The one that decides: the first, or the median of three."""
    decided_by: int = 1
    """Trainings that ``decisive`` comes from: one, or the three whose median it is."""
    notebook: float | None = None
    """What ``evaluate`` on test data gave in our run of the notebook."""
    train: float | None = None
    """Accuracy on training data of our training: in the epoch whose weights were kept, as a rule the last."""
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
    claimed: float | None = None
    """What the outputs stored in the handed-in notebook say: a claim that nothing is decided by."""
    reference_history: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    """The reference's own trainings: lowest and highest value of each epoch, under the names of ``history``."""

    @property
    def is_above(self) -> bool:
        """Whether the accuracy is above the band of the network that is asked for; where a margin is, any may be."""
        if self.band is None or self.limit is None or self.decisive is None:
            return False
        has_margin = self.limit + _SHOWN < self.band.lower
        return self.decisive > self.band.upper and not has_margin

    @property
    def restored(self) -> bool:
        """Whether the weights of an earlier epoch than the last were kept, as ``restore_best_weights`` does."""
        epochs = self.history.get("accuracy", ())
        return self.train is not None and bool(epochs) and epochs[-1] != self.train


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
    """The data set the task is about: ``mnist``; empty where a task is about none."""


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
    """Hints and warnings, such as a file that was not handed in."""
    legacy: tuple[LegacyFacts, ...] = ()
    """Old spellings it was helped over, in order."""


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
    who: Person = field(default_factory=Person)
    delivery: Delivery = field(default_factory=Delivery)

    @property
    def label(self) -> str:
        """The student as people know them: the name where an LMS or a roster gives one, with the id."""
        return label_of(self.student, self.who)


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
    legacy: str = "run"
    """How old spellings were met: ``run``, ``note`` or ``fail``, as ``workbook.toml`` says."""
    warnings: tuple[Words, ...] = ()
