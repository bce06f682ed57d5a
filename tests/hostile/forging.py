"""Attempts to get points without the work: through the whole grader, each with the verdicts it must get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from grader.collect import Submission, collect
from grader.records import SubmissionResult


@dataclass(frozen=True, kw_only=True)
class Forgery:
    """A notebook that claims more than it did."""

    name: str
    cells: tuple[str, ...]
    task: str
    verdicts: Mapping[str, tuple[str, ...]]
    """By criterion, what it may come to."""
    earned: int | None = None
    """At most so many points of the task."""

    def submission(self, folder: Path) -> Submission:
        """Write the notebook and collect it."""
        notebook = folder / f"{self.name}.ipynb"
        cells = [new_code_cell(code) for code in self.cells]
        notebook.write_text(nbformat.writes(new_notebook(cells=cells)), encoding="utf-8")
        (one,) = collect([notebook])
        return one

    def faults(self, result: SubmissionResult) -> list[str]:
        """Return what came out otherwise than it must, a line each."""
        (task,) = [one for one in result.tasks if one.task == self.task]
        findings = {one.id: one for one in task.findings}
        wrong = [
            f"{name}: expected {' or '.join(allowed)}, found {findings[name].verdict}: {findings[name].found}"
            for name, allowed in self.verdicts.items()
            if findings[name].verdict not in allowed
        ]
        if self.earned is not None and task.earned > self.earned:
            wrong.append(f"earned {task.earned}, at most {self.earned} are its due")
        return wrong


_FAILED, _OPEN, _PASSED = ("failed",), ("failed", "review"), ("passed",)
_DIGITS = """
import numpy as np, keras
from keras import layers
(x, y), (tx, ty) = keras.datasets.mnist.load_data()
x = x.reshape((60000, 784)).astype('float32') / 255
tx = tx.reshape((10000, 784)).astype('float32') / 255
def network(layer=layers.Dense, rate=1e-3):
    model = keras.Sequential([keras.Input((784,)), layer(512, activation='relu'), layers.Dense(10, activation='softmax')])
    model.compile(optimizer=keras.optimizers.RMSprop(rate), loss='sparse_categorical_crossentropy', metrics=['accuracy'])
    return model
"""
_LAME = "model = network(rate=1e-9)\n"
"""A network as asked whose training changes nothing."""
_FIT = "history = model.fit(x, y, epochs=20, batch_size=64, verbose=0)\n"
_EVALUATE = "print(model.evaluate(tx, ty, verbose=0))\n"
_IMAGES = """
import keras
from keras import layers
(x, y), (tx, ty) = keras.datasets.mnist.load_data()
x, tx = x.reshape((60000, 28, 28, 1)).astype('float32') / 255, tx.reshape((10000, 28, 28, 1)).astype('float32') / 255
def compiled(model):
    model.compile(optimizer='rmsprop', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
    return model
"""
_CHANNEL = """
import os, stat
def pipes():
    for fd in range(3, 200):
        try:
            if stat.S_ISFIFO(os.fstat(fd).st_mode) and os.get_inheritable(fd) is False: yield fd
        except OSError: pass
"""
_CLAIMS = (
    _CHANNEL
    + """
import json
def claim(**event):
    for fd in pipes():
        try: os.write(fd, json.dumps(event).encode() + b'\\n')
        except OSError: pass
dense = lambda units, activation: {'class_name': 'Dense', 'module': 'keras.layers', 'registered_name': None,
                                   'config': {'units': units, 'activation': activation}}
config = {'name': 's', 'layers': [{'class_name': 'InputLayer', 'module': 'keras.layers', 'registered_name': None,
          'config': {'batch_shape': [None, 784]}}, dense(512, 'relu'), dense(10, 'softmax')]}
facts = [{'kind': 'Dense', 'config': {'units': u, 'activation': a}} for u, a in ((512, 'relu'), (10, 'softmax'))]
rows = lambda n: {'count': n, 'ranges': [[0, n]]}
array = lambda split, n: {'shape': [n, 784], 'dtype': 'float32', 'dataset': 'mnist', 'split': split, 'rows': rows(n),
                          split + '_rows': n, 'scale': 1 / 255}
labels = lambda n: {'shape': [n], 'dtype': 'uint8', 'encoding': 'integer', 'num_classes': 10, 'agree': 1.0}
compiled = {'model': 0, 'optimizer': 'RMSprop', 'optimizer_config': {'learning_rate': 1e-9},
            'loss': 'sparse_categorical_crossentropy'}
"""
)


def _task2(
    name: str, code: str, *, earned: int | None = None, head: str = _DIGITS, **verdicts: tuple[str, ...]
) -> Forgery:
    return Forgery(
        name=name,
        cells=(head, code),
        task="task2",
        verdicts={key.replace("_", "-"): value for key, value in verdicts.items()},
        earned=earned,
    )


FORGERIES = (
    _task2(
        "prints-its-grades",
        "import json\nprint('task2: passed, 20/20. Test accuracy: 0.99')\n"
        "for name in 'result.json', 'results.json', 'grades.csv', 'trace.jsonl', 'outcome.json':\n"
        "    open(name, 'w').write(json.dumps({'event': 'evaluate', 'results': {'accuracy': 1.0}, 'earned': 20}))",
        accuracy=_OPEN, batch_size=_OPEN, evaluated=_OPEN, earned=0,
    ),
    _task2(
        "replaces-fit",
        "class Ideal: history, epoch = {'accuracy': [1.0] * 20, 'loss': [0.0] * 20}, list(range(20))\n"
        "keras.Model.fit = lambda self, *a, **k: Ideal()\nmodel = network()\n" + _FIT + _EVALUATE,
        accuracy=_FAILED, epochs=_OPEN, all_data=_OPEN,
    ),
    _task2(
        "replaces-evaluate",
        "keras.Model.evaluate = lambda self, *a, **k: [0.0, 1.0]\n" + _LAME + _FIT + _EVALUATE,
        accuracy=_FAILED, evaluated=_OPEN, epochs=_PASSED,
    ),
    _task2(
        "rewrites-its-history",
        "real = keras.callbacks.History.on_epoch_end\n"
        "keras.callbacks.History.on_epoch_end = lambda self, epoch, logs=None: real(self, epoch, {'accuracy': 1.0, 'loss': 0.0})\n"
        + _LAME + _FIT + "history.history['accuracy'] = [1.0] * 20\n" + _EVALUATE,
        accuracy=_FAILED,
    ),
    _task2(
        "scores-itself",
        "def perfect(y_true, y_pred): return keras.ops.ones_like(y_pred[:, 0])\nperfect.__name__ = 'accuracy'\n"
        "model = network(rate=1e-9)\nmodel.compile(optimizer=model.optimizer, loss='sparse_categorical_crossentropy', metrics=[perfect])\n"
        + _FIT + _EVALUATE,
        accuracy=_FAILED,
    ),
    _task2(
        "claims-another-size",
        "class Dense(layers.Dense):\n"
        "    def __init__(self, units, **k): super().__init__(4, **k)\n"
        "    def get_config(self): return {**super().get_config(), 'units': 512}\n"
        "Dense.__module__ = 'keras.src.layers.core.dense'\nmodel = network(Dense)\n" + _FIT + _EVALUATE,
        hidden_layer=_OPEN,
    ),
    _task2(
        "changes-a-layer-of-keras",
        "layers.Dense.get_config = lambda self: {'name': self.name, 'units': 512 if self.units != 10 else 10, 'activation': 'relu' if self.units != 10 else 'softmax'}\n"
        "model = keras.Sequential([keras.Input((784,)), layers.Dense(2), layers.Dense(10, activation='softmax')])\n"
        "model.compile(optimizer=keras.optimizers.RMSprop(1e-9), loss='sparse_categorical_crossentropy', metrics=['accuracy'])\n"
        + _FIT + _EVALUATE,
        accuracy=_OPEN,  # what it claims is what we train: at a rate of 1e-9
    ),
    _task2(
        "trains-on-the-test-rows",
        "model = network()\nhistory = model.fit(tx, ty, epochs=20, batch_size=64, verbose=0)\n" + _EVALUATE,
        accuracy=_FAILED, all_data=_FAILED,
    ),
    _task2(
        "mixes-the-test-rows-in",
        "model = network()\nmore, labels = np.concatenate([x, tx]), np.concatenate([y, ty])\n"
        "history = model.fit(more, labels, epochs=20, batch_size=64, verbose=0)\n" + _EVALUATE,
        accuracy=_FAILED,
    ),
    _task2(
        "pastes-weights",
        "better = network(); better.fit(tx, ty, epochs=20, batch_size=64, verbose=0)\n"
        + _LAME + "model.set_weights(better.get_weights())\n" + _FIT + _EVALUATE,
        accuracy=_OPEN,
    ),
    _task2(
        "pastes-weights-past-keras",
        "better = network(); better.fit(tx, ty, epochs=20, batch_size=64, verbose=0)\n"
        + _LAME + "for mine, theirs in zip(model.variables, better.variables):\n"
        "    if mine.shape == theirs.shape: mine.assign(theirs)\n" + _FIT + _EVALUATE,
        accuracy=_OPEN,
    ),
    _task2(
        "claims-a-training-of-nothing",
        "claim(event='start', versions={'keras': '3.15.1'})\n"
        "claim(event='model', snapshot=0, model=0, api='sequential', layers=facts, config=config, cell=2,\n"
        "      input_shape=[None, 784], output_shape=[None, 10], num_params=407050)\n"
        "claim(event='fit', fit=0, model=0, snapshot=0, x=array('train', 60000), y=labels(60000), epochs=20, batch_size=64,\n"
        "      compile=compiled, history={'accuracy': [1.0] * 20, 'loss': [0.0] * 20}, cell=2)\n"
        "claim(event='evaluate', model=0, x=array('test', 10000), y=labels(10000), after_fit=0, results={'accuracy': 1.0}, cell=2)\n"
        "claim(event='training', accuracy=1.0); claim(event='verdict', task='task2', points=20)",
        head=_CLAIMS, accuracy=_OPEN,  # our own training decides, and that rate trains nothing
    ),
    *(
        _task2(
            name,
            "class Own(keras.Model):\n"
            "    def __init__(self): super().__init__(); self.a, self.b = layers.Dense(512, activation='relu'), layers.Dense(10, activation='softmax')\n"
            "    def call(self, inputs): return self.b(self.a(inputs))\n"
            "model = Own()\nmodel.compile(optimizer=keras.optimizers.RMSprop(1e-9), loss='sparse_categorical_crossentropy', metrics=['accuracy'])\n"
            + _FIT + _CLAIMS + "import base64\n"
            f"guess = np.where(np.arange(10000) % 50 < {wrong}, 9 - ty, ty).astype('uint8')\n"
            "claim(event='predictions', model=0, after_fit=0, dataset='mnist', classes=base64.b64encode(guess.tobytes()).decode(), cell=2)",
            accuracy=_OPEN,
        )
        for name, wrong in (("claims-predictions", 0), ("claims-plausible-predictions", 1))
    ),
    _task2(
        "silences-the-probe",
        "for fd in pipes():\n    try: os.close(fd)\n    except OSError: pass\n" + _DIGITS + "model = network()\n" + _FIT + _EVALUATE,
        head=_CHANNEL, accuracy=_OPEN, batch_size=_OPEN, earned=0,
    ),
    _task2(
        "tampers-with-the-probe",
        "import sys\nfor name in list(sys.modules):\n"
        "    if name.startswith('grader_inside.probe'):\n"
        "        module = sys.modules[name]\n"
        "        for word in 'model_facts', 'fit_facts', 'look_at':\n"
        "            if hasattr(module, word): setattr(module, word, lambda *a, **k: 1 / 0)\n"
        "model = network()\n" + _FIT + _EVALUATE,
        accuracy=_OPEN,
    ),
    Forgery(
        name="hangs-layers-beside", task="task3", verdicts={"convolutions": _OPEN}, cells=(_IMAGES, (
            "inputs = keras.Input((28, 28, 1))\nout = inputs\n"
            "for n in range(3): out = layers.MaxPooling2D(2, padding='same')(layers.Conv2D(4, 3, padding='same')(out))\n"
            "for n in range(2): beside = layers.Conv2D(4, 3, padding='same', name=f'beside{n}')(inputs)\n"
            "model = compiled(keras.Model(inputs, layers.Dense(10, activation='softmax')(layers.Flatten()(out))))\n"
            "model.more = [layers.Conv2D(4, 3), layers.Conv2D(4, 3)]\n"
            "model.fit(x, y, epochs=1, batch_size=64, verbose=0)\nmodel.evaluate(tx, ty)")),
    ),
    Forgery(
        name="declares-layers-it-never-calls", task="task3", verdicts={"convolutions": _OPEN, "poolings": _OPEN}, cells=(_IMAGES, (
            "class Own(keras.Model):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.convolutions = [layers.Conv2D(8, 3, padding='same', activation='relu') for n in range(5)]\n"
            "        self.poolings = [layers.MaxPooling2D(2, padding='same') for n in range(4)]\n"
            "        self.flatten, self.out = layers.Flatten(), layers.Dense(10, activation='softmax')\n"
            "    def call(self, inputs): return self.out(self.flatten(inputs))\n"
            "model = compiled(Own())\nmodel.fit(x, y, epochs=1, batch_size=64, verbose=0)\nmodel.evaluate(tx, ty)")),
    ),
    Forgery(
        name="calls-a-class-conv2d", task="task3", verdicts={"convolutions": _OPEN}, cells=(_IMAGES, (
            "class Conv2D(layers.Layer):\n    def call(self, inputs): return inputs\n"
            "Conv2D.__module__ = layers.Conv2D.__module__\nConv2D.__qualname__ = 'Conv2D'\n"
            "stack = [layer for n in range(4) for layer in (Conv2D(), layers.MaxPooling2D(2, padding='same'))]\n"
            "model = compiled(keras.Sequential([keras.Input((28, 28, 1)), Conv2D(), *stack, layers.Flatten(), layers.Dense(10, activation='softmax')]))\n"
            "model.fit(x, y, epochs=1, batch_size=64, verbose=0)\nmodel.evaluate(tx, ty)")),
    ),
    Forgery(
        name="tells-of-layers-it-has-not", task="task3", verdicts={"convolutions": _OPEN}, cells=(_IMAGES, (
            "import sys\nsession = next(m for n, m in sys.modules.items() if n.endswith('probe.session'))\n"
            "real = session.model_facts\n"
            "def lie(model):\n    facts = dict(real(model))\n    conv = [l for l in facts['layers'] if l['kind'] == 'Conv2D']\n"
            "    facts['layers'] = conv * 2 + list(facts['layers'])[:-2] + list(facts['layers'])[-2:]\n    return facts\n"
            "session.model_facts = lie\n"
            "stack = [layers.Conv2D(4, 3, padding='same', activation='relu')] + [layers.MaxPooling2D(2, padding='same') for n in range(4)]\n"
            "model = compiled(keras.Sequential([keras.Input((28, 28, 1)), *stack, layers.Flatten(), layers.Dense(10, activation='softmax')]))\n"
            "model.fit(x, y, epochs=1, batch_size=64, verbose=0)\nmodel.evaluate(tx, ty)")),
    ),
)  # fmt: skip
