"""Drawings of models without Graphviz, and TensorBoard's callback without TensorBoard."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from pathlib import Path
from typing import Any

from ..probe.hooks import replace_function  # noqa: TID252 - the kernel imports this folder under another name
from .reporter import LegacyReporter

_LINE = 0.55
"""Inches of height for a layer."""


def install_pictures(reporter: LegacyReporter) -> None:
    """Stand in for what draws models and writes logs, where the programs for it are not here."""
    import keras
    from keras.src.utils import model_visualization

    if importlib.util.find_spec("tensorboard") is None:
        _without_tensorboard(reporter)
    if not model_visualization.check_graphviz():

        def plot_model(model: Any, to_file: Any = "model.png", *args: Any, **kwargs: Any) -> Any:  # noqa: ARG001
            reporter.absent("Graphviz")
            path = Path(to_file)
            path.write_bytes(Drawing(model).create(format=path.suffix.removeprefix(".") or "png"))
            with contextlib.suppress(ImportError):
                from IPython.display import Image

                return Image(filename=str(path)) if path.suffix in {".png", ".jpg", ".jpeg"} else None

        def model_to_dot(model: Any, *args: Any, **kwargs: Any) -> Drawing:  # noqa: ARG001
            reporter.absent("Graphviz")
            return Drawing(model)

        replace_function(keras.utils.plot_model, plot_model)
        replace_function(keras.utils.model_to_dot, model_to_dot)


class Drawing:
    """A model's layers, one below the other; has the few methods of ``pydot.Dot`` that notebooks call."""

    def __init__(self, model: Any) -> None:
        self._lines = [f"{layer.name}: {type(layer).__name__}" for layer in model.layers]

    def create(self, prog: Any = None, format: str = "png") -> bytes:  # noqa: A002, ARG002 - pydot's own names
        """Return the picture in a format such as ``svg``."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(4, _LINE * max(1, len(self._lines))))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_ylim(len(self._lines), 0)
        for place, line in enumerate(self._lines):
            axes.text(0.5, place + 0.5, line, ha="center", va="center", bbox={"facecolor": "white"})
        out = io.BytesIO()
        figure.savefig(out, format=format)
        return out.getvalue()

    def write_png(self, path: Any) -> None:
        """Write the picture."""
        Path(path).write_bytes(self.create(format="png"))


def _without_tensorboard(reporter: LegacyReporter) -> None:
    """Let the callback do nothing: a training is the same without its logs."""
    import keras

    board, idle = keras.callbacks.TensorBoard, keras.callbacks.Callback
    for name in [one for one in vars(board) if one.startswith("on_") or one == "set_model"]:
        setattr(board, name, vars(idle).get(name))

    def on_train_begin(self: Any, logs: Any = None) -> None:  # noqa: ARG001
        reporter.absent("TensorBoard")

    board.on_train_begin = on_train_begin
