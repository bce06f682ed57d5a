"""What the records prove about the rule: honest trainings that made no band, and spoiled ones."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.criteria.accuracy import Accuracy
from grader.criteria.rule import Ruling
from grader.records import Band, Training
from grader.reference import Bands, Chances, ReferenceRecord, TrialCounts, against, held_out, load_records, resampled
from grader.workbook import Workbook


@dataclass(frozen=True, kw_only=True)
class RecordAssessment:
    """One record, put through the rule by which such a training would be judged."""

    record: ReferenceRecord
    held_against: str
    """The reference that gives the band; the record's own one where its trainings take turns."""
    margin: float
    limit: float
    """The accuracy to reach."""
    band: Band
    tally: TrialCounts
    """No trials, where there are too few trainings to hold some of them against a band of the others."""

    @property
    def mean(self) -> float | None:
        """Mean test accuracy; None when every training diverged."""
        return statistics.fmean(self.record.usable) if self.record.usable else None


@dataclass(frozen=True, kw_only=True)
class RuleAssessment:
    """Everything under one set of conditions."""

    conditions: tuple[str, str, str]
    """Edition of the data, profile, device class."""
    honest: tuple[RecordAssessment, ...]
    spoiled: tuple[RecordAssessment, ...]
    untried: tuple[tuple[str, str], ...]
    """Honest records that have no band to be held against, each with the reference that has too few trainings."""
    worst: HarmfulSpread | None


@dataclass(frozen=True, kw_only=True)
class HarmfulSpread:
    """The task whose reference's recorded spread does most harm to honest models, and what it does to them."""

    task: str
    reference: str
    chances: Chances


def assess(workbook: Workbook, bands: Bands) -> Iterator[RuleAssessment]:
    """Put every record through the rule, conditions by conditions.

    Raises:
        WorkbookError: A record cannot be read.
    """
    results = bands.folder / "results"
    solutions, spoiled = load_records(results / "solutions"), load_records(results / "spoiled")
    honest = (*bands.records, *solutions)
    for conditions in dict.fromkeys(record.conditions for record in bands.records):
        rows = [_rows(workbook, bands, records, conditions) for records in (honest, spoiled)]
        tried = {row.record.reference for row in rows[0]}
        yield RuleAssessment(
            conditions=conditions,
            honest=rows[0],
            spoiled=rows[1],
            untried=tuple(
                (record.reference, yardstick(workbook, record.reference).reference)
                for record in honest
                if record.conditions == conditions and record.reference not in tried
            ),
            worst=_worst(workbook, bands, conditions),
        )


def limits_of(
    workbook: Workbook, bands: Bands, conditions: tuple[str, str, str]
) -> Iterator[tuple[str, Accuracy, ReferenceRecord, Band]]:
    """Yield every task that accuracy decides, its criterion, and the record and band that give its limit."""
    for task in workbook.tasks:
        for criterion in task.criteria:
            if isinstance(criterion, Accuracy):
                for record in bands.records:
                    if (record.reference, record.conditions) != (criterion.reference, conditions):
                        continue
                    if (band := bands.band_for(record)) is not None:
                        yield task.id, criterion, record, band


def _worst(workbook: Workbook, bands: Bands, conditions: tuple[str, str, str]) -> HarmfulSpread | None:
    found = [
        HarmfulSpread(
            task=task,
            reference=record.reference,
            chances=resampled(
                record.usable, num_test=record.num_test, risk=bands.risk, margin=criterion.slack(record.profile)
            ),
        )
        for task, criterion, record, _ in limits_of(workbook, bands, conditions)
    ]
    return max(found, key=lambda one: (one.chances.failed, one.chances.reviewed), default=None)


def _rows(
    workbook: Workbook, bands: Bands, records: Sequence[ReferenceRecord], conditions: tuple[str, str, str]
) -> tuple[RecordAssessment, ...]:
    found = (_row(workbook, bands, record) for record in records if record.conditions == conditions)
    return tuple(row for row in found if row is not None)


def _row(workbook: Workbook, bands: Bands, record: ReferenceRecord) -> RecordAssessment | None:
    criterion, profile = yardstick(workbook, record.reference), record.profile
    given = _same(bands, criterion.reference, record)
    band = bands.band_for(given) if given else None
    if given is None or band is None:
        return None
    itself = criterion.reference == record.reference and not record.spoiled

    def rule(trainings: Sequence[Training], band: Band) -> Ruling | None:
        return criterion.ruling(trainings, band, profile)

    def others(trainings: Sequence[Training]) -> Band | None:
        return bands.band_from(given, trainings)

    return RecordAssessment(
        record=record,
        held_against=criterion.reference,
        margin=criterion.slack(profile),
        limit=criterion.limit(band, profile),
        band=band,
        tally=held_out(record.trainings, rule, others) if itself else against(record.trainings, rule, band),
    )


def yardstick(workbook: Workbook, name: str) -> Accuracy:
    """Return the criterion by which trainings of a reference or solution are judged.

    An answer to a task (a solution, or a reference that is called like the task) is judged as students are, by the
    task's criterion; all else by its own band.
    """
    task_of = {task.id: task.id for task in workbook.tasks} | {one.id: one.task for one in workbook.solutions}
    for task in workbook.tasks:
        for criterion in task.criteria:
            if task.id == task_of.get(name) and isinstance(criterion, Accuracy):
                return criterion
    return Accuracy(reference=name)


def _same(bands: Bands, reference: str, record: ReferenceRecord) -> ReferenceRecord | None:
    """Return the reference's record under the conditions of another record."""
    return bands.find(
        reference,
        fingerprint=record.fingerprint,
        profile=record.profile,
        platform=record.trainings[0].platform,
    )
