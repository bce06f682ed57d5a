"""The trainings of a run: what was trained for it once is not trained again to score it by another rubric."""

from __future__ import annotations

from pydantic import TypeAdapter

from grader.ledger.store import Store
from grader.records import Training

_TRAINING = TypeAdapter(Training)


class Trainings:
    """Trainings by key; the key holds everything they depend on."""

    def __init__(self, store: Store) -> None:
        """Keep them in the store."""
        self._store = store

    def find(self, key: str) -> Training | None:
        """Return the training recorded under a key."""
        if not self._store.exists:
            return None
        with self._store.reading() as database:
            row = database.execute("SELECT training FROM training WHERE key = ?", (key,)).fetchone()
        return None if row is None else _TRAINING.validate_json(row[0])

    def keep(self, key: str, training: Training) -> None:
        """Record a training."""
        text = _TRAINING.dump_json(training).decode()
        with self._store.writing() as database:
            database.execute("INSERT OR REPLACE INTO training VALUES (?, ?)", (key, text))
