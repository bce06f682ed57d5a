"""Array pipelines that end at once.

tf.data tunes a pipeline in a thread whose sleep doubles up to a minute, and in TensorFlow 2.21 the end of an iterator
waits for that sleep. Keras keeps one iterator for a whole ``fit`` with ``steps_per_epoch``, so a fit that the quick
profile cut took up to twice as long as its training. Arrays in memory gain nothing from the tuning.
"""

from __future__ import annotations

from typing import Any


def end_at_once() -> None:
    """Switch tuning off for the pipelines that Keras makes of arrays, with TensorFlow as its backend."""
    from keras.src import backend
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

    made = ArrayDataAdapter.get_tf_dataset
    if backend.backend() != "tensorflow" or hasattr(made, "ends_at_once"):
        return

    def get_tf_dataset(self: Any) -> Any:
        import tensorflow as tf

        options = tf.data.Options()
        options.autotune.enabled = False
        return made(self).with_options(options)

    get_tf_dataset.ends_at_once = True  # type: ignore[attr-defined]
    ArrayDataAdapter.get_tf_dataset = get_tf_dataset
