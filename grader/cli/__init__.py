"""Commands, a file for each family.

Exit codes, after sysexits.h: 0 everything was graded and reported; 64 the call is wrong; 65 a workbook file is wrong;
66 data is missing or wrong; 69 the machine lacks something; 70 a fault of ours; 75 another grader is writing the run;
78 the run was graded under other conditions; 130 interrupted.
A student's mistake never changes the exit code.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import NoReturn

import click

from grader.cli.root import group
from grader.errors import GraderError, RunInterruptedError, UsageError
from grader.records import Message, msg

_BROKEN_PIPE = 141


def main() -> None:
    """Run the command line, turning faults into one clear line and a documented exit code."""
    try:
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


def _interrupted(message: Message) -> NoReturn:
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
