"""Made-up records for the report's tests, and for looking at pages: ``python tests/sample_results.py OUT [ru|en]``."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path

from grader.records import (
    AccuracyFacts,
    Answer,
    Band,
    CellOutcome,
    CellStatus,
    DataSet,
    Ending,
    Evidence,
    Finding,
    LayerFacts,
    NotebookSummary,
    RunFacts,
    Status,
    SubmissionResult,
    TaskResult,
    Text,
    Verdict,
)

TITLES = {
    "task1": Text(
        ru="Задание 1. Бинарный классификатор с 20 признаками", en="Task 1. A binary classifier of 20 features"
    ),
    "task2": Text(
        ru="Задание 2. Полносвязная сеть на MNIST: другой размер мини-выборки и число эпох",
        en="Task 2. A dense network on MNIST: another batch size and number of epochs",
    ),
    "task3": Text(
        ru="Задание 3. Свёрточная сеть на MNIST: 5 слоёв Conv2D и 4 слоя MaxPooling2D",
        en="Task 3. A convolutional network on MNIST: 5 Conv2D and 4 MaxPooling2D layers",
    ),
}
EXAMPLE3 = Band(
    reference="example3",
    mean=0.9912,
    spread=0.0008,
    count=20,
    lower=0.9878,
    clearly_below=0.985,
    upper=0.9946,
    alpha=1e-3,
)


def run(**changes: object) -> RunFacts:
    """Return the facts of a full run on real data; ``changes`` replace fields."""
    facts = RunFacts(
        workbook=Text(
            ru="Рабочая тетрадь № 7, часть 2: TensorFlow и Keras", en="Workbook 7, part 2: TensorFlow and Keras"
        ),
        tasks=("task1", "task2", "task3"),
        profile="full",
        datasets=(
            DataSet(
                name="binary20", edition="sample", fingerprint="b1" * 32, folder="/data/b", num_train=1000, num_test=0
            ),
            DataSet(
                name="mnist", edition="full", fingerprint="3f" * 32, folder="/data/m", num_train=60000, num_test=10000
            ),
        ),
        seal="bubblewrap",
        language="ru",
        versions={"grader": "0.1.0", "keras": "3.15.1", "tensorflow": "2.21.0"},
        started="2026-03-06T15:40:12+00:00",
        seconds=4821.4,
        trainings_run=412,
        trainings_shared=1290,
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


def finding(
    id_: str, verdict: Verdict, points: int, title: Text, expected: Text, found: Text, advice: Text | None = None
) -> Finding:
    """Return a finding of the model in cell 7."""
    return Finding(
        id=id_,
        kind="layer-count",
        verdict=verdict,
        points=points,
        title=title,
        expected=expected,
        found=found,
        where=Text(ru="lab7.ipynb, ячейка 7", en="lab7.ipynb, cell 7"),
        advice=advice,
    )


def layers() -> tuple[LayerFacts, ...]:
    """Return a convolutional network with 4 Conv2D and 4 MaxPooling2D."""
    out, size = [], 28
    for number, filters in enumerate((16, 32, 64, 64), start=1):
        out.append(
            LayerFacts(
                kind="Conv2D",
                name=f"conv2d_{number}",
                config={
                    "filters": filters,
                    "kernel_size": [3, 3],
                    "padding": "same",
                    "activation": "relu",
                    "strides": [1, 1],
                },
                output_shape=(None, size, size, filters),
                num_params=9 * filters * 16 + filters,
            )
        )
        size //= 2
        out.append(
            LayerFacts(
                kind="MaxPooling2D",
                config={"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"},
                output_shape=(None, size, size, filters),
                num_params=0,
            )
        )
    out.append(LayerFacts(kind="Flatten", output_shape=(None, 64), num_params=0))
    out.append(LayerFacts(kind="Dropout", config={"rate": 0.25}, output_shape=(None, 64), num_params=0))
    out.append(
        LayerFacts(kind="Dense", config={"units": 10, "activation": "softmax"}, output_shape=(None, 10), num_params=650)
    )
    return tuple(out)


def task3(verdict: Verdict = Verdict.FAILED) -> TaskResult:
    """Return task 3, with five criteria passed, the number of layers as given and the accuracy in review."""
    same = Text(ru="10 нейронов, softmax", en="10 units, softmax")
    findings = (
        finding(
            "example",
            Verdict.PASSED,
            4,
            Text(ru="Пример 3 запущен", en="Example 3 was run"),
            Text(ru="обученная модель примера 3", en="a trained model of example 3"),
            Text(ru="обучена, 5 эпох", en="trained, 5 epochs"),
        ),
        finding(
            "convolutions",
            verdict,
            6,
            Text(ru="Свёрточные слои", en="Convolutional layers"),
            Text(ru="слои Conv2D: 5", en="Conv2D layers: 5"),
            Text(ru="слои Conv2D: 4", en="Conv2D layers: 4"),
            None
            if verdict is Verdict.PASSED
            else Text(
                ru='Добавьте ещё один слой Conv2D. С padding="same" карта признаков не уменьшается, и пятый слой помещается.',
                en='Add one more Conv2D layer. With padding="same" the feature map does not shrink, and the fifth fits in.',
            ),
        ),
        finding(
            "poolings",
            Verdict.PASSED,
            6,
            Text(ru="Слои подвыборки", en="Pooling layers"),
            Text(ru="слои MaxPooling2D: 4", en="MaxPooling2D layers: 4"),
            Text(ru="слои MaxPooling2D: 4", en="MaxPooling2D layers: 4"),
        ),
        finding("output-layer", Verdict.PASSED, 3, Text(ru="Выходной слой", en="Output layer"), same, same),
        finding(
            "evaluated",
            Verdict.PASSED,
            5,
            Text(ru="Точность измерена на тестовых данных", en="Accuracy was measured on test data"),
            Text(ru="evaluate на тестовых данных", en="evaluate on test data"),
            Text(ru="вызван в ячейке 8", en="called in cell 8"),
        ),
        finding(
            "accuracy",
            Verdict.REVIEW,
            6,
            Text(ru="Точность на тестовых данных", en="Accuracy on test data"),
            Text(ru="не ниже 0,9778", en="at least 0.9778"),
            Text(ru="0,9765, медиана трёх обучений", en="0.9765, the median of three trainings"),
        ),
    )
    return TaskResult(
        task="task3",
        title=TITLES["task3"],
        findings=findings,
        earned=sum(f.points for f in findings if f.verdict is Verdict.PASSED),
        in_review=6,
        max=30,
        answer=Answer(
            notebook="lab7.ipynb",
            cell=7,
            api="functional",
            layers=layers(),
            verified=True,
            num_params=104_202,
            optimizer="RMSprop",
            loss="sparse_categorical_crossentropy",
            batch_size=64,
            epochs=5,
            score=18,
            best_score=24,
            runner_up=Text(
                ru="lab7.ipynb, ячейка 5: 12 из 24 баллов",
                en="lab7.ipynb, cell 5: 12 of 24 points",
            ),
            recipe="ab" * 32,
        ),
        accuracy=AccuracyFacts(
            evidence=Evidence.DELEGATED,
            trainings=(0.9741, 0.9765, 0.9802),
            decisive=0.9765,
            decided_by=3,
            notebook=0.9741,
            train=0.9931,
            limit=0.9778,
            example_band=EXAMPLE3,
            example_trained=0.9909,
            workbook_example=0.991,
            history={
                "loss": (0.412, 0.131, 0.072, 0.047, 0.031),
                "accuracy": (0.871, 0.961, 0.978, 0.986, 0.9931),
                "val_loss": (0.22, 0.12, 0.093, 0.081, 0.09),
                "val_accuracy": (0.935, 0.965, 0.971, 0.976, 0.974),
            },
        ),
        expected_layers=("Conv2D × 5", "MaxPooling2D × 4", "Dense 10 softmax"),
        dataset="mnist",
    )


def task1() -> TaskResult:
    """Return task 1, all passed."""
    first = Text(ru="128 нейронов, tanh", en="128 units, tanh")
    findings = (
        finding("first-layer", Verdict.PASSED, 12, Text(ru="Первый слой", en="First layer"), first, first),
        finding(
            "trained",
            Verdict.PASSED,
            8,
            Text(ru="Модель обучена", en="The model was trained"),
            Text(ru="вызван fit", en="fit was called"),
            Text(ru="10 эпох", en="10 epochs"),
        ),
    )
    return TaskResult(task="task1", title=TITLES["task1"], findings=findings, earned=20, in_review=0, max=20)


def task2() -> TaskResult:
    """Return task 2, with no model."""
    nothing = Text(ru="обученной модели для этого задания нет", en="there is no trained model for this task")
    findings = (
        finding(
            "batch-size",
            Verdict.FAILED,
            10,
            Text(ru="Размер мини-выборки", en="Batch size"),
            Text(ru="64", en="64"),
            nothing,
            Text(ru="Обучите модель с batch_size=64.", en="Train the model with batch_size=64."),
        ),
        finding("epochs", Verdict.FAILED, 10, Text(ru="Число эпох", en="Epochs"), Text(ru="20", en="20"), nothing),
    )
    return TaskResult(
        task="task2",
        title=TITLES["task2"],
        findings=findings,
        earned=0,
        in_review=0,
        max=20,
        expected_layers=("Dense 512 relu", "Dense 10 softmax"),
        dataset="mnist",
    )


def notebook() -> NotebookSummary:
    """Return a notebook with a failing cell and a cell that did not run."""
    return NotebookSummary(
        name="lab7.ipynb",
        ending=Ending.COMPLETED,
        reason=None,
        cells=(
            CellOutcome(index=1, number=1, status=CellStatus.OK, seconds=2.1),
            CellOutcome(
                index=3,
                number=2,
                status=CellStatus.ERROR,
                error="ValueError",
                message="One of the dimensions in the output is <= 0 due to downsampling in conv2d_4.",
                traceback='Cell In[2], line 9\n      8 x = layers.MaxPooling2D(2)(x)\n----> 9 x = layers.Conv2D(128, 3, activation="relu")(x)\n\nValueError: One of the dimensions in the output is <= 0',
                source='inputs = keras.Input(shape=(28, 28, 1))\nx = layers.Conv2D(32, 3, activation="relu")(inputs)',
            ),
            CellOutcome(index=4, number=3, status=CellStatus.NOT_RUN),
        ),
        seconds=318.2,
        seal="bubblewrap",
        notes=(
            Text(
                ru='Четыре уменьшения вдвое не помещаются в картинку 28×28 без отступов: укажите padding="same".',
                en='Four halvings do not fit a 28×28 image without padding: give padding="same".',
            ),
        ),
    )


def submission(student: str = "Петрова Анна", **changes: object) -> SubmissionResult:
    """Return a submission with three tasks: full points, failed with review, no model."""
    result = SubmissionResult(
        student=student,
        status=Status.REVIEW,
        tasks=(task1(), task2(), task3()),
        notebooks=(notebook(),),
        seconds=402.0,
    )
    return replace(result, **changes)  # type: ignore[arg-type]


def cohort(count: int) -> tuple[SubmissionResult, ...]:
    """Return submissions of every status, most of them graded; always the same ones."""
    dice, results = random.Random(7), []
    for number in range(count):
        status = list(Status)[number % 11] if number % 4 == 3 else Status.GRADED
        third = task3(dice.choice([Verdict.PASSED, Verdict.FAILED]))
        if status is Status.GRADED:
            sure = replace(third.findings[-1], verdict=Verdict.PASSED)
            third = replace(third, findings=(*third.findings[:-1], sure), earned=third.earned + 6, in_review=0)
        tasks = () if status in {Status.INTERNAL_ERROR, Status.SANDBOX_FAILED} else (task1(), task2(), third)
        results.append(submission(f"student-{number:03}", status=status, tasks=tasks))
    return tuple(results)


if __name__ == "__main__":
    from grader.report import render_run

    language = sys.argv[2] if len(sys.argv) > 2 else "ru"
    people = (submission(), *cohort(24))
    render_run(run(), people, Path(sys.argv[1]), language=language)
