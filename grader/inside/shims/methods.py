"""Methods and attributes that models, layers and optimizers no longer have."""

from __future__ import annotations

from typing import Any

from .generators import in_batches
from .reporter import LegacyReporter, asked_by_notebook

_UNBUILT = "has never been called"


def install_methods(reporter: LegacyReporter) -> None:
    """Give Keras, which has just been imported, its old methods back."""
    import keras

    for name, method in {**_classes(reporter), **_generators(reporter)}.items():
        if not hasattr(keras.Model, name):
            setattr(keras.Sequential if name in {"predict_classes", "predict_proba"} else keras.Model, name, method)
    _ends_of_sequential(reporter)
    keras.Layer.output_shape = _Shape(reporter, "output")
    keras.Layer.input_shape = _Shape(reporter, "input")


def _classes(reporter: LegacyReporter) -> dict[str, Any]:
    def predict_classes(self: Any, x: Any, batch_size: int = 32, verbose: Any = 0) -> Any:
        """Return the class of every row, as Sequential models did until 2021."""
        __tracebackhide__ = True
        reporter.used("predict_classes(x)", "predict(x).argmax(axis=-1)")
        given = self.predict(x, batch_size=batch_size, verbose=verbose)
        return given.argmax(axis=-1) if given.shape[-1] > 1 else (given > 0.5).astype("int32")

    def predict_proba(self: Any, x: Any, batch_size: int = 32, verbose: Any = 0) -> Any:
        """Return the model's outputs."""
        __tracebackhide__ = True
        reporter.used("predict_proba(x)", "predict(x)")
        return self.predict(x, batch_size=batch_size, verbose=verbose)

    return {"predict_classes": predict_classes, "predict_proba": predict_proba}


def _generators(reporter: LegacyReporter) -> dict[str, Any]:
    def fit_generator(self: Any, generator: Any, steps_per_epoch: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Train on a generator's batches."""
        __tracebackhide__ = True
        reporter.used("fit_generator(generator)", "fit(generator)")
        given = dict(zip(("epochs", "verbose", "callbacks", "validation_data", "validation_steps"), args, strict=False))
        given |= {"steps_per_epoch": steps_per_epoch} if steps_per_epoch is not None else {}
        return self.fit(generator, **in_batches(reporter, generator, {**given, **kwargs}))

    def evaluate_generator(self: Any, generator: Any, steps: Any = None, **kwargs: Any) -> Any:
        """Evaluate on a generator's batches."""
        __tracebackhide__ = True
        reporter.used("evaluate_generator(generator)", "evaluate(generator)")
        return self.evaluate(generator, **in_batches(reporter, generator, {"steps": steps, "verbose": 0, **kwargs}))

    def predict_generator(self: Any, generator: Any, steps: Any = None, **kwargs: Any) -> Any:
        """Predict on a generator's batches."""
        __tracebackhide__ = True
        reporter.used("predict_generator(generator)", "predict(generator)")
        return self.predict(generator, **in_batches(reporter, generator, {"steps": steps, "verbose": 0, **kwargs}))

    return {one.__name__: one for one in (fit_generator, evaluate_generator, predict_generator)}


def _ends_of_sequential(reporter: LegacyReporter) -> None:
    """``model.input`` of a Sequential that was built by ``fit``: Keras 3 knows it only under another name."""
    import keras

    for name in ("input", "output"):
        original = getattr(keras.Sequential, name)

        def end(self: Any, name: str = name, original: Any = original) -> Any:
            __tracebackhide__ = True
            try:
                return original.fget(self)
            except AttributeError as error:
                built = getattr(self, "_functional", None)
                if built is None or _UNBUILT not in str(error):
                    raise
                reporter.used(f"model.{name}", f"model.{name}s[0]")
                return getattr(built, name)

        setattr(keras.Sequential, name, property(end, doc=original.__doc__))


class _Shape:
    """``layer.output_shape``: found only where the layer itself says nothing of that name."""

    def __init__(self, reporter: LegacyReporter, end: str) -> None:
        self._reporter, self._end = reporter, end

    def __get__(self, layer: Any, owner: type) -> Any:
        if layer is None:
            return self
        if not asked_by_notebook():
            raise AttributeError(f"{type(layer).__name__!r} object has no attribute '{self._end}_shape'")
        tensors = getattr(layer, self._end)
        self._reporter.used(f"layer.{self._end}_shape", f"layer.{self._end}.shape")
        return [tuple(one.shape) for one in tensors] if isinstance(tensors, list) else tuple(tensors.shape)
