"""Recorded reference trainings, and the band a student's accuracy is held against.

After MLPerf's reference convergence points, with three faults mended: the limit is a prediction limit for one
training (their test compares means), the spread never falls under one test item, and a miss is not yet a failure.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from grader.errors import WorkbookError
from grader.records import Band, DataSet, LayerFacts, Profile, Recipe, Training

FEWEST = 3
"""Trainings under this number give no band."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceRecord:
    """All trainings of one reference recipe under one set of conditions: one JSON file."""

    reference: str
    """Such as ``example3``; a notebook of this name is in ``reference/``."""
    edition: str
    source: str
    """Where the data came from, in words."""
    recipe: Recipe
    trainings: tuple[Training, ...]
    schema: int = 1

    @property
    def usable(self) -> tuple[float, ...]:
        """Test accuracies of the trainings that converged; diverged ones are set aside and counted separately."""
        return tuple(t.test_accuracy for t in self.trainings if t.outcome == "trained" and t.test_accuracy is not None)

    @property
    def layers(self) -> tuple[LayerFacts, ...]:
        """Layers of the trained model."""
        return next((t.layers for t in self.trainings if t.layers), ())


_RECORD = TypeAdapter(ReferenceRecord)


def band_of(reference: str, accuracies: Sequence[float], *, num_test: int, alpha: float) -> Band:
    """Return the band for one further training, from K independent ones.

    The lower limit is the one-sided prediction limit ``mean - t(1 - alpha, K - 1) * s * sqrt(1 + 1 / K)`` (Hahn and
    Meeker, Statistical Intervals, 1991, section 4.7), with ``s`` at least one test item. Under the same limit at
    ``alpha / 10`` a median of three is clearly below. The upper limit mirrors the lower one and is a signal only.

    Args:
        reference: Name the band carries.
        accuracies: K >= 3 test accuracies, shares between 0 and 1.
        num_test: Size of the test split; accuracies are multiples of ``1 / num_test``.
        alpha: Chance that one honest training misses the lower limit.

    >>> band = band_of("example", [0.97, 0.98, 0.99], num_test=10_000, alpha=0.01)
    >>> round(band.mean, 3), round(band.spread, 3)
    (0.98, 0.01)
    >>> round(band.lower, 4)  # t(0.99, 2) = 6.9646; 0.98 - 6.9646 * 0.01 * sqrt(4 / 3)
    0.8996
    >>> band_of("coin", [0.5, 0.5, 0.5], num_test=100, alpha=0.01).spread  # never zero
    0.01
    """
    from scipy.special import stdtrit  # half a second to import; only needed when something is judged

    count = len(accuracies)
    mean, spread = statistics.fmean(accuracies), max(statistics.stdev(accuracies), 1 / num_test)
    width = spread * math.sqrt(1 + 1 / count)
    limit = float(stdtrit(count - 1, 1 - alpha)) * width
    return Band(
        reference=reference,
        mean=mean,
        spread=spread,
        count=count,
        lower=mean - limit,
        clearly_below=mean - float(stdtrit(count - 1, 1 - alpha / 10)) * width,
        upper=mean + limit,
        alpha=alpha,
    )


class Bands:
    """The recorded reference trainings of a workbook."""

    def __init__(self, folder: Path, *, alpha: float) -> None:
        """Read every record under ``folder``/results.

        Raises:
            WorkbookError: A record cannot be read.
        """
        self.folder = folder
        self.alpha = alpha
        self.records = tuple(load_record(path) for path in sorted((folder / "results").glob("*.json")))

    def find(
        self, reference: str, *, fingerprint: str, profile: str, device: str, keras: str
    ) -> ReferenceRecord | None:
        """Return the record made under the same conditions; Keras's major version must agree."""
        for record in self.records:
            first = next(iter(record.trainings), None)
            if (
                first is not None
                and record.reference == reference
                and first.fingerprint == fingerprint
                and first.profile == profile
                and first.device == device
                and _major(first.versions.get("keras", "")) == _major(keras)
            ):
                return record
        return None

    def band(self, reference: str, *, fingerprint: str, profile: str, device: str, keras: str) -> Band | None:
        """Return the band for these conditions, or None when nothing was calibrated under them."""
        record = self.find(reference, fingerprint=fingerprint, profile=profile, device=device, keras=keras)
        if record is None or len(record.usable) < FEWEST:
            return None
        return band_of(reference, record.usable, num_test=record.trainings[0].num_test, alpha=self.alpha)

    def layers(self, reference: str) -> tuple[LayerFacts, ...]:
        """Return the reference network's layers, from any of its records; empty when there is none."""
        return next((record.layers for record in self.records if record.reference == reference), ())


def load_record(path: Path) -> ReferenceRecord:
    """Read one record.

    Raises:
        WorkbookError: The file is not a record.
    """
    try:
        return _RECORD.validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        msg = (
            f"{path}: not a record of reference trainings: {where}: {first['msg']}; "
            "delete the file and record it again with `grader reference run`"
        )
        raise WorkbookError(msg) from error


def record_path(folder: Path, reference: str, dataset: DataSet, profile: Profile, device: str) -> Path:
    """Return where the record for these conditions belongs."""
    return folder / "results" / f"{reference}-{dataset.edition}-{profile.name}-{device}.json"


def write_record(path: Path, record: ReferenceRecord) -> None:
    """Write a record, readable and atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(_readable(asdict(record)) + "\n", encoding="utf-8")
    part.replace(path)


def _readable(record: Mapping[str, Any]) -> str:
    """Return JSON with one training a line, so that one more seed is one more line of a diff."""
    head = {key: value for key, value in record.items() if key != "trainings"}
    lines = ",\n".join("  " + json.dumps(_rounded(one), ensure_ascii=False) for one in record["trainings"])
    opening = json.dumps(_rounded(head), ensure_ascii=False, indent=1).removesuffix("\n}")
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


def _major(version: str) -> str:
    return version.partition(".")[0]
