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
from grader.errors import GraderError, RunInterruptedError

_BROKEN_PIPE = 141


def main() -> None:
    """Run the command line, turning faults into one clear line and a documented exit code."""
    try:
        group(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(64)
    except (KeyboardInterrupt, click.exceptions.Abort, RunInterruptedError) as stop:
        click.echo(f"\ngrader: {str(stop) or 'interrupted; call again to go on'}", err=True)
        _leave(RunInterruptedError.exit_code)
    except GraderError as error:
        click.secho(f"grader: {error}", fg="red", err=True)
        _leave(error.exit_code)
    except BrokenPipeError:
        os._exit(_BROKEN_PIPE)


def _leave(code: int) -> NoReturn:
    """End now: threads may still wait for kernels, whose processes end with ours."""
    if threading.active_count() == 1:
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
