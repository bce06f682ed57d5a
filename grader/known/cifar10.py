"""CIFAR-10: small photographs, 32 x 32 in colour."""

from __future__ import annotations

from grader.known.description import Description, Published

CIFAR10 = Description(
    name="cifar10",
    title="CIFAR-10",
    num_train=50_000,
    num_test=10_000,
    item=(32, 32, 3),
    label=(1,),
    class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    sample="grader.datasets.sample_cifar10",
    archive="cifar",
    published=(Published(form="cifar", pattern=r"cifar-10-(python\.tar\.gz$|batches-py)"),),
    spellings=("cifar-10", "cifar_10"),
)
