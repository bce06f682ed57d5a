"""MNIST: handwritten digits, 28 x 28 grey."""

from __future__ import annotations

from grader.known.description import DIGITS, IDX_FILES, Description, Published

MNIST = Description(
    name="mnist",
    title="MNIST",
    num_train=60_000,
    num_test=10_000,
    item=(28, 28),
    class_names=DIGITS,
    sample="grader.datasets.sample_mnist",
    archive="idx",
    keras_file="mnist.npz",
    fingerprint="ef0ea40b26ddad94904a0206f84d3c7178be7f8048d11b4c56bdb3e4c5b6dd23",
    published=(
        # Fashion-MNIST's files have the same names; Keras loads those from its own place.
        Published(form="idx", pattern=rf"^(?!.*(fashion|tf-keras-datasets)).*{IDX_FILES}"),
        # The tables that lie in every Colab machine, and pjreddie.com's.
        Published(form="csv", pattern=r"(^|/)mnist_(?P<split>train|test)(?P<small>(?<=train)_small)?\.csv$"),
    ),
    called={
        "openml": ("mnist_784", "554"),
        "mldata": ("mnist original",),
        "tensorflow.examples.tutorials": ("mnist",),
    },
    spellings=("-idx",),
    unlike=("fashion_mnist", "fashion-mnist"),
)
