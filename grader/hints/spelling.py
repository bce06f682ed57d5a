"""Words of an older Keras, and words that are nearly right."""

from __future__ import annotations

from difflib import get_close_matches

RENAMED = {
    "lr": "learning_rate",
    "nb_epoch": "epochs",
    "border_mode": "padding",
    "subsample": "strides",
    "output_dim": "units",
    "init": "kernel_initializer",
    "samples_per_epoch": "steps_per_epoch",
    "nb_filter": "filters",
    "p": "rate",
}
"""Arguments of an older Keras, and what they are called now."""


def misspelt(word: str, known: tuple[str, ...]) -> str | None:
    """Return what a word was meant to be; None when it is right, or like nothing known.

    >>> misspelt("nunpy", ("numpy", "keras")), misspelt("numpy", ("numpy",)), misspelt("torch", ("numpy",))
    ('numpy', None, None)
    """
    if word in known:
        return None
    close = get_close_matches(word, known, n=1, cutoff=0.75)
    return close[0] if close else None
