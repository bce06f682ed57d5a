"""Commands; the only module that prints.

Exit codes, after sysexits.h: 0 everything was graded and reported; 64 the call is wrong; 65 a workbook file is wrong;
66 data is missing or wrong; 69 the machine lacks something; 70 a fault of ours; 130 interrupted.
A student's mistake never changes the exit code.
"""

from __future__ import annotations

import os
import sys

import click

from grader.cli.root import group
from grader.errors import GraderError

_INTERRUPTED = 130
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
    except GraderError as error:
        click.secho(f"grader: {error}", fg="red", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("\ngrader: interrupted; call the same command again to go on where it stopped", err=True)
        os._exit(_INTERRUPTED)  # threads may still wait for kernels; their processes end with ours
    except BrokenPipeError:
        os._exit(_BROKEN_PIPE)
