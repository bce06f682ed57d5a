"""A data set whose training labels belong to other rows: what a training that learns nothing looks like.

It is a data set of its own, with a fingerprint of its own, so that no student's recipe can ever mean it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from grader.records import DataSet

_SEED = 7
_ENDING = "-shuffled"


def with_shuffled_labels(dataset: DataSet) -> DataSet:
    """Return the data set with its training labels in another order; made beside it on first use.

    The other arrays are the same files. Test labels are untouched.
    """
    place = Path(dataset.folder + _ENDING)
    print_ = hashlib.sha256(f"{dataset.fingerprint} training labels shuffled {_SEED}".encode()).hexdigest()
    wanted = replace(dataset, fingerprint=print_, folder=str(place), source=f"{dataset.source}; labels shuffled")
    if not _is_there(wanted):
        fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        try:
            _fill(fresh, Path(dataset.folder), wanted)
            shutil.rmtree(place, ignore_errors=True)  # of other data than today's
            fresh.rename(place)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return wanted


def _is_there(wanted: DataSet) -> bool:
    try:
        facts = json.loads((Path(wanted.folder) / "dataset.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(facts.get("fingerprint") == wanted.fingerprint)


def _fill(fresh: Path, original: Path, wanted: DataSet) -> None:
    for file in original.glob("*.npy"):
        if file.name != "y_train.npy":
            os.link(file, fresh / file.name)
    labels = np.load(original / "y_train.npy", allow_pickle=False)
    np.save(fresh / "y_train.npy", np.random.RandomState(_SEED).permutation(labels), allow_pickle=False)
    facts = {name: value for name, value in asdict(wanted).items() if name != "folder"}
    (fresh / "dataset.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    fresh.chmod(0o755)
