"""``keras.datasets`` and ``keras.utils.get_file`` without a network: the arrays on disk under Keras's own names."""

from __future__ import annotations

import inspect
import pickle
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .hooks import replace_function
from .session import Session
from .stored import StoredDataset

_MNIST_FILE = "mnist.npz"
_CIFAR_FOLDER = "cifar-10-batches-py"
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def install_data(session: Session) -> None:
    """Make Keras's data sets come from disk, and say plainly which ones are not there."""
    import keras

    for name in sorted(vars(keras.datasets)):
        module = sys.modules.get(f"keras.src.datasets.{name}")
        original = getattr(module, "load_data", None)
        if original is None:
            continue
        stored = session.stored_datasets.get(name)
        loader = _absent(session, name) if stored is None else _present(session, stored, original)
        replace_function(original, loader)
    _install_get_file(session)


def _present(session: Session, stored: StoredDataset, original: Any) -> Any:
    signature = inspect.signature(original)

    def load_data(*args: Any, **kwargs: Any) -> Any:
        signature.bind(*args, **kwargs)
        session.note("data", f"{stored.name} {stored.edition}".strip())
        return (stored.array("x_train"), stored.array("y_train")), (stored.array("x_test"), stored.array("y_test"))

    return load_data


def _absent(session: Session, name: str) -> Any:
    def load_data(*args: Any, **kwargs: Any) -> Any:  # noqa: ARG001
        session.note("data-absent", name)
        there = " and ".join(sorted(session.stored_datasets)) or "no data sets"
        raise RuntimeError(
            f"keras.datasets.{name} is not available here: there is no network while notebooks are graded. "
            f"This workbook provides {there}."
        )

    return load_data


def _install_get_file(session: Session) -> None:
    import keras

    original = keras.utils.get_file
    signature = inspect.signature(original)
    made: dict[str, str] = {}

    def get_file(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        path = None
        with session.quietly():
            given = signature.bind(*args, **kwargs).arguments
            path = _local_file(session, given, made)
        return original(*args, **kwargs) if path is None else path

    replace_function(original, get_file)


def _local_file(session: Session, given: dict[str, Any], made: dict[str, str]) -> str | None:
    """Return a local stand-in for a download of MNIST or CIFAR-10, None for anything else."""
    wanted = f"{given.get('fname') or ''} {given.get('origin') or ''}"
    mnist, cifar = session.stored_datasets.get("mnist"), session.stored_datasets.get("cifar10")
    if _MNIST_FILE in wanted and mnist is not None:
        kind, make, stored = "mnist.npz", mnist_file, mnist
    elif "cifar-10" in wanted and cifar is not None:
        unpacked = bool(given.get("untar") or given.get("extract"))
        kind, make = ("cifar-10 folder", _cifar_folder) if unpacked else ("cifar-10 archive", cifar_archive)
        stored = cifar
    else:
        session.note("download", wanted.strip())
        return None
    session.note("data", f"{kind} from the copy on disk")
    if kind not in made:
        made[kind] = make(stored)
    return made[kind]


def mnist_file(stored: StoredDataset) -> str:
    """Write the file that Keras downloads, and return its path."""
    path = Path(tempfile.mkdtemp(prefix="keras-")) / _MNIST_FILE
    arrays: dict[str, Any] = {name: stored.array(name) for name in ("x_train", "y_train", "x_test", "y_test")}
    np.savez(path, **arrays)
    return str(path)


def _cifar_folder(stored: StoredDataset) -> str:
    """Write the archive's files; the folder leads to itself by the archive's inner name, as releases differ in that."""
    folder = Path(tempfile.mkdtemp(prefix="keras-"))
    x, y = stored.array("x_train"), np.ravel(stored.array("y_train"))
    for number, rows in enumerate(np.array_split(np.arange(len(x)), 5), start=1):
        _cifar_batch(folder / f"data_batch_{number}", x[rows], y[rows])
    _cifar_batch(folder / "test_batch", stored.array("x_test"), np.ravel(stored.array("y_test")))
    meta = {b"label_names": [name.encode() for name in CIFAR_CLASSES], b"num_vis": 3072}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta))
    (folder / _CIFAR_FOLDER).symlink_to(".", target_is_directory=True)
    return str(folder)


def _cifar_batch(path: Path, images: Any, labels: Any) -> None:
    flat = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    path.write_bytes(pickle.dumps({b"data": np.ascontiguousarray(flat), b"labels": labels.tolist()}))


def cifar_archive(stored: StoredDataset) -> str:
    """Write the archive that CIFAR-10 is published as, and return its path."""
    folder = _cifar_folder(stored)
    path = Path(folder).with_suffix(".tar.gz")
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for file in sorted(Path(folder).iterdir()):
            if not file.is_symlink():
                archive.add(file, arcname=f"{_CIFAR_FOLDER}/{file.name}")
    return str(path)
