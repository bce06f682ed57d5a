"""The quick profile's arithmetic, shared by the kernel's probe and the trainer so that both cut alike."""

from __future__ import annotations

WHOLE = 3
"""A fit of up to so many budgets is left whole."""
EVALUATION_ROWS = 2_000
"""Rows one ``evaluate`` looks at under a budget."""


def cut_steps(rows: int, batch_size: int, epochs: int, budget: int | None) -> int | None:
    """Return the steps per epoch a fit or its validation may take, or None when it is left as written.

    Args:
        rows: training rows left after a validation split; or the rows each epoch's validation looks at, which gets
            the same steps, so that a fit of many epochs stays within its budget.
        batch_size: as trained, Keras's default filled in.
        epochs: epochs this fit really runs (``epochs - initial_epoch``).
        budget: steps per fit, spread over its epochs; None for the full profile.

    A fit of up to three times the budget is left alone: cutting it would save little and change what it shows.

    >>> cut_steps(60_000, 128, 5, 300)
    60
    >>> cut_steps(1_000, 32, 10, 300) is None
    True
    """
    return cut_given_steps(-(-rows // max(1, batch_size)), epochs, budget)


def cut_given_steps(steps: int, epochs: int, budget: int | None) -> int | None:
    """Return the same for a fit of ``steps`` steps an epoch, such as one that names ``steps_per_epoch`` itself.

    >>> cut_given_steps(500, 1, 300) is None, cut_given_steps(500, 2, 300)
    (True, 150)
    """
    if budget is None or epochs < 1 or epochs * steps <= WHOLE * budget:
        return None
    return max(1, budget // epochs)


def evaluation_steps(rows: int, batch_size: int, budget: int | None) -> int | None:
    """Return how many batches one ``evaluate`` may look at, or None for all of them.

    >>> evaluation_steps(10_000, 32, 300), evaluation_steps(2_000, 32, 300)
    (62, None)
    """
    if budget is None or rows <= EVALUATION_ROWS:
        return None
    return max(1, EVALUATION_ROWS // max(1, batch_size))
