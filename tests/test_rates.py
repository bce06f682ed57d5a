"""Which functions of a LearningRateScheduler can be asked before the training: those that only compute."""

import math
import random

import numpy as np
import pytest

from grader.inside.probe.rates import is_pure_arithmetic

BASE, STEPS, SEEN = 0.1, [0.1, 0.01, 0.001], []


def step(epoch, lr):
    return lr if epoch < 10 else lr * math.exp(-0.1)


def looked_up(epoch):
    return STEPS[min(epoch, len(STEPS) - 1)]


def by_another(epoch, lr=0.1, *, drop=0.5):
    return float(np.maximum(step(epoch, lr) * drop ** math.floor(epoch / 5), 1e-5)) * BASE


def warm(base):
    def schedule(epoch):
        for number in range(3):
            if epoch == number:
                return base * (number + 1) / 3
        return base

    return schedule


def chance(epoch):
    return random.random() * epoch


def drawn(epoch):
    return np.random.rand() * epoch  # noqa: NPY002


def prints(epoch):
    print(epoch)  # noqa: T201
    return 0.1


def remembers(epoch):
    SEEN.append(epoch)
    return 0.1


def changes(epoch):
    global BASE
    BASE = 0.2
    return BASE


def grows(epoch):
    steps = STEPS
    steps += [epoch]
    return 0.1


def imports(epoch):
    import time

    return time.time()


def counting():
    count = 0

    def schedule(epoch):
        nonlocal count
        count += 1
        return 0.1 / count

    return schedule


class Called:
    def __call__(self, epoch):
        return 0.1


@pytest.mark.parametrize("function", [step, looked_up, by_another, warm(0.1), lambda epoch: 0.1 * 0.9**epoch])
def test_what_only_computes_may_be_asked_beforehand(function):
    """Arithmetic, tables, mathematical functions, other functions of that kind."""
    assert is_pure_arithmetic(function)


@pytest.mark.parametrize(
    "function",
    [chance, drawn, prints, remembers, changes, grows, imports, counting(), Called(), max, lambda epoch: exec("1")],
)
def test_what_could_do_anything_else_is_left_to_the_training(function):
    """Effects, chance, the clock, memory from call to call, objects whose ways are not seen."""
    assert not is_pure_arithmetic(function)
