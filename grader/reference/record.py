"""Trainings on record: one JSON file for each recipe and set of conditions, one training a line."""

from __future__ import annotations

import fcntl
import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from grader.criteria.accuracy import accuracies_of
from grader.errors import WorkbookError
from grader.records import (
    DataSet,
    LayerFacts,
    Message,
    Platform,
    Profile,
    Recipe,
    Training,
    TrainingOutcome,
    joined,
    msg,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceRecord:
    """All trainings of one recipe under one set of conditions."""

    reference: str
    """Such as ``example3``; a notebook of this name is in ``reference/`` or ``reference/solutions/``."""
    edition: str
    source: str
    """Where the data came from, in words."""
    recipe: Recipe
    trainings: tuple[Training, ...]
    steps: int | None = None
    """Most steps per fit, of the profile it was made under; None for as many as the notebook says."""
    spoiled: str = ""
    """What was done to the recipe so that it must not pass (``grader/calibrate/spoil.py``); empty for an honest one."""
    schema: Literal[1] = 1
    """Version of the format."""

    @property
    def usable(self) -> tuple[float, ...]:
        """Test accuracies of the trainings that converged; diverged ones are set aside and counted separately."""
        return accuracies_of(self.trainings)

    @property
    def diverged(self) -> int:
        """How many trainings did not converge."""
        return sum(training.outcome == TrainingOutcome.DIVERGED for training in self.trainings)

    @property
    def layers(self) -> tuple[LayerFacts, ...]:
        """Layers of the trained model."""
        return next((t.layers for t in self.trainings if t.layers), ())

    @property
    def conditions(self) -> tuple[str, str, str]:
        """Edition of the data, profile, device class and backend: trainings under others are never compared."""
        first = self.trainings[0]
        return self.edition, first.profile, place_of(first.platform)

    @property
    def profile(self) -> Profile:
        """How much training was bought."""
        return Profile(name=self.trainings[0].profile, steps=self.steps)

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the data."""
        return self.trainings[0].fingerprint

    @property
    def num_test(self) -> int:
        """Test items an accuracy is a share of."""
        return max(training.num_test for training in self.trainings)

    @property
    def seeds(self) -> frozenset[int]:
        """Seeds on record."""
        return frozenset(training.seed for training in self.trainings)


_RECORD = TypeAdapter(ReferenceRecord)


def load_record(path: Path) -> ReferenceRecord:
    """Read one record.

    Raises:
        WorkbookError: The file is not a record.
    """
    try:
        record = _RECORD.validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _not_a_record(path, f"{where}: {first['msg']}") from error
    if flaw := _flaw(record):
        raise _not_a_record(path, flaw)
    return record


def _flaw(record: ReferenceRecord) -> Message | None:
    """Say why a record that was edited or merged by hand gives no band."""
    if not record.trainings:
        return msg("it holds no trainings")
    if len(record.seeds) < len(record.trainings):
        return msg("it holds a seed twice")
    if {one.recipe for one in record.trainings} != {record.recipe.digest}:
        return msg("it holds trainings of another recipe")
    if len({_conditions(one) for one in record.trainings}) > 1:
        return msg("it holds trainings on different data, of different profiles, or by different devices or Keras")
    for one in record.trainings:
        if one.outcome == TrainingOutcome.TRAINED and not 0 <= _number(one.test_accuracy) <= 1:
            return msg("the test accuracy of seed {seed} is no share from 0 to 1", seed=one.seed)
        if one.outcome == TrainingOutcome.TRAINED and one.num_test < 1:
            return msg("num_test of seed {seed} is {found}", seed=one.seed, found=one.num_test)
    return None


def _conditions(training: Training) -> tuple[str, ...]:
    return training.dataset, training.fingerprint, training.profile, *class_of(training.platform)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _not_a_record(path: Path, why: str | Message) -> WorkbookError:
    text = msg(
        "{file}: not a record of trainings: {why}; delete the file and record it again with `grader reference run`",
        file=str(path),
        why=why,
    )
    return WorkbookError(text)


def load_records(folder: Path) -> tuple[ReferenceRecord, ...]:
    """Read every record that lies directly in a folder; none when there is no such folder.

    Raises:
        WorkbookError: One cannot be read.
    """
    return tuple(load_record(path) for path in sorted(folder.glob("*.json")))


def record_path(folder: Path, name: str, dataset: DataSet, profile: Profile, platform: Platform) -> Path:
    """Return where the record for these conditions belongs, below a folder of records."""
    return folder / f"{name}-{dataset.edition}-{profile.name}-{place_of(platform)}.json"


def place_of(platform: Platform) -> str:
    """Return device class and backend as one word; TensorFlow is taken for granted.

    >>> place_of(Platform(device="cpu")), place_of(Platform(device="gpu", backend="jax"))
    ('cpu', 'gpu-jax')
    """
    return platform.device if platform.backend == "tensorflow" else f"{platform.device}-{platform.backend}"


def class_of(platform: Platform) -> tuple[str, str]:
    """Return what trainings must share to make one band: device class and backend, and Keras's major version."""
    return place_of(platform), major(platform.keras)


def write_record(path: Path, record: ReferenceRecord) -> None:
    """Write a record, readable and atomically: a reader, or a crash at any moment, finds the old one or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_readable(asdict(record)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(0o644)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def unlike(record: ReferenceRecord, *, digest: str, fingerprint: str, steps: int | None, keras: str) -> Message | None:
    """Say why trainings under these conditions make no band with those on record; None where they do.

    Args:
        record: What is on record.
        digest: Of the recipe.
        fingerprint: Of the data.
        steps: Most steps per fit.
        keras: Version.
    """
    version = record.trainings[0].platform.keras
    if record.recipe.digest != digest:
        return msg(
            "the notebook's recipe has changed since it was recorded: {now} now, {then} then",
            now=digest[:12],
            then=record.recipe.digest[:12],
        )
    if record.fingerprint != fingerprint:
        return msg(
            "the data is other data than it was recorded for: {here} here, {then} then ({source})",
            here=fingerprint[:12],
            then=record.fingerprint[:12],
            source=record.source,
        )
    if record.steps != steps:
        return msg(
            "the profile has other steps than when it was recorded: {now} now, {then} then",
            now=str(steps),
            then=str(record.steps),
        )
    if major(version) != major(keras):
        return msg("it was recorded with Keras {then}, and this is {here}", then=version, here=keras)
    return None


def major(version: str) -> str:
    """Return the first number of a version.

    >>> major("3.15.1")
    '3'
    """
    return version.partition(".")[0]


def refused(reasons: Sequence[Message]) -> WorkbookError:
    """Return the error of trainings that must not be added to the records named in the reasons."""
    rule = msg("Trainings of different kinds make no band. Begin these anew with --restart, or restore what changed")
    return WorkbookError(joined([*reasons, rule]))


def add_training(path: Path, record: ReferenceRecord, *, anew: bool = False) -> ReferenceRecord:
    """Add the trainings of ``record`` to those on disk, and return what is there now.

    What another process has recorded meanwhile stays, and so do the words for the data, whatever its file is called
    here; a seed that is there already is not written again. Layers are kept once a file. What killed processes left
    behind is cleared.

    Args:
        path: Where the record is, or will be.
        record: The new trainings, with what they were made of.
        anew: What is on disk and was made of something else is replaced, not refused.

    Raises:
        WorkbookError: What is on disk was made of something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path.parent):
        for left in path.parent.glob(f".{path.stem}-*.part"):
            left.unlink()
        empty = replace(record, trainings=())
        known = load_record(path) if path.is_file() else empty
        if known.trainings and (what := _unlike(known, record)):
            if not anew:
                raise refused([joined([str(path), what], ": ")])
            known = empty
        new = (training for training in record.trainings if training.seed not in known.seeds)
        first, *rest = sorted((*known.trainings, *new), key=lambda training: training.seed)
        layers = next((t.layers for t in (first, *rest) if t.layers), ())
        trainings = (replace(first, layers=layers), *(replace(training, layers=()) for training in rest))
        merged = replace(known, trainings=trainings)
        write_record(path, merged)
        return merged


def _unlike(known: ReferenceRecord, record: ReferenceRecord) -> Message | None:
    return unlike(
        known,
        digest=record.recipe.digest,
        fingerprint=record.fingerprint,
        steps=record.steps,
        keras=record.trainings[0].platform.keras,
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a folder's lock; it goes with the process, so a killed one leaves nothing to clear."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _readable(record: Mapping[str, Any]) -> str:
    """Return JSON with one training a line, so that one more seed is one more line of a diff."""
    head = {key: value for key, value in record.items() if key != "trainings"}
    lines = ",\n".join("  " + json.dumps(_rounded(one), ensure_ascii=False) for one in record["trainings"])
    opening = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    return f'{opening},\n "trainings": [\n{lines}\n ]\n}}'


def _rounded(value: Any) -> Any:
    """Return a value with floats at seven digits: more would be noise."""
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(one) for one in value]
    return value
