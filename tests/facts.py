"""Small factories of facts, so that a test reads as the notebook it stands for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from grader.records import (
    ArrayFacts,
    Band,
    CellOutcome,
    CellStatus,
    CompileFacts,
    Ending,
    EvaluateFacts,
    Execution,
    FailureFacts,
    FitFacts,
    LabelFacts,
    LayerFacts,
    ModelFacts,
    NoteFacts,
    Profile,
    RowFacts,
    Trace,
    Training,
    TrainingOutcome,
    msg,
)

FULL, QUICK = Profile(name="full"), Profile(name="quick", steps=200)
ROWS = {"mnist": (60_000, 10_000), "cifar10": (50_000, 10_000), "binary20": (1000, 0)}
SHAPES = {"mnist": (784,), "cifar10": (32, 32, 3), "binary20": (20,)}


def cells_of(cells: Iterable[tuple[str, str, str]]) -> tuple[CellOutcome, ...]:
    """Cells as (source, error, message); no error, no failure."""
    return tuple(
        CellOutcome(
            index=number,
            number=number,
            status=CellStatus.ERROR if error else CellStatus.OK,
            source=source,
            error=error,
            message=message,
        )
        for number, (source, error, message) in enumerate(cells, start=1)
    )


def dense(units: int, activation: str = "linear") -> LayerFacts:
    return LayerFacts(kind="Dense", config={"units": units, "activation": activation})


def conv(filters: int, padding: str = "same") -> LayerFacts:
    config = {"filters": filters, "kernel_size": [3, 3], "strides": [1, 1], "padding": padding, "activation": "relu"}
    return LayerFacts(kind="Conv2D", config=config)


def pool() -> LayerFacts:
    return LayerFacts(kind="MaxPooling2D", config={"pool_size": [2, 2], "padding": "valid"})


def layer(kind: str, **config: Any) -> LayerFacts:
    return LayerFacts(kind=kind, config=config)


FLATTEN = LayerFacts(kind="Flatten")
EXAMPLE1 = (dense(64, "relu"), dense(1, "sigmoid"))
TASK1 = (dense(128, "tanh"), dense(1, "softmax"))
MLP = (dense(512, "relu"), dense(10, "softmax"))
EXAMPLE3 = (conv(32), pool(), conv(64), pool(), conv(128), FLATTEN, dense(10, "softmax"))
TASK3 = (
    conv(32),
    pool(),
    conv(32),
    pool(),
    conv(64),
    pool(),
    conv(64),
    pool(),
    conv(64),
    FLATTEN,
    dense(10, "softmax"),
)
EXAMPLE4 = (conv(32), conv(32), pool(), conv(64), conv(64), pool(), FLATTEN, dense(512, "relu"), dense(10, "softmax"))
BIGGER4 = (
    conv(64),
    conv(64),
    pool(),
    conv(96),
    conv(96),
    conv(96),
    pool(),
    FLATTEN,
    dense(256, "relu"),
    dense(10, "softmax"),
)


def data(name: str, split: str = "train", rows: int | None = None) -> ArrayFacts:
    """Rows of a data set from the first on; all of the split when not said."""
    train, test = ROWS[name]
    count = rows if rows is not None else (test if split == "test" else train)
    known = split in {"train", "test"}
    return ArrayFacts(
        shape=(count, *SHAPES[name]),
        dtype="float32",
        dataset=name,
        split=split,
        rows=RowFacts(count=count, ranges=((0, count),)) if known else None,
        train_rows=count if split == "train" else 0,
        test_rows=count if split in {"test", "mixed"} else 0,
    )


def unknown_data(*shape: int) -> ArrayFacts:
    return ArrayFacts(shape=shape, dtype="float32", why="pipeline")


def labels(agree: float | None = 1.0) -> LabelFacts:
    return LabelFacts(shape=(1,), dtype="uint8", encoding="integer", agree=agree)


class Notebook:
    """Writes the execution of a notebook, call by call; each call is a cell of its own."""

    def __init__(self, name: str = "work.ipynb") -> None:
        self.name, self.cell, self.cells = name, 0, []
        self.models, self.compiles, self.fits, self.evaluations, self.predicts, self.failures = [], [], [], [], [], []
        self.notes, self.lost = [], ()

    def model(
        self, layers: tuple[LayerFacts, ...], *, shape: tuple[int, ...] | None = None, optimizer: str = "RMSprop"
    ) -> int:
        """Build and compile a model; returns its number."""
        self.cell += 1
        number = len({one.model for one in self.models})
        out = (None, layers[-1].config.get("units"))
        facts = ModelFacts(
            snapshot=len(self.models),
            model=number,
            api="sequential",
            layers=layers,
            input_shape=(None, *shape) if shape else None,
            output_shape=out,
            num_params=1000,
            cell=self.cell,
        )
        self.models.append(facts)
        self.compiles.append(
            CompileFacts(model=number, optimizer=optimizer, loss="binary_crossentropy", cell=self.cell)
        )
        return number

    def fit(
        self,
        model: int,
        x: ArrayFacts,
        *,
        epochs: int = 5,
        batch: int | None = 32,
        agree: float | None = 1.0,
        **more: Any,
    ) -> int:
        self.cell += 1
        snapshot = next(one.snapshot for one in reversed(self.models) if one.model == model)
        compiled = next(one for one in reversed(self.compiles) if one.model == model)
        y = labels(None if x.dataset in {"binary20", ""} else agree)
        facts = FitFacts(
            fit=len(self.fits),
            model=model,
            snapshot=snapshot,
            x=x,
            y=y,
            epochs=epochs,
            batch_size=batch,
            compile=compiled,
            cell=self.cell,
        )
        self.fits.append(replace(facts, **more))
        return len(self.fits) - 1

    def evaluate(self, model: int, x: ArrayFacts, accuracy: float = 0.98) -> None:
        self.cell += 1
        after = next((one.fit for one in reversed(self.fits) if one.model == model), None)
        self.evaluations.append(
            EvaluateFacts(
                model=model, x=x, after_fit=after, results={"loss": 0.1, "accuracy": accuracy}, cell=self.cell
            )
        )

    def predict(self, model: int, x: ArrayFacts) -> None:
        self.cell += 1
        after = next((one.fit for one in reversed(self.fits) if one.model == model), None)
        self.predicts.append(EvaluateFacts(model=model, x=x, after_fit=after, cell=self.cell))

    def fail(
        self, message: str, layers: tuple[LayerFacts, ...] = (), *, stage: str = "build", model: int | None = None
    ) -> None:
        self.cell += 1
        self.failures.append(
            FailureFacts(stage=stage, error="ValueError", message=message, layers=layers, model=model, cell=self.cell)
        )

    def note(self, what: str, detail: str = "") -> None:
        """Something else that the probe saw."""
        self.cell += 1
        self.notes.append(NoteFacts(what=what, detail=detail, cell=self.cell))

    def load(self, dataset: str) -> None:
        """Load a data set with Keras."""
        self.note("data", f"{dataset} full")

    def error(self, error: str, message: str, source: str = "import keras") -> None:
        self.cell += 1
        self.cells.append(
            CellOutcome(
                index=self.cell, number=self.cell, status=CellStatus.ERROR, error=error, message=message, source=source
            )
        )

    def code(self, source: str) -> None:
        """A cell that ran."""
        self.cell += 1
        self.cells.append(CellOutcome(index=self.cell, number=self.cell, status=CellStatus.OK, source=source))

    def train(
        self, layers: tuple[LayerFacts, ...], dataset: str, *, optimizer: str = "RMSprop", test: bool = True, **fit: Any
    ) -> int:
        """Build, compile, train and evaluate in one go; returns the model's number."""
        number = self.model(layers, shape=SHAPES[dataset], optimizer=optimizer)
        self.fit(number, data(dataset), **fit)
        if test:
            self.evaluate(number, data(dataset, "test"))
        return number

    def run(self, ending: Ending = Ending.COMPLETED) -> Execution:
        trace = Trace(
            models=tuple(self.models),
            compiles=tuple(self.compiles),
            fits=tuple(self.fits),
            evaluations=tuple(self.evaluations),
            predicts=tuple(self.predicts),
            failures=tuple(self.failures),
            notes=tuple(self.notes),
            lost=self.lost,
        )
        reason = None if ending is Ending.COMPLETED else msg("the run ended: {ending}", ending=ending.value)
        return Execution(notebook=self.name, ending=ending, reason=reason, cells=tuple(self.cells), trace=trace)


def example_of(book: Notebook, task: str) -> None:
    """Run a task's worked example."""
    match task:
        case "task1":
            book.train(EXAMPLE1, "binary20", optimizer="Adam", epochs=10, batch=32)
        case "task2":
            book.train(MLP, "mnist", epochs=5, batch=128)
        case "task3":
            book.train(EXAMPLE3, "mnist", epochs=5, batch=64)
        case "task4":
            book.train(EXAMPLE4, "cifar10", optimizer="SGD", epochs=25, batch=32, validation_split=0.1)


def band(reference: str = "task2", *, lower: float = 0.97, clearly_below: float = 0.96, upper: float = 0.99) -> Band:
    return Band(
        reference=reference,
        mean=0.98,
        spread=0.002,
        count=20,
        lower=lower,
        clearly_below=clearly_below,
        upper=upper,
        alpha=1e-3,
    )


def training(
    accuracy: float | None = 0.98, *, outcome: str = "trained", train: float | None = 0.99, seed: int = 0
) -> Training:
    return Training(
        recipe="r",
        seed=seed,
        dataset="mnist",
        fingerprint="f",
        profile="full",
        device="cpu",
        outcome=TrainingOutcome(outcome),
        test_accuracy=accuracy,
        train_accuracy=train,
        reason=None if outcome in {"trained", "diverged"} else msg("more steps than the trainer accepts"),
    )
