"""What a criterion may look at: the answer, the other trainings of the submission, and our own measurements."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from grader.records import (
    Band,
    CompileFacts,
    EvaluateFacts,
    FailureFacts,
    FitFacts,
    LayerFacts,
    Message,
    Profile,
    Training,
    Words,
    msg,
)

if TYPE_CHECKING:
    from grader.criteria.base import Criterion


class Tier(enum.IntEnum):
    """How much a notebook has shown of a model, least first."""

    FAILED = 0
    """Broke while it was built or compiled."""
    UNTRAINED = 1
    """Built or compiled; no ``fit`` of it ran to its end."""
    UNRECOGNISED = 2
    """Trained on data we could not recognise, of a shape that fits the task."""
    TRAINED = 3
    """Trained on the task's data set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedFit:
    """A cell that was to train a model and stopped before Keras saw the call."""

    cell: int
    error: str
    """Exception class."""
    message: str
    advice: Words | None = None
    """What to do about this error, where we know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One training of one model, or a model that was never trained: what may answer a task."""

    order: int
    """Position in the submission, over all its notebooks."""
    notebook: str
    cell: int
    tier: Tier
    layers: tuple[LayerFacts, ...]
    """As they stood in the training's snapshot, without InputLayer; of a failed model, those that stood."""
    api: str = "sequential"
    input_shape: tuple[int | None, ...] | None = None
    """Batch axis first, as in ``ModelFacts``."""
    output_shape: tuple[int | None, ...] | None = None
    num_params: int | None = None
    compile: CompileFacts | None = None
    fit: FitFacts | None = None
    """A ``fit`` that was broken off is kept here too; ``tier`` tells."""
    epochs_before: int = 0
    """Of the fits whose weights this one went on from."""
    evaluations: tuple[EvaluateFacts, ...] = ()
    """Calls of ``evaluate`` after the fit, on this model or on a copy of it loaded from a file."""
    predicts: tuple[EvaluateFacts, ...] = ()
    failure: FailureFacts | None = None
    unseen: tuple[str, ...] = ()
    """What the model does besides its layers, as in ``ModelFacts``."""
    stopped_fit: StoppedFit | None = None
    """Why a model that was never given to ``fit`` was not."""
    own_loop: bool = False
    """Never given to ``fit``, in a notebook that changes weights in a loop of its own."""
    loaded: tuple[str, ...] = ()
    """Data sets that its notebook had loaded by then, the latest last; empty names where that could be any."""

    @property
    def is_trained(self) -> bool:
        """Whether a fit of one epoch or more ran to its end."""
        return self.tier >= Tier.UNRECOGNISED

    @property
    def where(self) -> Message:
        """Notebook and cell, for people."""
        return msg("{notebook}, cell {cell}", notebook=self.notebook, cell=self.cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What of a submission has to do with a task, and what of it may not have been seen."""

    candidate: Candidate | None = None
    """The answer."""
    others: tuple[Candidate, ...] = ()
    """Everything trained on the task's data set, in submission order: the answer, tries, runs of the example."""
    example_runs: tuple[Candidate, ...] = ()
    unsure: tuple[Candidate, ...] = ()
    """Trained on data that could not be recognised and may be the task's, or in a loop of the student's own."""
    rivals: tuple[Candidate, ...] = ()
    """May be the answer too: what could not be told of them could make them a better one, or as good and later. What
    one of them may show is not failed."""
    cut_short: Words | None = None
    """Why the submission was not seen to its end, or not whole: what is missing may only be unseen."""
    evaluations_lost: Words | None = None
    """Why calls of ``evaluate`` or ``predict`` may be missing."""
    missing: Words | None = None
    """Which library, file or device the notebook asks for that is not there where notebooks are graded."""
    stopped: frozenset[str] = frozenset()
    """What the cells would have shown that stopped for want of it: ``model``, ``fit``, ``look``."""
    unseen_loop: Words | None = None
    """Where something was trained in a loop of the student's own, and not seen what."""

    @property
    def seen(self) -> dict[str, Any]:
        """These fields by name, to make a :class:`Case` of a :class:`Match`."""
        return {field.name: getattr(self, field.name) for field in fields(Seen)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(Seen):
    """A task and what of a submission belongs to it."""

    runner_up: Candidate | None = None
    score: int = 0
    """Points of the matching criteria that the answer meets."""
    runner_up_score: int = 0
    best_score: int = 0
    ties: tuple[Candidate, ...] = ()
    """Trained as well as the answer for all that was asked, and earlier; the latest first."""

    def instead(self, most: int) -> Iterator[Match]:
        """Yield the match with one of its ties for the answer, at most so many times."""
        for one in self.ties[:most]:
            yield replace(self, candidate=one, runner_up=self.candidate, runner_up_score=self.score)

    @property
    def found_anything(self) -> bool:
        """Whether something in the submission belongs to the task."""
        return self.candidate is not None or bool(self.others or self.example_runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What we measured on the answer ourselves. Empty when there was nothing to train."""

    trainings: tuple[Training, ...] = ()
    """In the order in which they were bought; the first one decides unless it misses."""
    delegated: bool = False
    """The first training was done by us at ``fit`` time."""
    recipe: str = ""
    """Digest."""
    reason: Words | None = None
    """Why the answer could not be trained again."""
    in_kernel: float | None = None
    """Test accuracy of the student's own model, scored by us, when there is no recipe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Seen):
    """One task of one submission, as the criteria see it."""

    dataset: str
    """The task's."""
    profile: Profile
    signs: tuple[Criterion, ...] = ()
    """What tells a run of the worked example from an answer."""
    example_layers: tuple[LayerFacts, ...] = ()
    """Layers of the example's reference; empty when it has none on record."""
    measured: Measurement = field(default_factory=Measurement)
    bands: Mapping[str, Band] = field(default_factory=dict)
    """By reference, such as ``example3``, for the data and the profile in use."""

    @property
    def layers(self) -> tuple[LayerFacts, ...]:
        """The answer's layers: those of the model we rebuilt when there is one, else the notebook's claim."""
        rebuilt = next((t.layers for t in self.measured.trainings if t.layers), ())
        claimed = self.candidate.layers if self.candidate else ()
        return tuple(layer for layer in rebuilt or claimed if layer.kind != "InputLayer")

    @property
    def unseen(self) -> tuple[str, ...]:
        """What the answer does besides its layers: nothing where we rebuilt it of layers alone."""
        rebuilt = any(training.layers for training in self.measured.trainings)
        return self.candidate.unseen if self.candidate and not rebuilt else ()

    @property
    def num_params(self) -> int | None:
        """Parameters of the answer, from our own training when there is one."""
        rebuilt = next((t.num_params for t in self.measured.trainings if t.num_params is not None), None)
        return rebuilt if rebuilt is not None or self.candidate is None else self.candidate.num_params
