"""The workbook's own figures beside our trainings."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from grader.language import Language
from grader.records import Message, msg
from grader.reference import Bands, ReferenceRecord
from grader.workbook import Workbook

_ORDINARY, _UNUSUAL = 1.0, 2.0


def comparisons(workbook: Workbook, bands: Bands, records: Sequence[ReferenceRecord], language: Language) -> list[str]:
    """Say where the workbook's figures lie among trainings of one set of conditions, and whether its claims hold."""
    figures = {one.id: one.figure for one in workbook.references if one.figure is not None}
    alike = [record for record in records if is_comparable(record)]
    found = [
        language.say(_place(record, figures[record.reference], bands, language))
        for record in alike
        if record.reference in figures
    ]
    return found + [language.say(one) for one in _claims(workbook, alike, language)]


def is_comparable(record: ReferenceRecord) -> bool:
    """Whether a record was made as the workbook's figures were: on the real data, trained in full."""
    edition, profile, _ = record.conditions
    return edition == "full" and profile == "full"


def _place(record: ReferenceRecord, figure: float, bands: Bands, language: Language) -> Message:
    """Say where a figure lies among a record's trainings."""
    accuracies, band = record.usable, bands.band_for(record)
    values: dict[str, str | float] = {
        "reference": record.reference,
        "figure": language.share(figure),
        "lower": sum(one < figure for one in accuracies),
        "count": len(accuracies),
    }
    if band is None:
        return msg(
            "{reference}: the workbook prints {figure}; {lower} of our {count} trainings are lower, too few to judge",
            **values,
        )
    away = (figure - band.mean) / band.spread
    values |= {"away": language.number(abs(away), 1), "mean": language.share(band.mean)}
    if not band.lower <= figure <= band.upper:
        return msg(
            "{reference}: the workbook prints {figure}, outside our band: {lower} of our {count} trainings are lower, "
            "and it lies {away} standard deviations from their mean {mean}; data or versions differ from ours",
            **values,
        )
    if abs(away) <= _ORDINARY:
        return msg(
            "{reference}: the workbook prints {figure}, an ordinary training: {lower} of our {count} are lower, and it "
            "lies {away} standard deviations from their mean {mean}",
            **values,
        )
    if abs(away) <= _UNUSUAL:
        return msg(
            "{reference}: the workbook prints {figure}, not unusual: {lower} of our {count} trainings are lower, and "
            "it lies {away} standard deviations from their mean {mean}",
            **values,
        )
    return msg(
        "{reference}: the workbook prints {figure}, unusual but possible: {lower} of our {count} trainings are lower, "
        "and it lies {away} standard deviations from their mean {mean}",
        **values,
    )


def fewer_errors(better: float, worse: float) -> float:
    """Return which share of the worse accuracy's errors the better one avoids.

    >>> round(fewer_errors(0.991, 0.9788), 3)
    0.575
    """
    return (better - worse) / (1 - worse)


def _claims(workbook: Workbook, records: Sequence[ReferenceRecord], language: Language) -> Iterator[Message]:
    figures = {one.id: one.figure for one in workbook.references}
    means = {record.reference: statistics.fmean(record.usable) for record in records if record.usable}
    for claim in workbook.claims:
        better, worse = figures[claim.better], figures[claim.worse]
        if claim.better not in means or claim.worse not in means or better is None or worse is None:
            continue
        if 1.0 in (worse, means[claim.worse]):  # it makes no errors, so nothing makes fewer
            continue
        yield msg(
            "The workbook says that {better} makes {claimed} fewer errors than {worse}; by its own figures it is "
            "{own}, by the means of these trainings {ours}",
            better=claim.better,
            worse=claim.worse,
            claimed=percent(claim.fewer_errors, language),
            own=percent(fewer_errors(better, worse), language),
            ours=percent(fewer_errors(means[claim.better], means[claim.worse]), language),
        )


def percent(share: float, language: Language, digits: int = 0) -> str:
    """Return a share in per cent.

    >>> percent(0.576, Language("en")), percent(0.0123, Language("ru"), 1)
    ('58 %', '1,2 %')
    """
    return f"{language.number(100 * share, digits)} %"
