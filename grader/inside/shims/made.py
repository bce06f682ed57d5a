"""Stand-ins that are more than another name: what old code finds under a dotted name, and what makes it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from . import openml, scipy_images
from .backend import backend
from .reporter import LegacyReporter
from .spellings import STYLES
from .windows import windows

Make = Callable[[ModuleType], Any]
_IMAGES = ("imread", "imsave", "imresize", "toimage")
_INSTEAD = {"imread": "matplotlib.pyplot.imread", "imsave": "matplotlib.pyplot.imsave"}


def stand_ins(reporter: LegacyReporter, session: Any) -> dict[str, Make]:
    """Return what makes each stand-in, given the module it is looked for in."""
    return {
        **windows(reporter),
        **backend(reporter),
        **{f"scipy.misc.{name}": _image(reporter, name) for name in _IMAGES},
        "scipy.ndimage.imread": _image(reporter, "imread", "scipy.ndimage"),
        **{f"matplotlib.style.{name}": _styled(reporter, name) for name in ("use", "context")},
        "sklearn.datasets.fetch_openml": lambda module: openml.fetch_openml(module, session.stored_datasets),
        "sklearn.datasets.fetch_mldata": lambda _: _fetch_mldata(reporter, session),
        "sklearn.preprocessing.OneHotEncoder": lambda module: _one_hot(reporter, module),
        "keras.utils.print_summary": lambda _: _print_summary(reporter),
        "tensorflow.enable_eager_execution": lambda _: lambda *_: reporter.used("tensorflow.enable_eager_execution()"),
    }


def _image(reporter: LegacyReporter, name: str, owner: str = "scipy.misc") -> Make:
    def make(module: ModuleType) -> Any:  # noqa: ARG001
        reporter.used(f"{owner}.{name}", _INSTEAD.get(name, "PIL.Image.fromarray(image)"))
        return getattr(scipy_images, name)

    return make


def _styled(reporter: LegacyReporter, name: str) -> Make:
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
                reporter.used(f'"{style}"', f'"{new}"')
                return new
            return style

        def use(style: Any, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            return original(today(style), *args, **kwargs)

        use.__name__, use.__doc__ = name, original.__doc__
        return use

    return make


def _fetch_mldata(reporter: LegacyReporter, session: Any) -> Any:
    reporter.used("fetch_mldata", 'fetch_openml("mnist_784")')
    return openml.fetch_mldata(session.stored_datasets)


def _print_summary(reporter: LegacyReporter) -> Any:
    def print_summary(model: Any, *args: Any, **kwargs: Any) -> None:
        reporter.used("print_summary(model)", "model.summary()")
        model.summary(*args, **kwargs)

    return print_summary


def _one_hot(reporter: LegacyReporter, module: Any) -> Any:
    """``OneHotEncoder(sparse=False)``, in place: scikit-learn reads an estimator's arguments from its class."""
    kind = module.OneHotEncoder
    original = kind.__init__

    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        __tracebackhide__ = True
        if "sparse" in kwargs:
            reporter.used("sparse=", "sparse_output=")
            kwargs["sparse_output"] = kwargs.pop("sparse")
        original(self, *args, **kwargs)

    kind.__init__ = __init__
    return kind
