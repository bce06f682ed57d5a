"""``keras.datasets`` and ``keras.utils.get_file`` without a network: the arrays on disk under Keras's own names."""

from __future__ import annotations

import inspect
import sys
from typing import Any

from .copies import cifar_archive, cifar_folder, copy_at, npz_file
from .hooks import replace_function
from .session import Session
from .stored import StoredDataset


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
    made: dict[tuple[str, str], str] = {}

    def get_file(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        path = None
        with session.quietly():
            given = signature.bind(*args, **kwargs).arguments
            path = _local_file(session, given, made)
        return original(*args, **kwargs) if path is None else path

    replace_function(original, get_file)


def _local_file(session: Session, given: dict[str, Any], made: dict[tuple[str, str], str]) -> str | None:
    """Return a local stand-in for the download of a data set, None for anything else."""
    wanted = [str(given[name]) for name in ("fname", "origin") if given.get(name)]
    found = next(
        (copy for one in wanted if (copy := copy_at(session.stored_datasets, one)) and copy.form in _KERAS_FORMS), None
    )
    if found is None:
        session.note("download", " ".join(wanted))
        return None
    unpacked = bool(given.get("untar") or given.get("extract"))
    form = f"{found.form} folder" if unpacked and f"{found.form} folder" in _KERAS_FORMS else found.form
    session.note("data", f"{found.stored.name}: {form} from the copy on disk")
    key = (found.stored.name, form)
    if key not in made:
        made[key] = _KERAS_FORMS[form](found.stored)
    return made[key]


_KERAS_FORMS = {"npz": npz_file, "cifar": cifar_archive, "cifar folder": cifar_folder}
"""Form of a file, unpacked or not -> what writes it."""
