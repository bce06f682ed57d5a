"""Data, recipes, trainings, bands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.records.closed import TrainingOutcome
from grader.records.notebook import LayerFacts
from grader.records.words import Message


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
class Platform:
    """What a training is made on; trainings of one platform say nothing about those of another."""

    device: str = "cpu"
    """Device class: ``cpu`` or ``gpu``."""
    backend: str = "tensorflow"
    """What Keras computes with: ``tensorflow``, ``jax`` or ``torch``."""
    keras: str = ""
    """Version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingLimits:
    """What one training may cost; a recipe beyond is refused, with the reason. ``workbook.toml`` sets them."""

    parameters: int = 20_000_000
    steps: int = 400_000
    seconds: int = 7_200
    memory_mb: int = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One training, written canonically (``grader/recipe/``): no names, no seeds, defaults filled in."""

    layers: tuple[Mapping[str, Any], ...]
    """A graph in topological order: ``{"kind": "Conv2D", "config": {...}, "inputs": [0]}``; node 0 is the input."""
    optimizer: Mapping[str, Any]
    loss: Mapping[str, Any]
    data: Mapping[str, Any]
    fit: Mapping[str, Any]
    digest: str
    """SHA-256 of the canonical JSON of the fields above and the digest of the recipe before, hexadecimal."""
    before: Recipe | None = None
    """The training of the same network that this one goes on from; None for fresh weights. ``fit`` then says with
    ``new_optimizer`` whether the optimizer begins anew."""

    @property
    def chain(self) -> tuple[Recipe, ...]:
        """All trainings one after the other, from fresh weights to this one."""
        found: list[Recipe] = [self]
        while (earlier := found[-1].before) is not None:
            found.append(earlier)
        return tuple(reversed(found))


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
    outcome: TrainingOutcome
    reason: Message | None = None
    """Why, when not trained."""
    test_accuracy: float | None = None
    test_loss: float | None = None
    train_accuracy: float | None = None
    """Accuracy on the training rows as Keras reports it while training: in the last epoch, or in the best one where its
    weights were restored, as ``test_accuracy`` is of these."""
    history: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    num_test: int = 0
    num_params: int | None = None
    layers: tuple[LayerFacts, ...] = ()
    """The rebuilt model's layers: facts, where the trace only claims."""
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cached: bool = False
    """Found in the cache instead of trained in this run."""

    @property
    def is_finished(self) -> bool:
        """Whether it is worth keeping: other outcomes may come of bounds, or of this machine."""
        return self.outcome in {TrainingOutcome.TRAINED, TrainingOutcome.DIVERGED}

    @property
    def platform(self) -> Platform:
        """What it was made on."""
        return Platform(
            device=self.device,
            backend=self.versions.get("backend", "tensorflow"),
            keras=self.versions.get("keras", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The interval one training's accuracy should fall in (``grader/reference/band.py`` has the formula)."""

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
    """Over this a training is above the band: a signal, or a limit where a criterion has both sides."""
    alpha: float
    """Chance that one honest training is under ``lower``."""
