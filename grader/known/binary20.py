"""The numbers of the workbook's first task: 20 features, two classes, drawn by each notebook for itself."""

from __future__ import annotations

from grader.known.description import Description

BINARY20 = Description(
    name="binary20",
    title="binary20",
    num_train=10_000,
    num_test=10_000,
    item=(20,),
    x_dtype="float64",
    label=(1,),
    y_dtype="int64",
    class_names=("0", "1"),
    drawn=1_000,
    sample="grader.datasets.binary20",
)
