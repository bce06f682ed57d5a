"""What whoever turns recipes into trainings can do: a pool of processes, a cluster, a record that is asked first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from grader.records import DataSet, Profile, Recipe, Training


@dataclass(frozen=True, kw_only=True, slots=True)
class EpochDone:
    """A training under way has come so far."""

    seed: int
    epoch: int
    """Epochs that are done, those of trainings it goes on from counted in."""
    epochs: int
    """All of them; early stopping may need fewer."""


class Trainer(Protocol):
    """Turns recipes into trainings; may be called from many threads at once."""

    def train(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> Training:
        """Return what comes of training a recipe from fresh weights.

        Args:
            recipe: What to train.
            dataset: Its data set.
            profile: How much of it.
            seed: Of the weights and of the order of the rows.
        """
        ...

    def train_with_state(self, recipe: Recipe, dataset: DataSet, profile: Profile, seed: int) -> tuple[Training, bytes]:
        """Return the same with the state it left in the model, as a NumPy archive; empty if that cannot be had."""
        ...
