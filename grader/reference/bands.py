"""Which band holds: trainings under one set of conditions say nothing about another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grader.criteria.accuracy import accuracies_of
from grader.errors import WorkbookError
from grader.records import Band, LayerFacts, Platform, Profile, Training, msg
from grader.reference.band import FEWEST, band_of
from grader.reference.record import ReferenceRecord, class_of, load_records


class Bands:
    """The recorded reference trainings of a workbook."""

    def __init__(self, folder: Path, *, risk: float) -> None:
        """Read every record under ``folder``/results.

        Args:
            folder: Where the reference notebooks are.
            risk: Chance that an honest model does not pass, as :func:`band_of` takes it.

        Raises:
            WorkbookError: A record cannot be read, is one of spoiled trainings, or there twice.
        """
        self.folder = folder
        self.risk = risk
        self.records = load_records(folder / "results")
        _require_one_each(folder / "results", self.records)

    def find(self, reference: str, *, fingerprint: str, profile: Profile, platform: Platform) -> ReferenceRecord | None:
        """Return the record of the same data, profile and steps, device, backend, and major version of Keras."""
        for record in self.records:
            if (
                record.reference == reference
                and record.fingerprint == fingerprint
                and record.profile == profile
                and class_of(record.trainings[0].platform) == class_of(platform)
            ):
                return record
        return None

    def band(self, reference: str, *, fingerprint: str, profile: Profile, platform: Platform) -> Band | None:
        """Return the band for these conditions, or None when nothing was calibrated under them."""
        record = self.find(reference, fingerprint=fingerprint, profile=profile, platform=platform)
        return None if record is None else self.band_for(record)

    def band_for(self, record: ReferenceRecord) -> Band | None:
        """Return the band of a record; None when it holds too few trainings."""
        return self.band_from(record, record.trainings)

    def band_from(self, record: ReferenceRecord, trainings: Sequence[Training]) -> Band | None:
        """Return the band that some of a record's trainings give alone; None when they are too few."""
        accuracies = accuracies_of(trainings)
        if len(accuracies) < FEWEST:
            return None
        return band_of(record.reference, accuracies, num_test=record.num_test, risk=self.risk)

    def layers(self, reference: str) -> tuple[LayerFacts, ...]:
        """Return the reference network's layers, from any of its records; empty when there is none."""
        return next((record.layers for record in self.records if record.reference == reference), ())


def _require_one_each(folder: Path, records: Sequence[ReferenceRecord]) -> None:
    """See that it does not depend on the names of files which trainings make a band.

    Raises:
        WorkbookError: A record is one of spoiled trainings, or two are of the same reference and conditions.
    """
    seen = set()
    for record in records:
        key = (record.reference, record.fingerprint, record.profile, class_of(record.trainings[0].platform))
        if record.spoiled:
            text = msg(
                "{folder}: spoiled trainings of {reference} lie among the references; move them to spoiled/ in it",
                folder=str(folder),
                reference=record.reference,
            )
            raise WorkbookError(text)
        if key in seen:
            text = msg(
                "{folder}: two records of the same trainings ({conditions}); take out the file that is a copy",
                folder=str(folder),
                conditions=" · ".join((record.reference, *record.conditions)),
            )
            raise WorkbookError(text)
        seen.add(key)
