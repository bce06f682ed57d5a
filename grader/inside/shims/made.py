"""Stand-ins that are more than another name: what old code finds under a dotted name, and what makes it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from . import openml, scipy_images
from .spellings import STYLES
from .told import Told
from .windows import windows

Make = Callable[[ModuleType], Any]
_IMAGES = ("imread", "imsave", "imresize", "toimage")
_INSTEAD = {"imread": "matplotlib.pyplot.imread", "imsave": "matplotlib.pyplot.imsave"}


def stand_ins(told: Told, session: Any) -> dict[str, Make]:
    """Return what makes each stand-in, given the module it is looked for in."""
    return {
        **windows(told),
        **_backend(told),
        **{f"scipy.misc.{name}": _image(told, name) for name in _IMAGES},
        "scipy.ndimage.imread": _image(told, "imread", "scipy.ndimage"),
        **{f"matplotlib.style.{name}": _styled(told, name) for name in ("use", "context")},
        "sklearn.datasets.fetch_openml": lambda module: openml.fetch_openml(module, session.shelves),
        "sklearn.datasets.fetch_mldata": lambda _: _fetch_mldata(told, session),
        "tensorflow.train.AdamOptimizer": lambda _: _adam(told),
        "tensorflow.enable_eager_execution": lambda _: lambda *_: told.used("tensorflow.enable_eager_execution()"),
    }


def _backend(told: Told) -> dict[str, Make]:
    def image_dim_ordering() -> str:
        import keras

        told.used("image_dim_ordering()", "keras.config.image_data_format()")
        return {"channels_first": "th"}.get(keras.config.image_data_format(), "tf")

    def set_image_dim_ordering(ordering: str) -> None:
        import keras

        new = {"th": "channels_first", "tf": "channels_last"}[ordering]
        told.used(f"set_image_dim_ordering({ordering!r})", f"keras.config.set_image_data_format({new!r})")
        keras.config.set_image_data_format(new)

    def set_session(session: Any) -> None:  # noqa: ARG001
        told.used("set_session(...)")

    def set_value(x: Any, value: Any) -> None:
        told.used("set_value(x, value)", "x.assign(value)")  # Keras 3 keeps one that fails on its own variables
        x.assign(value)

    return {
        "keras.backend.set_value": lambda _: set_value,
        "keras.backend.image_dim_ordering": lambda _: image_dim_ordering,
        "keras.backend.set_image_dim_ordering": lambda _: set_image_dim_ordering,
        "keras.backend.set_session": lambda _: set_session,
    }


def _image(told: Told, name: str, owner: str = "scipy.misc") -> Make:
    def make(module: ModuleType) -> Any:  # noqa: ARG001
        told.used(f"{owner}.{name}", _INSTEAD.get(name, "PIL.Image.fromarray(image)"))
        return getattr(scipy_images, name)

    return make


def _styled(told: Told, name: str) -> Make:
    """The styles after seaborn, by the names they had until 2022."""

    def make(module: Any) -> Any:
        original = getattr(module, name)

        def today(style: Any) -> Any:
            if isinstance(style, (list, tuple)):
                return [today(one) for one in style]
            if not isinstance(style, str) or style in module.library or not style.startswith(STYLES[0]):
                return style
            new = STYLES[1] + style.removeprefix(STYLES[0])
            if new in module.library:
                told.used(f'"{style}"', f'"{new}"')
                return new
            return style

        def use(style: Any, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            return original(today(style), *args, **kwargs)

        use.__name__, use.__doc__ = name, original.__doc__
        return use

    return make


def _fetch_mldata(told: Told, session: Any) -> Any:
    told.used("fetch_mldata", 'fetch_openml("mnist_784")')
    return openml.fetch_mldata(session.shelves)


def _adam(told: Told) -> Any:
    def AdamOptimizer(  # noqa: N802 - TensorFlow 1's name and arguments
        learning_rate: Any = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-08, **_: Any
    ) -> Any:
        import keras

        return keras.optimizers.Adam(learning_rate, beta_1=beta1, beta_2=beta2, epsilon=epsilon)

    told.used("tensorflow.train.AdamOptimizer", "keras.optimizers.Adam")
    return AdamOptimizer
