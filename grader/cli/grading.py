"""``grader grade``, ``grader resume`` and ``grader demo``."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli import intake
from grader.cli import options as opt
from grader.cli.faults import refusal_of
from grader.cli.held import Held
from grader.cli.help import command
from grader.cli.runs import print_results
from grader.errors import GraderError, MachineError, RunInterruptedError, SandboxUnavailableError, UsageError
from grader.records import Status, msg

if TYPE_CHECKING:
    from grader.batch import Observer
    from grader.runlog import RunCounts

_OF_THIS_CALL = ("out", "changed", "if_changed", "json_log", "summary")
"""Options that are not part of what a run was asked for."""
_SEVERAL = 2


def _in_a_folder(_: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and not path.parent.is_dir():
        text = msg(
            "{option} {path}: there is no folder {folder}; make it first, nothing was graded",
            option=option.opts[-1],
            path=str(path),
            folder=str(path.parent),
        )
        raise UsageError(text)
    return path


_changed = click.option(
    "--changed",
    type=click.Choice(["ask", "keep", "regrade"]),
    default="ask",
    show_default=True,
    help="Graded with another Keras, other data or another seal: stop and say so, keep those grades, or grade again.",
)
_json_log = click.option(
    "--json-log",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_in_a_folder,
    help="Append what happens to this file, as JSON lines.",
)
_summary = click.option(
    "--summary",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    callback=_in_a_folder,
    help="Write one JSON object about the call here; - for the last line of the output.",
)


@command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@opt.several(opt.out, opt.workbook, opt.profile, opt.data, opt.jobs, opt.backend, opt.device)
@click.option(
    "--kernel-device",
    type=click.Choice(["cpu", "gpu"]),
    default="cpu",
    show_default=True,
    help="gpu opens the machine's GPUs and their driver to the notebooks, for those that must train on one.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="ray: notebooks and trainings run on a Ray cluster; see docs/cluster.md.",
)
@click.option("--address", help="Ray cluster: auto, or HOST:PORT; without it one is started on this machine.")
@click.option(
    "--shared-cache",
    metavar="URL",
    help="Where several machines keep their trainings, beside the cache of this one: s3://..., file://...",
)
@opt.several(opt.lang, opt.no_sandbox, opt.train_in_kernel)
@click.option("--tasks", help="Only these tasks: task1,task3")
@opt.several(intake.source, intake.roster, intake.assignment)
@click.option("--single", is_flag=True, help="All paths together are one student's submission.")
@click.option(
    "--if-changed",
    is_flag=True,
    help="Write reports only if something in the run has changed; otherwise print nothing.",
)
@opt.several(_changed, _json_log, _summary)
def grade(**asked: Any) -> None:
    """Grade notebooks, folders of them and archives of an LMS; write reports and grades to a folder.

    Downloads of Moodle, Canvas, Gradescope and nbgrader are known by their names. In any other folder or ZIP archive
    a sub-folder is one student's submission; a notebook outside sub-folders is a submission of its own.
    Called again with the same folder it goes on where it stopped, and grades again only what has changed.
    """
    _run(asked)


@command()
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--jobs", type=click.IntRange(1, 1024), help="Submissions worked on at the same time; as before by default."
)
@opt.several(_changed, _json_log, _summary)
def resume(run: Path, jobs: int | None, **call: Any) -> None:
    """Finish a run that was interrupted: the same submissions, asked for in the same way.

    What was done is not done again, whatever ended the run: Ctrl-C, a full disk, a power cut.
    """
    from grader.ledger import Ledger

    request = Ledger(run).request()
    context = _plain_call(run)
    asked = context.params | {
        one.name: one.type_cast_value(context, request[one.name])
        for one in grade.params
        if one.name is not None and one.name in request
    }
    _run(asked | call | {"out": run} | ({"jobs": jobs} if jobs else {}))


@command()
@opt.several(opt.out, opt.jobs, opt.backend, opt.device, opt.lang, opt.no_sandbox, opt.train_in_kernel)
def demo(no_sandbox: bool, **chosen: Any) -> None:
    """Grade the bundled submissions on the offline samples, as a first look."""
    from grader.language import Language
    from grader.places import shipped
    from grader.sandbox import find_seal

    if not no_sandbox:
        try:
            find_seal(allow_unsealed=False)
        except SandboxUnavailableError:
            no_sandbox = True
            language = Language(chosen["lang"])
            click.echo(
                language.t(
                    "No sandbox here (bubblewrap is missing or not allowed): the demo's own notebooks run unsealed."
                )
            )
    demo = {"paths": (shipped("assignments") / "demo",), "profile": "quick", "data": "sample"}
    _run(_plain_call(chosen["out"]).params | chosen | demo | {"no_sandbox": no_sandbox})


def _plain_call(out: Path) -> click.Context:
    """Return a call of ``grader grade`` that says only where to: its parameters are what it takes for granted."""
    return grade.make_context("grade", [".", "-o", str(out)])


def _run(asked: Mapping[str, Any]) -> None:
    """Grade as asked, write the reports, print the table; the summary is written however that ends."""
    from grader.runlog import RunCounts

    call = _Call(out=asked["out"], tally=RunCounts())
    _require_writable(asked["summary"])
    with _resumable(call.out), _summarised(call, asked["summary"], asked["lang"]):
        _grade(asked, call)
        _require_some(call.tally)


def _require_writable(summary: Path | None) -> None:
    """Find out before anything is graded whether the summary can be written; there is none until the call has ended."""
    if summary is None or str(summary) == "-" or summary.is_symlink() or (summary.exists() and not summary.is_file()):
        return
    new = not summary.exists()
    summary.open("a", encoding="utf-8").close()
    if new:
        summary.unlink()


def _require_some(tally: RunCounts) -> None:
    """Tell whoever calls this program that nothing was graded, where several were run and we failed on all of them.

    A single one proves nothing about this machine, and what a student does never changes the exit code.
    """
    if tally.by_us < _SEVERAL or tally.by_us < tally.graded:
        return
    text = msg(
        "none of the {count} submissions could be graded, through no fault of the students; the reports say why. Call "
        "again when that is mended",
        count=tally.by_us,
    )
    raise (MachineError if tally.statuses[Status.INTERNAL_ERROR.value] == 0 else GraderError)(text)


@dataclass
class _Call:
    """What one call has come to so far."""

    out: Path
    tally: RunCounts
    total: int = 0
    changed: bool = False
    """Anything in the run is not as it was before the call."""
    doubtful: int = 0
    """Decisions of the lecturer's that need another look."""


def _grade(asked: Mapping[str, Any], call: _Call) -> None:
    from grader.batch import CompositeObserver, grade_cohort
    from grader.cli.asked import settings_of
    from grader.language import Language
    from grader.ledger import Ledger, doubtful
    from grader.progress import follow
    from grader.report import render_run
    from grader.runlog import JsonLog

    settings = settings_of(asked)
    taken = intake.taken(asked["paths"], **{name: asked[name] for name in ("source", "single", "roster", "assignment")})
    submissions, settings = (
        taken.submissions,
        replace(settings, remarks=(*taken.renamed, *taken.remarks, *taken.doubled)),
    )
    call.total = len(submissions)
    before = Ledger(call.out).state()
    held = Held(lambda: intake.tell(taken, settings.language))
    if not asked["if_changed"]:
        held.release()
    with held, contextlib.ExitStack() as stack:
        display = stack.enter_context(follow(len(submissions), settings.language))
        observers: list[Observer] = [held.before(display), call.tally]
        if asked["json_log"] is not None:
            observers.append(stack.enter_context(JsonLog(asked["json_log"])))
        try:
            ledger = grade_cohort(submissions, settings, call.out, CompositeObserver(*observers), request=_plain(asked))
        finally:  # an interrupted call has changed what it came to
            call.changed = Ledger(call.out).state() != before
    call.changed = call.changed or not (call.out / "index.html").is_file()
    call.doubtful = len(doubtful(ledger))
    if asked["if_changed"] and not call.changed:
        return
    held.release()
    results = ledger.results()
    render_run(ledger.run(), results, call.out, language=settings.language)
    print_results(call.out, None, settings.language, results=results)
    if call.tally.by_us:
        again = msg(
            "Not graded, through no fault of the students: {count}. The same command tries these again.",
            count=call.tally.by_us,
        )
        click.echo(Language(settings.language).say(again))
    if call.doubtful:
        look = msg(
            "Decisions that need another look: {count}. Call: {command}",
            count=call.doubtful,
            command=f"grader review {call.out}",
        )
        click.echo(Language(settings.language).say(look))
    click.echo(f"\n{(call.out / 'index.html').resolve()}")


def _plain(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked as plain JSON, paths absolute, so that `grader resume` can ask it from anywhere."""

    def plain(value: Any) -> Any:
        if isinstance(value, Path):
            return str(value.absolute())
        return [plain(one) for one in value] if isinstance(value, tuple) else value

    return {name: plain(value) for name, value in asked.items() if name not in _OF_THIS_CALL}


@contextlib.contextmanager
def _resumable(run: Path) -> Iterator[None]:
    """Say after Ctrl-C how the run goes on, once there is one."""
    from grader.ledger import Ledger

    try:
        yield
    except KeyboardInterrupt:
        try:
            Ledger(run).request()
        except GraderError:  # it had not begun
            raise KeyboardInterrupt from None
        text = msg(
            "interrupted; {command} or the same command goes on where it stopped", command=f"`grader resume {run}`"
        )
        raise RunInterruptedError(text) from None


@contextlib.contextmanager
def _summarised(call: _Call, path: Path | None, lang: str) -> Iterator[None]:
    """Write the summary when the block has ended, also when it ends in a fault or Ctrl-C."""
    from grader.language import Language
    from grader.runlog import summary

    code, error = 70, msg("an unexpected fault")
    try:
        yield
        code, error = 0, msg("")
    except GraderError as fault:
        code, error = fault.exit_code, fault.message
        raise
    except OSError as fault:
        if refused := refusal_of(fault):
            code, error = refused.exit_code, refused.message
        raise
    except KeyboardInterrupt:
        code, error = RunInterruptedError.exit_code, msg("interrupted; call again to go on")
        raise
    finally:
        if path is not None:
            say = Language(lang).say
            facts = summary(
                call.out,
                call.tally,
                total=call.total,
                code=code,
                error=say(error),
                changed=call.changed,
                doubtful=call.doubtful,
            )
            text = json.dumps(facts, ensure_ascii=False)
            try:
                _write(text, path)
            except OSError as fault:
                if not code:
                    raise
                click.secho(f"grader: --summary: {fault}", fg="red", err=True)  # what came before it is said, too


def _write(summary: str, path: Path) -> None:
    if str(path) == "-":
        click.echo(summary)
    else:
        path.write_text(summary + "\n", encoding="utf-8")
