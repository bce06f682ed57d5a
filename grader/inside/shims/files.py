"""Files that models and weights were saved to: any name, and weights in the format of Keras 2."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..probe.hooks import replace_function, replace_method  # noqa: TID252 - the kernel imports this folder under another name
from .reporter import LegacyReporter

_MODELS = (".keras", ".h5", ".hdf5")
_WEIGHTS = (".weights.h5", ".weights.json")
_H5 = b"\x89HDF\r\n\x1a\n"


def install_files(reporter: LegacyReporter) -> None:
    """Let Keras, which has just been imported, save to and load from the files of old."""
    import keras

    _install_save_model(reporter)
    replace_method(keras.Model, "save_weights", lambda original: _save_weights(reporter, original))
    replace_method(keras.Model, "load_weights", _load_weights)
    _install_load_model()


def _install_save_model(reporter: LegacyReporter) -> None:
    """The method ``save`` calls this function, too."""
    import keras

    original = keras.saving.save_model

    def save_model(model: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        name = os.fspath(filepath) if isinstance(filepath, (str, os.PathLike)) else ""
        if not name or name.endswith(_MODELS) or "://" in name:
            return original(model, filepath, *args, **kwargs)
        reporter.used(f"save({name!r})", f"save({name + '.keras'!r})")
        ending = ".h5" if kwargs.get("save_format") in {"h5", "hdf5"} else ".keras"
        with _beside(name, ending) as made:
            return original(model, made, **{key: value for key, value in kwargs.items() if key == "include_optimizer"})

    replace_function(original, save_model)


def _save_weights(reporter: LegacyReporter, original: Any) -> Any:
    def save_weights(self: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        name = os.fspath(filepath)
        if name.endswith(_WEIGHTS) or "://" in name:
            return original(self, filepath, *args, **kwargs)
        import h5py
        from keras.src.legacy.saving import legacy_h5_format

        reporter.used(f"save_weights({name!r})", 'save_weights("model.weights.h5")')
        with _beside(name, ".h5") as made, h5py.File(made, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, self)
        return None

    return save_weights


def _load_weights(original: Any) -> Any:
    def load_weights(self: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        name = os.fspath(filepath)
        if name.endswith((*_MODELS, *_WEIGHTS)) or _kind(name) != ".h5":
            return original(self, filepath, *args, **kwargs)
        with _under_ending(name, ".h5") as path:
            return original(self, path, *args, **kwargs)

    return load_weights


def _install_load_model() -> None:
    import keras

    original = keras.saving.load_model

    def load_model(filepath: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        name = os.fspath(filepath) if isinstance(filepath, (str, os.PathLike)) else ""
        kind = "" if name.endswith(_MODELS) else _kind(name)
        if not kind:
            return original(filepath, *args, **kwargs)
        with _under_ending(name, kind) as path:
            return original(path, *args, **kwargs)

    replace_function(original, load_model)


def _kind(name: str) -> str:
    """Return the ending that a file's content asks for; empty for what is no file of Keras's."""
    with contextlib.suppress(OSError), Path(name).open("rb") as file:
        head = file.read(8)
        return ".h5" if head == _H5 else ".keras" if head.startswith(b"PK\x03\x04") else ""
    return ""


@contextlib.contextmanager
def _beside(name: str, ending: str) -> Iterator[str]:
    """Give a path with an ending that Keras takes; what is written there becomes the file of the name wanted."""
    target = Path(name.rstrip("/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    made = target.with_name(f".{target.name}{ending}")
    yield str(made)
    made.replace(target)


@contextlib.contextmanager
def _under_ending(name: str, ending: str) -> Iterator[str]:
    """Give a path with an ending that leads to a file without it."""
    with tempfile.TemporaryDirectory(prefix="keras-") as folder:
        link = Path(folder) / f"model{ending}"
        link.symlink_to(Path(name).absolute())
        yield str(link)
