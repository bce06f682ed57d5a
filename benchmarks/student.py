"""What a student waits for: ``python -m benchmarks.student NOTEBOOK [TASK]``.

Timed are the static check, ``grader check`` until it has said the first word on a model's structure and until its end,
and the self-check in a session: its import, what it adds to a training, and its answers. Seconds of the clock depend on
what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.run_directory import say

_SESSION = """
import time, numpy as np, keras
from keras import layers
def timed(name, work):
    begun = time.monotonic(); work()
    print(f"{name:32}{time.monotonic() - begun:10.2f} s")
def build():
    stack = []
    for _ in range(4):
        stack += [layers.Conv2D(8, 3, padding="same"), layers.MaxPooling2D(2)]
    stack += [layers.Flatten(), layers.Dense(10, activation="softmax")]
    model = keras.Sequential([keras.Input((28, 28, 1)), *stack])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
x = np.random.default_rng(0).integers(256, size=(60000, 28, 28, 1), dtype=np.uint8) / np.float32(255)
y = np.arange(60000) % 10
fit = lambda: build().fit(x, y, batch_size=64, steps_per_epoch=100, epochs=1, verbose=0)
fit()
timed("a short training, unwatched", fit)
def imported():
    global selfcheck
    from grader import selfcheck
timed("import of the self-check", imported)
timed("the same training, watched", fit)
model = build()
import contextlib, io
def quiet(work):
    with contextlib.redirect_stdout(io.StringIO()):
        work()
timed("selfcheck(task, model), first", lambda: quiet(lambda: selfcheck("task3", model)))
timed("selfcheck(task, model), again", lambda: quiet(lambda: selfcheck("task3", model)))
timed("selfcheck.all()", lambda: quiet(selfcheck.all))
"""


def main() -> None:
    """Time the commands, then a session."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("task", nargs="?")
    asked = parser.parse_args()
    task = ["--task", asked.task] if asked.task else []
    check(["--static", str(asked.notebook), *task], {"grader check --static": None})
    check([str(asked.notebook), *task], {"grader check, first structure": "so far:", "grader check, whole": None})
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    subprocess.run([sys.executable, "-c", _SESSION], check=True, env=quiet)


def check(arguments: list[str], rows: dict[str, str | None]) -> None:
    """Call ``grader check`` and print when a word came, or when it ended."""
    begun = time.monotonic()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "grader", "check", "--lang", "en", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        seen: dict[str, float] = {}
        for line in process.stdout:
            for name, word in rows.items():
                if word is not None and word in line:
                    seen.setdefault(name, time.monotonic() - begun)
    for name, word in rows.items():
        took = time.monotonic() - begun if word is None else seen.get(name)
        say(f"{name:32}{f'{took:10.2f} s' if took is not None else 'never':>12}")


if __name__ == "__main__":
    main()
