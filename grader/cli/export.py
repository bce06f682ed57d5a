"""``grader export``: a run's grades, in the formats of LMSs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import options as opt
from grader.cli.help import command
from grader.errors import UsageError
from grader.records import msg

if TYPE_CHECKING:
    from grader.exchange import Grade, Outcome
    from grader.ledger import Ledger
    from grader.records import Message

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SYSTEMS = ("moodle", "canvas", "gradescope", "nbgrader", "lti-scores", "csv", "xlsx")
_ONLY_FOR = {
    "worksheet": "moodle",
    "feedback_zip": "moodle",
    "gradebook": "canvas",
    "column": "canvas",
    "student": "gradescope",
    "maximum": "gradescope",
}
"""Options that one system alone makes use of."""


@command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--to", "system", type=click.Choice(_SYSTEMS), required=True, help="For whom.")
@click.option("--worksheet", type=_FILE, help="Moodle's grading worksheet, as downloaded.")
@click.option("--feedback-zip", is_flag=True, help="Also an archive of the students' pages for Moodle.")
@click.option("--gradebook", type=_FILE, help="Canvas's gradebook, as exported.")
@click.option("--column", help="Canvas: the assignment's head or number, where there are several.")
@click.option("--student", help="Gradescope: whose results.json, where the run holds several.")
@click.option("--maximum", type=click.IntRange(1), help="Gradescope: scale to so many points.")
@click.option("--include-review", is_flag=True, help="Hand back what is decided where points still wait.")
@click.option("--missing-as-zero", is_flag=True, help="Nothing handed in is a zero.")
@click.option(
    "--allow-partial",
    is_flag=True,
    help="Go on although run and LMS do not cover each other, or the run is not finished.",
)
@click.option("--no-comments", is_flag=True, help="Grades only, without comments.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Folder, or file; RUN/export/moodle and so on by default.",
)
@opt.run_lang
def export(
    run: Path,
    system: str,
    worksheet: Path | None,
    feedback_zip: bool,
    gradebook: Path | None,
    column: str | None,
    student: str | None,
    maximum: int | None,
    include_review: bool,
    missing_as_zero: bool,
    allow_partial: bool,
    no_comments: bool,
    out: Path | None,
    lang: str | None,
) -> None:
    """Hand a run's grades back to an LMS, and say what was set, left and not found.

    Nothing that still waits for the lecturer is handed back, and nothing handed in is no zero, unless you say so.
    """
    from grader.exchange import ExportOptions, canvas, grades_of, gradescope, moodle, preview, tables
    from grader.language import Language
    from grader.ledger import Ledger
    from grader.places import safe_name

    _require_use(click.get_current_context(), system)
    ledger = Ledger(run)
    facts = ledger.run()
    left = _unfinished(ledger, allow_partial=allow_partial)
    language = Language(lang or facts.language)
    grades = grades_of(facts, ledger.results(), include_review=include_review)
    options = ExportOptions(missing_as_zero=missing_as_zero, feedback=not no_comments)
    if system == "moodle":
        if worksheet is None:
            text = msg("--to moodle needs --worksheet FILE: in Moodle, Grading action > Download grading worksheet")
            raise UsageError(text)
        pages = _pages(run, grades) if feedback_zip else None
        outcome = moodle.export(worksheet.read_bytes(), worksheet.name, grades, options, language, pages)
    elif system == "canvas":
        if gradebook is None:
            text = msg("--to canvas needs --gradebook FILE: in Canvas, Grades > Export > Export Entire Gradebook")
            raise UsageError(text)
        outcome = canvas.export(gradebook.read_bytes(), gradebook.name, grades, options, column)
    elif system == "gradescope":
        outcome = gradescope.export(grades, language, student=student, maximum=Decimal(maximum) if maximum else None)
    elif system == "nbgrader":
        outcome = tables.nbgrader_table(grades, options, _pages(run, grades))
    elif system == "lti-scores":
        outcome = tables.lti_scores(facts, grades, options, language)
    else:
        outcome = (tables.csv_table if system == "csv" else tables.xlsx_table)(facts, grades, options)
    outcome.account.unfinished += left
    outcome.account.notes[:0] = preview.warnings(facts)
    out = out or run / "export" / system / (safe_name(student) if student and system == "gradescope" else "")
    _finish(outcome, out, language.say, sources=(worksheet, gradebook), allow_partial=allow_partial)


def _require_use(call: click.Context, system: str) -> None:
    """Refuse options that the export would pass over.

    Raises:
        UsageError: There is one.
    """
    names = {one.name: one.opts[0] for one in call.command.params}
    spare = [names[name] for name, whose in _ONLY_FOR.items() if call.params[name] and whose != system]
    if spare:
        text = msg(
            "--to {system} makes no use of {spare}; leave out what is not meant",
            system=system,
            spare=", ".join(sorted(spare)),
        )
        raise UsageError(text)


def _unfinished(ledger: Ledger, *, allow_partial: bool) -> list[str]:
    """Return who is not graded yet; an export without them must be asked for."""
    left = [one.label for one in ledger.unfinished()]
    if left and not allow_partial:
        text = msg(
            "{run}: not graded yet are {count} of {total} submissions; nothing was written. {command} finishes them; "
            "or say --allow-partial to leave them out",
            run=str(ledger.out),
            count=len(left),
            total=len(ledger.standings()),
            command=f"`grader resume {ledger.out}`",
        )
        raise UsageError(text)
    return left


def _finish(
    outcome: Outcome,
    out: Path,
    say: Callable[[Message], str],
    *,
    sources: Sequence[Path | None],
    allow_partial: bool,
) -> None:
    """Write the files and tell the account; refuse first, so that half an export never lies about."""
    from grader.exchange import SkipReason

    lines = [say(line) for line in outcome.account.lines()]
    if outcome.account.partial and not allow_partial:
        click.echo("\n".join(lines), err=True)
        if SkipReason.NO_ID in outcome.account.left:
            text = msg(
                "no id is known of some (above), and without one their scores reach nobody; nothing was written. Grade "
                "with --roster FILE, or say --allow-partial to leave them out"
            )
            raise UsageError(text)
        text = msg(
            "run and LMS do not cover each other (above); nothing was written. Grade the rest, grade with --roster, or "
            "say --allow-partial"
        )
        raise UsageError(text)
    for path, content in _places(outcome, out).items():
        if path.resolve() in {source.resolve() for source in sources if source is not None}:
            raise UsageError(msg("{file}: this is the file that was given; name another place with -o", file=str(path)))
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_bytes(content)
        part.replace(path)
        lines.append(str(path.resolve()))
    click.echo("\n".join(lines))


def _places(outcome: Outcome, out: Path) -> Mapping[Path, bytes]:
    """Return where the files go: into a folder, or a single one to the file that is named."""
    if len(outcome.files) == 1 and out.suffix and not out.is_dir():
        (content,) = outcome.files.values()
        return {out: content}
    return {out / name: content for name, content in outcome.files.items()}


def _pages(run: Path, grades: Sequence[Grade]) -> Mapping[str, bytes]:
    """Return the students' pages as they were rendered, by student."""
    from grader.report import page_name

    pages = {grade.student: run / "students" / page_name(grade.student) for grade in grades if not grade.absent}
    missing = [student for student, path in pages.items() if not path.is_file()]
    if missing:
        text = msg(
            "{run}: there is no page of {names}; render them first: {command}",
            run=str(run),
            names=", ".join(missing[:5]) + (", ..." if len(missing) > 5 else ""),
            command=f"grader report {run}",
        )
        raise UsageError(text)
    return {student: path.read_bytes() for student, path in pages.items()}
