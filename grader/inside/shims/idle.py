"""Callbacks of libraries that are not here, and that only show a training's progress: it is the same without them."""

from __future__ import annotations

from typing import Any

_SHOW_ONLY = {
    "keras_tqdm": ("TQDMCallback", "TQDMNotebookCallback"),
    "livelossplot": ("PlotLossesCallback", "PlotLossesKeras", "PlotLossesKerasTF"),
    "tensorboardcolab": ("TensorBoardColabCallback",),
    "tensorflow_addons": ("TQDMProgressBar",),
    "tensorflow_docs": ("EpochDots",),
    "tqdm": ("TqdmCallback",),
    "wandb": ("WandbCallback", "WandbMetricsLogger"),
}
"""Library -> its callbacks."""


def idle_callback(owner: str, name: str) -> Any:
    """Return a callback class that does nothing for one of these callbacks, None for anything else.

    Args:
        owner: the dotted name of the module it is looked for in.
        name: of the class.
    """
    if name not in _SHOW_ONLY.get(owner.partition(".")[0], ()):
        return None
    import keras

    class Idle(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - what to show, and how
            super().__init__()

    Idle.__name__ = Idle.__qualname__ = name
    return Idle
