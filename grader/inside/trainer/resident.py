"""Models that keep their training rows on the device and take many steps in one execution.

A step of a small network takes a GPU less time than Python needs to ask for it, and than its rows need to get there.
So the rows are sent once, and what Keras's ``fit`` takes for a batch is a *block*: the numbers of the rows of many
batches. The model looks the rows up itself and takes its ordinary training step for each batch of the block, in one
program of the device where the backend can compile one. Shuffling, callbacks, history and validation stay Keras's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from .arrays import Pair

TEST_BATCH = 256
"""Rows that are evaluated at a time."""


class Resident(keras.Model):  # type: ignore[misc]
    """What the models of all backends share."""

    def take(self, training: Pair, class_weight: Mapping[int, float] | None, size: int) -> tuple[NDArray[np.int32]]:
        """Bring the training rows to the device; returns their numbers, to be given to ``fit`` in their place.

        Args:
            training: Rows and labels.
            class_weight: Weight of each class, 1 where none is named.
            size: Rows in a batch.
        """
        x, y = training
        arrays = [x, y]
        if class_weight:
            classes = y.argmax(axis=-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(-1)
            arrays.append(np.array([class_weight.get(int(one), 1.0) for one in classes], dtype=np.float32))
        # Keras would build metrics and loss from its first batch, which is none here.
        self.evaluate(x[:TEST_BATCH], y[:TEST_BATCH], batch_size=TEST_BATCH, verbose=0)
        self.optimizer.build(self.trainable_variables)
        self._rows = tuple(keras.ops.convert_to_tensor(array) for array in arrays)
        self._size = size
        return (np.arange(len(x), dtype=np.int32),)

    def _batches(self, block: Any) -> tuple[Any, Any]:
        """Return the whole batches of a block, as a matrix, and what is left over."""
        whole = block.shape[0] // self._size
        return block[: whole * self._size].reshape(whole, self._size), block[whole * self._size :]


class OnTensorFlow(Resident):
    """A block is a loop of TensorFlow's, compiled by XLA on a GPU."""

    def make_train_function(self, force: bool = False) -> None:  # noqa: ARG002
        """Make what ``fit`` calls with an iterator of blocks."""
        import tensorflow as tf

        step = super().train_step

        @tf.function(jit_compile=self.jit_compile, autograph=False)  # type: ignore[untyped-decorator]
        def run(whole: Any, rest: Any) -> Any:
            def one(number: Any) -> tuple[Any]:
                step(self._look_up(tf.gather, whole[number]))
                return (number + 1,)

            if whole.shape[0]:
                tf.while_loop(lambda number: number < whole.shape[0], one, [tf.constant(0)])
            if rest.shape[0]:
                step(self._look_up(tf.gather, rest))
            return self.get_metrics_result()

        def take_block(iterator: Any) -> Any:
            whole, rest = self._batches(_numbers(iterator).numpy())
            return run(tf.constant(whole), tf.constant(rest))

        self.train_function = take_block

    def _look_up(self, gather: Any, numbers: Any) -> tuple[Any, ...]:
        return tuple(gather(part, numbers) for part in self._rows)


class OnJax(Resident):
    """A block is a scan, compiled by XLA."""

    def make_train_function(self, force: bool = False) -> None:  # noqa: ARG002
        """Make what ``fit`` calls with the state of all variables and an iterator of blocks."""
        import jax

        step = super().train_step

        def one(rows: Any, state: Any, numbers: Any) -> tuple[Any, Any]:
            logs, state = step(state, tuple(part[numbers] for part in rows))
            return tuple(list(group) for group in state), logs

        def run(state: Any, rows: Any, block: Any) -> tuple[Any, Any]:
            whole, rest = self._batches(block)
            state = tuple(list(group) for group in state)
            logs = {}
            if whole.shape[0]:
                state, each = jax.lax.scan(lambda state, numbers: one(rows, state, numbers), state, whole)
                logs = jax.tree.map(lambda values: values[-1], each)
            if rest.shape[0]:
                state, logs = one(rows, state, rest)
            return logs, state

        compiled = jax.jit(run, donate_argnums=0)  # rows are an argument: a constant would be compiled in
        self.train_function = lambda state, iterator: compiled(state, self._rows, _numbers(iterator))


class OnTorch(Resident):
    """A block is a loop of Python's: the rows are on the device, and Keras is asked less often."""

    def train_step(self, data: Any) -> Any:
        """Take the steps of a block one after the other."""
        numbers, logs = _first(data), {}
        for batch in numbers.split(self._size):
            logs = super().train_step(tuple(part[batch] for part in self._rows))
        return logs


def resident_class() -> type[Resident]:
    """Return the class for the backend at work."""
    return {"tensorflow": OnTensorFlow, "jax": OnJax, "torch": OnTorch}[keras.backend.backend()]


def _numbers(iterator: Any) -> Any:
    """Return the next block; Keras of before 3.8 gives JAX a list instead of an iterator."""
    return _first(next(iter(iterator)))


def _first(data: Any) -> Any:
    return data[0] if isinstance(data, tuple | list) else data
