"""Tables of recorded trainings: what ``grader reference show`` and ``verify`` print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from grader.calibrate.assess import RecordAssessment, RuleAssessment, assess, limits_of
from grader.calibrate.compare import comparisons, is_comparable, percent
from grader.calibrate.spoil import KINDS
from grader.criteria.accuracy import rounded_down
from grader.criteria.rule import NEEDED
from grader.language import Language
from grader.records import Message, msg
from grader.reference import FEWEST, Bands, Chances, ReferenceRecord, TrialCounts, chances, interval
from grader.workbook import Workbook

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_NOTHING = msg(
    "Nothing is on record, so that all accuracies would go to review, uncalibrated. To record: {command}",
    command="grader reference run",
)


def shown(workbook: Workbook, bands: Bands, language: Language) -> Iterator[RenderableType]:
    """Yield, conditions by conditions, every distribution with its band, and how the workbook's figures compare."""
    if not bands.records:
        yield language.say(_NOTHING)
        return
    yield language.say(
        msg(
            "A band goes from the lower to the upper limit; the spread is the standard deviation of one training. An "
            "accuracy under a task's limit buys two more trainings; then a median that is clearly below is failed, "
            "and one between the two waits for the lecturer."
        )
    )
    yield ""
    figures = {one.id: one.figure for one in workbook.references}
    order = {one.id: place for place, one in enumerate(workbook.references)}
    for conditions in dict.fromkeys(record.conditions for record in bands.records):
        records = sorted(
            (one for one in bands.records if one.conditions == conditions),
            key=lambda record: order.get(record.reference, len(order)),
        )
        yield _heading(conditions, language)
        yield _distributions(records, bands, figures, language)
        if few := [one.reference for one in records if bands.band_for(one) is None]:
            less = msg("Under {fewest} trainings give no band: {names}.", fewest=FEWEST, names=", ".join(few))
            yield _indented(language.say(less))
        if limits := "; ".join(_task_limits(workbook, bands, conditions, language)):
            decides = msg("Limits of tasks: {limits}. All other bands are there to compare.", limits=limits)
            yield _indented(language.say(decides))
        for text in comparisons(workbook, bands, records, language):
            yield _indented(f"{text}.")
        for source in dict.fromkeys((one.trainings[0].dataset, one.source) for one in records):
            yield _indented(f"{source[0]}: {language.noted(source[1])}")
        yield ""


def verified(workbook: Workbook, bands: Bands, language: Language) -> Iterator[RenderableType]:
    """Yield, conditions by conditions, how the rule judged honest and spoiled trainings."""
    if not bands.records:
        yield language.say(_NOTHING)
        return
    yield language.say(
        msg(
            "Each recorded training takes the part of a student's first, the next two seeds that of the two more. "
            "Honest ones are held against a band of other trainings. Intervals: 95 %, Clopper and Pearson; where "
            "medians decide, for as many trials as share no training. So few trials can contradict the rates that the "
            "arithmetic promises, not prove them."
        )
    )
    for found in assess(workbook, bands):
        yield ""
        yield _heading(found.conditions, language)
        yield from _honest(found, language)
        yield from _promises(found, language)
        if found.spoiled:
            yield ""
            caught = msg(
                "Spoiled trainings: how many of all are caught, which is: do not pass, but wait or fail. Those of "
                "tasks are held against the task's limit, as students are, those of examples against their own band. "
                "Intervals: as if each recipe were one trial, since its seeds mostly end alike."
            )
            yield _indented(language.say(caught))
            yield _spoiled(found, language)
            total = _total(found.spoiled)
            share = msg(
                "All together: {caught} of {trials} caught ({share}), {failed} of these failed.",
                caught=total.caught,
                trials=total.trials,
                share=percent(total.caught / total.trials, language, 1),
                failed=total.failed,
            )
            yield _indented(language.say(share))


def _task_limits(
    workbook: Workbook, bands: Bands, conditions: tuple[str, str, str], language: Language
) -> Iterator[str]:
    for task, criterion, record, band in limits_of(workbook, bands, conditions):
        limit = language.share(max(criterion.limit(band, record.profile), 0.0))
        if margin := criterion.slack(record.profile):
            text = msg(
                "{task} {limit} ({reference} less {margin})",
                task=task,
                limit=limit,
                reference=record.reference,
                margin=margin,
            )
            yield language.say(text)
        else:
            yield f"{task} {limit}"


def _heading(conditions: tuple[str, str, str], language: Language) -> str:
    edition, profile, device = conditions
    data = msg("real data") if edition == "full" else msg("offline samples")
    how = msg("quick profile: a preview") if profile == "quick" else msg("full profile")
    return f"[bold]{language.say(data)} · {language.say(how)} · {device}[/]"


def _table(heads: Sequence[Message], language: Language, left: Sequence[int] = (0,)) -> Table:
    from grader.report.slim import slim_table

    return slim_table(*map(language.say, heads), left=left)


def _indented(text: str) -> RenderableType:
    from rich.padding import Padding

    return Padding(text, (0, 0, 0, 2))


def _distributions(
    records: Iterable[ReferenceRecord], bands: Bands, figures: dict[str, float | None], language: Language
) -> Table:
    heads = (
        *(msg("Reference"), msg("Trainings"), msg("Mean"), msg("Spread")),
        *(msg("Clearly below"), msg("Lower limit"), msg("Upper limit")),
    )
    compared = any(is_comparable(record) for record in records)
    table = _table((*heads, msg("In the workbook")) if compared else heads, language)
    for record in records:
        band, figure = bands.band_for(record), figures.get(record.reference)
        count = str(len(record.trainings))
        if record.diverged:
            count = language.say(msg("{count}, diverged: {diverged}", count=count, diverged=record.diverged))
        row = [record.reference, count]
        if band is None:
            row += ["–"] * 5
        else:
            limits = (max(band.clearly_below, 0.0), max(rounded_down(band.lower), 0.0), min(band.upper, 1.0))
            row += [language.share(value) for value in (band.mean, band.spread, *limits)]
        if compared:
            row.append(language.share(figure) if figure is not None else "")
        table.add_row(*row)
    return table


def _honest(found: RuleAssessment, language: Language) -> Iterator[RenderableType]:
    heads = (
        *(msg("Honest trainings"), msg("Held against"), msg("Limit"), msg("Mean")),
        *(msg("Trials"), msg("Two more"), msg("Reviewed"), msg("Failed")),
    )
    table = _table(heads, language, left=(0, 1))
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    for row in found.honest:
        shares = (max(row.limit, 0.0), row.mean)
        table.add_row(row.record.reference, row.held_against, *map(language.share, shares), *_counts(row.tally))
    totals = [
        (title, _total(rows))
        for title, rows in (
            (msg("Without a margin"), [row for row in found.honest if not row.margin]),
            (msg("With a margin"), [row for row in found.honest if row.margin]),
        )
        if rows
    ]
    table.add_section()
    for title, total in totals:
        table.add_row(language.say(title), "", "", "", *_counts(total))
    yield table
    if found.untried:
        names = ", ".join(f"{name} ({reference})" for name, reference in found.untried)
        yield _indented(language.say(msg("Not tried, as the reference has no band: {names}.", names=names)))
    if untried := [row.record.reference for row in found.honest if not row.tally.trials]:
        few = msg(
            "Too few trainings to hold some against a band of the others: {names}; {needed} are needed.",
            names=", ".join(untried),
            needed=NEEDED + FEWEST,
        )
        yield _indented(language.say(few))
    for held_against, margin in dict.fromkeys((row.held_against, row.margin) for row in found.honest if row.margin):
        which = [
            row.record.reference for row in found.honest if (row.held_against, row.margin) == (held_against, margin)
        ]
        less = msg(
            "Limit of {names}: the lower limit of {reference} less a margin of {margin}.",
            names=", ".join(which),
            reference=held_against,
            margin=margin,
        )
        yield _indented(language.say(less))
    for title, total in totals:
        missed = _between(total.missed, total.trials, total.trials, language)
        reviewed, failed = (
            _between(hits, total.trials, total.apart, language) for hits in (total.reviewed, total.failed)
        )
        rates = msg(
            "{which}: two more {missed}, in review {reviewed}, failed {failed}.",
            which=title,
            missed=missed,
            reviewed=reviewed,
            failed=failed,
        )
        yield _indented(language.say(rates))


def _counts(tally: TrialCounts) -> Iterator[str]:
    counts = (tally.trials, tally.missed, tally.reviewed, tally.failed)
    return map(str, counts) if tally.trials else iter(("0", "–", "–", "–"))


def _promises(found: RuleAssessment, language: Language) -> Iterator[RenderableType]:
    """Say what the band's own arithmetic expects, by the number of reference trainings, and what the records do."""
    for count, alpha in sorted({(row.band.count, row.band.alpha) for row in found.honest}):
        expected = chances(count, alpha)
        promised = language.say(
            msg(
                "By the band's own arithmetic, with {count} reference trainings: {missed} of honest models need two "
                "more, {reviewed} end in review, {failed} fail.",
                count=count,
                **_percents(expected, language, failed=6),
            )
        )
        yield _indented(promised)
    if found.worst is not None:
        drawn = msg(
            "With accuracies drawn from those on record instead of a normal distribution, at worst those of "
            "{reference} at the limit of {task}: {missed} need two more, {reviewed} end in review, {failed} fail.",
            reference=found.worst.reference,
            task=found.worst.task,
            **_percents(found.worst.chances, language, failed=3),
        )
        yield _indented(language.say(drawn))


def _percents(found: Chances, language: Language, *, failed: int) -> dict[str, str]:
    """Return the shares of a rule's outcomes as words; ``failed`` is how many decimals the rarest of them needs."""
    return {
        "missed": percent(found.missed, language, 2),
        "reviewed": percent(found.reviewed, language, 3),
        "failed": percent(found.failed, language, failed),
    }


def _spoiled(found: RuleAssessment, language: Language) -> Table:
    """Make a table of the spoiled trainings that did not pass, of all: kinds down, references across."""
    names = list(dict.fromkeys(row.record.reference for row in found.spoiled))
    heads = (language.say(msg("Spoiled by")), *names, language.say(msg("All")), language.say(msg("95 % interval")))
    from grader.report.slim import slim_table

    table = slim_table(*heads)
    table.columns[-1].no_wrap = True
    for kind, title in KINDS.items():
        if rows := [row for row in found.spoiled if row.record.spoiled == kind]:
            total = _total(rows)
            between = _interval(total.caught, total.trials, len(rows), language)
            table.add_row(language.say(title), *_caught(rows, names), between)
    table.add_section()
    table.add_row(language.say(msg("All")), *_caught(found.spoiled, names), "")  # kinds are no sample of anything
    return table


def _caught(rows: Sequence[RecordAssessment], names: Sequence[str]) -> Iterator[str]:
    """Yield how many were caught, for each reference and for all of them."""
    for name in names:
        one = _total(row for row in rows if row.record.reference == name)
        yield f"{one.caught}/{one.trials}" if one.trials else ""
    total = _total(rows)
    yield f"{total.caught}/{total.trials}"


def _total(rows: Iterable[RecordAssessment]) -> TrialCounts:
    return sum((row.tally for row in rows), TrialCounts())


def _between(hits: int, trials: int, apart: int, language: Language) -> str:
    if not trials:
        return "–"
    return f"{percent(hits / trials, language, 1)} ({_interval(hits, trials, apart, language)})"


def _interval(hits: int, trials: int, apart: int, language: Language) -> str:
    low, high = interval(hits / trials * apart, apart)
    return f"{language.number(100 * low, 1)}–{language.number(100 * high, 1)} %"
