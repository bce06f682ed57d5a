"""The one way in which the reading of a pipeline ends early."""


class Unread(Exception):  # noqa: N818  - a reason, not an error of the notebook
    """What a pipeline hands on cannot be told; its text is a :class:`Reason`, with what it is about."""
