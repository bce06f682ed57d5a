"""Commands, a file for each family.

Exit codes, after sysexits.h: 0 everything was graded and reported; 64 the call is wrong; 65 a workbook file is wrong;
66 data is missing or wrong; 69 the machine lacks something, or a file cannot be read or written; 70 a fault of ours;
75 another grader is writing the run; 78 the run was graded under other conditions; 130 interrupted.
A student's mistake never changes the exit code.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, NoReturn

import click

from grader.cli.root import group
from grader.errors import GraderError, RunInterruptedError, UsageError
from grader.records import Message, msg

_BROKEN_PIPE = 141


def main() -> None:
    """Run the command line, turning faults into one clear line and a documented exit code."""
    _end_in_order()
    try:
        _forget_summary()
        group(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.exceptions.NoArgsIsHelpError as asked:
        asked.show()
        sys.exit(UsageError.exit_code)
    except click.ClickException as error:
        from grader.cli.wrong import told

        click.echo(_say(told(error)), err=True)
        sys.exit(UsageError.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        _interrupted(msg("interrupted; call again to go on"))
    except RunInterruptedError as stop:
        _interrupted(stop.message)
    except GraderError as error:
        click.secho(f"grader: {_say(error.message)}", fg="red", err=True)
        _leave(error.exit_code)
    except BrokenPipeError:
        os._exit(_BROKEN_PIPE)
    except OSError as error:
        from grader.cli.faults import refusal_of

        refused = refusal_of(error)
        if refused is None:
            _our_fault()
        click.secho(f"grader: {_say(refused.message)}", fg="red", err=True)
        _leave(refused.exit_code)
    except Exception:  # noqa: BLE001 - it is said in full
        _our_fault()


def _end_in_order() -> None:
    """Take the signals that ask a process to end as Ctrl-C: what students handed in must not stay unpacked."""

    def stop(_number: int, _frame: Any) -> NoReturn:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:  # not under nohup
            signal.signal(number, stop)


def _forget_summary() -> None:
    """Take away the summary of the call before: it must not pass for one of a call that is misspelt or killed."""
    if sys.argv[1:2] not in (["grade"], ["resume"]):
        return
    from grader.cli.spoken import value_of
    from grader.runlog import SUMMARY_BEGINS

    place = Path(value_of(sys.argv[2:], "--summary"))
    if place.is_file() and not place.is_symlink():  # such as /dev/stdout
        with place.open(encoding="utf-8", errors="replace") as file:
            ours = file.read(len(SUMMARY_BEGINS)) == SUMMARY_BEGINS
        if ours:
            place.unlink()


def _our_fault() -> NoReturn:
    traceback.print_exc()
    click.secho(
        f"grader: {_say(msg('this is a fault of the grader; please report it, with the lines above'))}",
        fg="red",
        err=True,
    )
    _leave(GraderError.exit_code)


def _interrupted(message: Message) -> NoReturn:
    with contextlib.suppress(OSError):  # the terminal may be gone
        click.echo(f"\ngrader: {_say(message)}", err=True)
    _leave(RunInterruptedError.exit_code)


def _say(message: Message) -> str:
    """Return a message in the language of the call."""
    from grader.cli.spoken import language_of

    return language_of(sys.argv[1:], group).say(message)


def _leave(code: int) -> NoReturn:
    """End now: threads may still wait for kernels, whose processes end with ours."""
    if threading.active_count() == 1:
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
