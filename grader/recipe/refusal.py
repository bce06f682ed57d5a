"""Why a training cannot be written as a recipe."""

from __future__ import annotations

from grader.records import Message

_LONGEST = 80


class NotRebuildable(Exception):  # noqa: N818  - a finding about a notebook, not an error of ours
    """The training cannot be repeated from what the trace tells; ``reason`` says why, for people."""

    def __init__(self, reason: Message) -> None:
        """Keep the reason, with values that students chose shortened so that no report is flooded."""
        values = {name: _short(value) for name, value in reason.values.items()}
        super().__init__(reason.text.format_map(values))
        self.reason = Message(reason.text, values)


def _short(value: str | float | Message) -> str | float | Message:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
    return value
