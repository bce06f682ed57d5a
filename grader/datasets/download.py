"""Keras's own download of a data set, in a process of its own: ``python -m grader.datasets.download NAME FILE.npz``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from grader.errors import DataError
from grader.records import Message, msg


def download(name: str, target: Path, *, seconds: float = 1800) -> None:
    """Fetch a data set through ``keras.datasets`` and write it to ``target`` as .npz.

    Keras keeps its own copy below ``~/.keras``; when it is there already, no network is needed.

    Raises:
        DataError: Keras is missing, or the network is; says what to do instead.
    """
    command = [sys.executable, "-m", "grader.datasets.download", name, str(target)]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as late:
        text = msg(
            "{name} did not arrive within {seconds} s. {instead}",
            name=name,
            seconds=round(seconds),
            instead=_instead(name),
        )
        raise DataError(text) from late
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["-"])[-1]
        raise DataError(
            msg("{name} could not be downloaded ({why}). {instead}", name=name, why=last[:300], instead=_instead(name))
        )


def _instead(name: str) -> Message:
    return msg(
        "Check the network, or fetch {name} on another machine (Keras leaves it in ~/.keras/datasets) and run: "
        "grader data add {name} FILE",
        name=name,
    )


def main() -> None:
    """Load the data set named on the command line and save its arrays."""
    import keras
    import numpy as np

    name, target = sys.argv[1:]
    (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    np.savez(target, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


if __name__ == "__main__":
    main()
