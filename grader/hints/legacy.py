"""What is said about spellings of older libraries, whether they were helped over or not."""

from __future__ import annotations

from collections.abc import Iterator

from grader.records import Execution, Message, msg


def old_spellings(execution: Execution) -> Iterator[Message]:
    """Say where a notebook that ran here would stop with today's libraries."""
    first = next((use for use in execution.trace.legacy if use.stops), None)
    if first is None:
        return
    if first.write:
        yield msg(
            "Your notebook would stop here in Colab today: in cell {cell}, at {old}. Write {write}.",
            cell=first.cell,
            old=first.old,
            write=first.write,
        )
    else:
        yield msg(
            "Your notebook would stop here in Colab today: in cell {cell}, at {old}. Leave it out.",
            cell=first.cell,
            old=first.old,
        )
